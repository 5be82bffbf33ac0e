"""What stands beside an event, in the page's language."""

import pytest
from django.utils import translation

from calls.desk.event_details import shown_detail


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("The line has no voice.", "לקו אין קול."),
        ("The model kept the caller waiting.", "המודל השאיר את המתקשר ממתין."),
        ("google:he-IL-Wavenet-A: No sound came within 2.5 s.", "google:he-IL-Wavenet-A: לא נשמע קול בתוך 2.5 שניות."),
    ],
)
def test_why_an_answer_failed_is_said_in_hebrew(detail, shown):
    with translation.override("he"):
        assert shown_detail(detail) == shown
