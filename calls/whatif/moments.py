"""Moments: what the answering side of a call was told, and when, as its trace is heard again. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from calls.core.actions import Partial, TurnAccepted, TurnRevised
from calls.core.status import CallerActivity
from calls.whatif.recorded_call import RecordedCall
from stt.audio import FRAME_MS

News = Partial | TurnAccepted | TurnRevised
"""Words of the caller's."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened."""

    now_ms: float
    """Instant, from the stream's start."""
    caller: CallerActivity
    """As it was then."""
    news: News | None = None
    """None: the caller's voice changed."""


class Witness:
    """Takes down one stream's moments."""

    def __init__(self, echoes: frozenset[int] = frozenset()) -> None:
        """``echoes``: numbers of turns that were the line's own words; a trace does not tell them from the caller's."""
        self.moments: list[Moment] = []
        self._echoes = echoes
        self._seen = CallerActivity()

    def looks(self, caller: CallerActivity, now_ms: float) -> None:
        """Whatever has happened, something may have changed."""
        if caller != self._seen:
            self._seen = caller
            self.moments.append(Moment(now_ms, caller))

    def hears(self, news: News, caller: CallerActivity, now_ms: float) -> None:
        """The caller's words."""
        if not isinstance(news, Partial) and news.turn.number in self._echoes:
            news = replace(news, turn=replace(news.turn, echo=True))
        self._seen = caller
        self.moments.append(Moment(now_ms, caller, news))


class MediaClock:
    """The instant of each media time of a stream."""

    def __init__(self, heard: RecordedCall) -> None:
        self._ends_ms = [frame.at_ms + FRAME_MS for frame in heard.frames]
        self._arrived_ms = [frame.arrived_ms for frame in heard.frames]

    def instant_ms(self, media_ms: int) -> float:
        """Counted from the arrival of the last frame before it, as the line itself counts."""
        at = bisect_right(self._ends_ms, media_ms) - 1
        if at < 0:
            return 0.0
        return float(self._arrived_ms[at] + media_ms - self._ends_ms[at])
