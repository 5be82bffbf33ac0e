"""The line's noise, tracked from the frames' levels alone. Pure.

Minimum statistics (Martin 2001): speech pauses somewhere in every few seconds, so the quietest frame of the last few
seconds is noise, and the noise's usual level lies a fixed distance above it.
"""

from __future__ import annotations

from collections import deque

from stt.audio import FLOOR_DBFS, FRAME_MS

WINDOW_MS = 400
"""The quietest frame of each window of this length is kept."""
MAX_WINDOWS = 8
"""The floor is the least of this many windows: long enough to bridge a word, short enough to follow rising noise."""
MIN_NOISE_DBFS = -75.0
"""A frame below this is digital silence, a gap that was filled: it says nothing of the line's noise."""
FIRST_FRAMES = 20
"""Until so many frames came the floor is guessed from the quietest frame so far."""
MAX_FIRST_DBFS = -35.0
"""The first guess is never above this: speech at once must not become the floor."""
BIAS_DB = 8.0
"""The quietest frame of a window lies this far below the noise's usual level."""


class NoiseFloor:
    """One call's noise floor. Constant time and memory; fed with every frame's level, in order."""

    def __init__(self) -> None:
        self.dbfs = FLOOR_DBFS
        """The noise's usual level."""
        self._minima: deque[float] = deque(maxlen=MAX_WINDOWS)
        self._window_dbfs = 0.0
        self._frames = 0

    def push(self, level_dbfs: float) -> None:
        """One 20 ms frame's level."""
        if level_dbfs < MIN_NOISE_DBFS:
            return
        self._window_dbfs = min(self._window_dbfs, level_dbfs)
        self._frames += 1
        if not self._minima and self._frames <= FIRST_FRAMES:
            # A call's first frames are the only guess there is.
            self.dbfs = min(self._window_dbfs + BIAS_DB, MAX_FIRST_DBFS)
        if self._frames * FRAME_MS >= WINDOW_MS:
            self._minima.append(self._window_dbfs)
            self.dbfs = min(self._minima) + BIAS_DB
            self._window_dbfs, self._frames = 0.0, 0
