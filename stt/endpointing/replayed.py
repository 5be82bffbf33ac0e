"""ReplayedEndpointer: boundaries of a call whose frames were perceived before, without its audio. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from stt.audio import FLOOR_DBFS
from stt.endpointing.boundaries import Boundary, SpeechBoundaries
from stt.endpointing.endpointer import Endpointer, EndpointOptions

LEVEL_STEP_DB = 1.0
"""Levels are kept in whole dB: a frame at the margin's edge was decided on finer ones."""


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was made of one frame."""

    level_dbfs: float
    voiced: bool
    """Taken for speech."""
    unvoiced: bool = False
    """Taken for speech, and listened to for a voice's pitch in vain."""
    echoed: bool = False
    """A voice, and taken for our own, given back."""


class ReplayedEndpointer(Endpointer):
    """Finds boundaries in what was perceived before, by media time; audio is not listened to.

    A higher ``noise_margin_db`` than the one that was heard with takes voice away where the level says so. Voice that
    was not listened to for a pitch counts as having one. What was taken for our own voice stays so, unless it is judged
    anew by another ``least_dbfs``. ``lag_ms``: of the other detector that it was heard with.
    """

    def __init__(self, options: EndpointOptions, perceived: Mapping[int, Perceived], lag_ms: int = 0) -> None:
        super().__init__(options)
        self._perceived = perceived
        if lag_ms:
            self.boundaries = SpeechBoundaries(options.hangover_ms, options.longest_ms, lag_ms)
            self._margin_db = -math.inf

    def push(self, ulaw: bytes, at_ms: int, least_dbfs: float | None = None) -> Boundary | None:
        frame = self._perceived.get(at_ms, _NOTHING)
        self.level_dbfs = frame.level_dbfs
        stands_out = frame.level_dbfs >= self._floor.dbfs + self._margin_db - LEVEL_STEP_DB
        self.voiced = frame.voiced and stands_out
        if least_dbfs is not None:
            voice = stands_out and (frame.voiced or frame.echoed)
            self.echoed = voice and frame.level_dbfs < least_dbfs
            self.voiced = voice and not self.echoed
        self._pitched = self.voiced and not frame.unvoiced
        self._floor.push(frame.level_dbfs)
        return self.boundaries.step(at_ms, self.voiced, self._pitched)


class PartlyReplayedEndpointer(ReplayedEndpointer):
    """Listens to a recording, except where frames were perceived of which it does not hold the sound."""

    def push(self, ulaw: bytes, at_ms: int, least_dbfs: float | None = None) -> Boundary | None:
        if at_ms in self._perceived:
            return super().push(ulaw, at_ms)
        return Endpointer.push(self, ulaw, at_ms, least_dbfs)


_NOTHING = Perceived(FLOOR_DBFS, False)
