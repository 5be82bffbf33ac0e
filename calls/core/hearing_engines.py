"""Which engine hears a call's streams now, and which heard each of them: for rows, and for its limits. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from calls.core.actions import Note
from calls.core.engine_silence import EngineSilence
from calls.core.hastening import RequestCount
from calls.core.stream_policy import StreamPolicy
from calls.core.turns import Source
from stt.engines.half_close import HalfClosing
from stt.engines.result_gaps import LEAST_MS, ResultGaps
from stt.events import EngineChanged, StreamOpened
from stt.tuning import Tuning


@dataclass(frozen=True, slots=True)
class HeardBy:
    """What a turn says of who has heard it."""

    engine: str = ""
    model: str = ""
    attempts: int = 0
    """Attempts that the stream needed to open."""
    one_shot_engine: str = ""
    """Empty: the streams' engine."""
    one_shot_model: str = ""

    def words_of(self, source: Source) -> tuple[str, str]:
        """The engine and the model that gave a turn its words."""
        if source is Source.FALLBACK and self.one_shot_engine:
            return self.one_shot_engine, self.one_shot_model
        return self.engine, self.model


@dataclass(frozen=True, slots=True)
class EngineTerms:
    """What one of a line's engines is asked for streams by."""

    tuning: Tuning
    """The call's settings within what it can."""
    requests: RequestCount
    half_closing: HalfClosing | None = None
    """The process's memory of what half-closing its streams gains."""
    gaps: ResultGaps | None = None
    """The process's memory of how long it usually says nothing."""
    word_times: bool = True
    """Its finals say when their words were spoken."""


class HearingEngines:
    """One call's."""

    def __init__(self, first: HeardBy, terms: Mapping[str, EngineTerms]) -> None:
        """``terms``: of all that can give the call streams, by the names of rows; may be empty where that is one."""
        self.now = first
        """Who hears."""
        self._terms = terms
        self._silence = EngineSilence()
        self.fed_from_ms = 0
        """Media time from which on the stream that hears was fed."""
        self._from_stream = {0: first}
        """Who heard from this stream on."""

    @property
    def has_others(self) -> bool:
        """Another engine can take the place of the one that hears."""
        return len(self._terms) > 1

    @property
    def stand_in(self) -> str:
        """The one that hears, where it is another than the call began with."""
        return "" if self.now.engine == self._from_stream[0].engine else self.now.engine

    @property
    def left(self) -> str:
        """The one that the call began with, where another hears."""
        return self._from_stream[0].engine if self.stand_in else ""

    @property
    def tell_times(self) -> bool:
        """The finals of the one that hears say when their words were spoken."""
        terms = self._terms.get(self.now.engine)
        return terms is None or terms.word_times

    def heard(self, now_ms: float, owed_since_ms: float | None, unheard_ms: int = 0) -> None:
        """The one that hears has given words; ``owed_since_ms`` and ``unheard_ms`` as EngineSilence takes them."""
        self._silence.broken(now_ms, owed_since_ms, self._gaps, unheard_ms)

    def missed(self) -> None:
        """The one that hears has said nothing of an utterance that the one-shot recogniser has heard, or has not said
        the last word of a half-closed stream in time."""
        self._silence.missed()

    def suspect_at_ms(self, began_ms: float, owed_since_ms: float, unheard_ms: int) -> float:
        """The instant from which on the one that hears is suspect, of an utterance that began then. ``owed_since_ms``:
        when a half-closed stream was asked for its last word. ``unheard_ms``: voice since the newest result."""
        if unheard_ms >= self.overdue_voice_ms:
            return began_ms
        return min(self._silence.suspect_at_ms(began_ms, self._gaps), owed_since_ms + self.overdue_ms)

    def late_at_ms(self, began_ms: float, owed_since_ms: float, unheard_ms: int) -> float:
        """...and from which on it is late: another is better asked first."""
        if unheard_ms >= self.late_voice_ms:
            return began_ms
        return min(self._silence.late_at_ms(began_ms, self._gaps), owed_since_ms + self.late_ms)

    def said_last_word(self, after_ms: float) -> None:
        """A half-closed stream of the one that hears has ended well, so long after the half-close."""
        if self._gaps is not None:
            self._gaps.last_words.add(after_ms)

    @property
    def late_ms(self) -> float:
        """So long after a half-close its last word is late; at once while little is known, never where nobody
        remembers."""
        return math.inf if self._gaps is None else self._gaps.last_words.usual_ms or 0.0

    @property
    def overdue_ms(self) -> float:
        """...and overdue: then a one-shot is worth its price."""
        return math.inf if self._gaps is None else self._gaps.last_words.suspect_ms or LEAST_MS

    @property
    def late_voice_ms(self) -> float:
        """After so much voice a result of the one that hears is late; never where its habit is not known."""
        usual_ms = None if self._gaps is None else self._gaps.voice.usual_ms
        return math.inf if usual_ms is None else usual_ms

    @property
    def overdue_voice_ms(self) -> float:
        """...and overdue."""
        suspect_ms = None if self._gaps is None else self._gaps.voice.suspect_ms
        return math.inf if suspect_ms is None else suspect_ms

    @property
    def _gaps(self) -> ResultGaps | None:
        terms = self._terms.get(self.now.engine)
        return None if terms is None else terms.gaps

    def opened(self, event: StreamOpened) -> None:
        """A stream has opened, with so many attempts."""
        self.now = replace(self.now, attempts=event.attempt)
        self.fed_from_ms = event.fed_from_ms or 0

    def changed(self, event: EngineChanged, policy: StreamPolicy, now_ms: float) -> Note:
        """Another engine hears, within its own limits. Returns what is noted of it."""
        self.now = replace(self.now, engine=event.engine, model=event.model)
        self._from_stream[event.stream] = self.now
        self._silence = EngineSilence(now_ms)
        terms = self._terms.get(event.engine)
        if terms is not None:
            policy.tuning = terms.tuning
            policy.hastening.hears_by(terms.tuning, terms.requests, terms.half_closing)
        detail = f"{event.left} → {event.engine}"
        return Note("engine_failed_over", f"{detail}: {event.code}") if event.code else Note("engine_back", detail)

    def of_stream(self, stream: int | None) -> HeardBy:
        """Who gave the words of this stream; None: who hears now."""
        if stream is None or len(self._from_stream) == 1:
            return self.now
        first = max(number for number in self._from_stream if number <= stream)
        return replace(self._from_stream[first], attempts=self.now.attempts)
