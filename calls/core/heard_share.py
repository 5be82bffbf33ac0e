"""How much of what a caller said was heard: one figure, and the parts that it is made of. Pure.

Two things keep speech from having words: its frames never came, or nothing recognised it. So the figure is the product
of two shares: of the frames that were sent, those that came; of the time that the caller spoke, that of turns with
words. Frames are lost all over a call, so that the caller's speech is taken to have lost as many as its silence.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeardShare:
    """Of a call, or of several together."""

    frames_received: int
    frames_lost: int
    spoken_ms: int
    """From the first to the last voiced frame of every caller's turn that is not the line's own echo."""
    worded_ms: int
    """...of those that have words, as they stand now."""

    @property
    def received(self) -> float | None:
        """Share of the frames that came, 0 to 1; None where none was sent."""
        return _share(self.frames_received, self.frames_received + self.frames_lost)

    @property
    def worded(self) -> float | None:
        """Share of the speech that has words, 0 to 1; None where nobody spoke."""
        return _share(self.worded_ms, self.spoken_ms)

    @property
    def heard(self) -> float | None:
        """The figure, 0 to 1. None where nobody spoke: there was nothing to hear."""
        if self.worded is None:
            return None
        # Turns without a count of frames: the count comes with a call's end.
        return self.worded * (1.0 if self.received is None else self.received)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
