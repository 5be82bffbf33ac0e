"""DayInput: a day, chosen in the browser's own calendar. The admin's is drawn behind the page, with a line that says
how far the browser's clock is from ours: what stands below it jumps."""

from __future__ import annotations

from django import forms


class DayInput(forms.DateInput):
    """Sent and shown as the browser wants it; it shows the day in its reader's own way."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")
