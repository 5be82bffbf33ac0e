"""The Hebrew words for the figures 0 to 9, as recognisers write them. Pure."""

from __future__ import annotations

ONES = (
    "אפס",
    "אחת אחד",
    "שתיים שתים שניים שנים שתי שני",
    "שלוש שלושה שלושת שלש שלשה",
    "ארבע ארבעה ארבעת",
    "חמש חמישה חמישת חמשה חמשת",
    "שש שישה ששה שישת ששת",
    "שבע שבעה שבעת",
    "שמונה שמונת",
    "תשע תשעה תשעת",
)
"""By figure; the forms of one are separated by spaces."""
