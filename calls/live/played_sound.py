"""PlayedSound: brings what the line said to the recording, without seams."""

from __future__ import annotations

from calls.live.stream_record import StreamRecord
from stt.audio import BYTES_PER_MS

MAX_SEAM_MS = 60
"""Sound that begins this close to the end of the last follows it: the two clocks, ours and Twilio's, differ by less."""


class PlayedSound:
    """One media stream's."""

    def __init__(self, record: StreamRecord) -> None:
        self._record = record
        self._ends_ms = 0

    def add(self, at_ms: int, ulaw: bytes) -> None:
        """This was played from this media time on."""
        if abs(at_ms - self._ends_ms) <= MAX_SEAM_MS:
            at_ms = self._ends_ms
        self._record.said(max(0, at_ms), ulaw)
        self._ends_ms = at_ms + len(ulaw) // BYTES_PER_MS
