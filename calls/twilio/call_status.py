"""The statuses of a call that Twilio's callbacks say."""

STATUS_ORDER = ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")
"""In the order in which they come."""
ENDED = frozenset(STATUS_ORDER[3:])
"""No other status comes after one of these."""
