"""The thread that counts the hours whose calls have changed (calls/storage/line_hours.py)."""

from __future__ import annotations

from calls.storage.line_hours import HOURS_AT_ONCE, any_marked, fold
from calls.storage.rows_thread import RowsThread

EVERY_S = 15.0
"""So old sums are at most, but for those of an hour that waits behind many others."""
PAUSE_S = 0.2
"""Between two batches of hours."""


class SumsFolder(RowsThread):
    """Of a process that serves; one at a time folds."""

    def __init__(self) -> None:
        super().__init__("sums", _fold_some)


def _fold_some() -> float:
    # Asked first: folding is a transaction that writes, which SQLite has one of at a time.
    return PAUSE_S if any_marked() and fold() == HOURS_AT_ONCE else EVERY_S
