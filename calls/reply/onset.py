"""Onset: where a voice's sound begins. Pure.

Voices begin with quiet (espeak-ng with up to 60 ms): sent along, the caller would wait for it in silence, and the time
to the first sound would be told too short. So the quiet before an answer's first sound is not sent.
"""

from __future__ import annotations

from stt.audio import BYTES_PER_MS, dbfs, ulaw_to_pcm

QUIET_DBFS = -45.0
"""Below this a stretch is no speech: line noise, and breath before the first consonant."""
STRETCH_MS = 10
"""So fine it is looked for, and so much quiet is left before it."""
MAX_QUIET_MS = 300
"""Beyond it the quiet is the voice's own: a sentence may begin with a pause."""


class Onset:
    """Of one answer."""

    def __init__(self) -> None:
        self._left = MAX_QUIET_MS * BYTES_PER_MS
        """µ-law that may still be dropped."""
        self._found = False

    def of(self, ulaw: bytes) -> bytes:
        """The next sound of the answer, without the quiet before its onset. May be empty."""
        if self._found:
            return ulaw
        stretch = STRETCH_MS * BYTES_PER_MS
        for at in range(0, len(ulaw), stretch):
            if at >= self._left or dbfs(ulaw_to_pcm(ulaw[at : at + stretch])) >= QUIET_DBFS:
                self._found = True
                return ulaw[max(0, at - stretch) :]
        self._left -= len(ulaw)
        return b""
