"""Hastening: one call's half-closes for finals: which utterances have one, how soon finals come, what they lack. Pure.

What half-closing gains is the engine's habit, and its memory is the whole process's (stt/engines/half_close.py). This
is one call's side of it: at an utterance's first pause it asks the memory what becomes of the utterance, and reports

- how late its final came: last voiced frame's arrival to the final that covers it, or to the end of the half-closed
  stream. Only where the caller waits for it: one who speaks on keeps an engine listening, and that is no delay of the
  engine's; so it is with hang-ups, renewals and streams that fail;
- whether the one-shot recogniser heard words in it that the stream had not: where it was asked because the stream said
  nothing, and where it is asked to compare. What the stream lacks is then the turn's all the same.

Without a memory, and with ``half_close`` on, every pause is a half-close while the process makes few requests.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Protocol

from calls.core.actions import Note
from stt.attribution.ledger import Attribution
from stt.engines.half_close import FinalChoice, HalfClosing
from stt.engines.kept_finals import Kind
from stt.events import RENEWAL_TIMEOUT, Final, RecognizerError
from stt.tuning import Tuning
from stt.word_times import key

NEVER_MS = 1 << 30
"""Of silence: as good as never."""
COVERED_MS = 300
"""A final may end this long before the last voiced frame and be the utterance's: a shorter pause ends no segment."""
SAID_NOTHING_MS = 5000
"""The stream owes nothing more to an utterance that ended so long ago."""
WATCHED = 8
"""The newest utterances of a call."""
MIN_LACKING_LETTERS = 2
"""With fewer letters more the one-shot has heard the same words, and spells or divides them otherwise."""


class RequestCount(Protocol):
    """How many requests a process makes of its engine: half-closing a stream costs one more."""

    def a_minute(self, now_ms: float) -> int:
        """Requests of the last 60 s."""


class NoOtherRequests:
    """A process with this call alone, or an engine that counts no requests."""

    def a_minute(self, now_ms: float) -> int:
        return 0


@dataclass(slots=True)
class _Watched:
    """One utterance and its final."""

    number: int = 0
    choice: FinalChoice | None = None
    """None: it was not asked for. There was no pause, or nothing asks."""
    half_closed_ms: int = -1
    """Media time of the voice's end before the last half-close."""
    end_ms: int | None = None
    """Media time at which the last voiced frame ends; None: it is being spoken."""
    arrived_ms: float = 0.0
    """Monotonic instant of that frame's arrival."""
    waits: bool = True
    """The caller waits for its final, which has not come."""
    silent: bool = False
    """Its half-closed stream has ended without a word of it."""
    rescued: bool = False
    """The one-shot recogniser has heard it, the stream nothing yet."""

    @property
    def kind(self) -> Kind | None:
        """How its final comes; None where that is not known, or it is being spoken."""
        if self.end_ms is not None and self.half_closed_ms == self.end_ms:
            return Kind.FORCED
        return None if self.end_ms is None or self.choice is FinalChoice.FORCE else Kind.NATURAL


class Hastening:
    """One call's."""

    def __init__(
        self,
        tuning: Tuning,
        ledger: Attribution,
        counters: Counter[str],
        *,
        requests: RequestCount | None = None,
        memory: HalfClosing | None = None,
    ) -> None:
        """``requests``, ``memory``: of the whole process."""
        self.hears_by(tuning, requests or NoOtherRequests(), memory)
        self._ledger = ledger
        self._counters = counters
        self._watched: deque[_Watched] = deque([_Watched()], WATCHED)
        self.to_compare: list[int] = []
        """Utterances of which the one-shot recogniser should be asked what it hears."""
        self._compared: set[int] = set()
        """Those of which it was."""
        self._notes: list[Note] = []

    def hears_by(self, tuning: Tuning, requests: RequestCount, memory: HalfClosing | None) -> None:
        """An engine hears from now on, the call's first one or another: by its terms."""
        never = tuning.half_close == "off" or not tuning.half_close_ms or not tuning.half_close_requests
        self._pause_ms = NEVER_MS if never else tuning.half_close_ms
        self.after_ms = self._pause_ms
        """Silence behind speech after which ``wanted`` is asked: NEVER_MS where the utterance is left natural."""
        self._asks = tuning.half_close == "auto"
        self._limit = tuning.half_close_requests
        self._requests = requests
        self._memory = memory

    def wanted(self, now_ms: float) -> bool:
        """Speech has paused for ``after_ms``: whether the stream is half-closed. On the media path."""
        requests = self._requests.a_minute(now_ms)
        current, memory = self._watched[-1], self._memory
        if memory is None or not self._asks:
            if requests >= self._limit:
                return False
            current.choice = FinalChoice.FORCE
            return True
        if current.choice is None:
            current.choice = memory.ask(now_ms, requests, self._limit)
            if current.choice is not FinalChoice.FORCE:
                code = "half_close_left_out" if current.choice is FinalChoice.COMPARE else "half_close_rested"
                self._counters[code] += 1
        elif memory.over_quota(now_ms, requests, self._limit):
            current.choice = FinalChoice.REST
        self._note_change()
        if current.choice is FinalChoice.FORCE:
            return True
        self.after_ms = NEVER_MS
        return False

    def half_closed(self, end_ms: int) -> None:
        """The stream was half-closed; the voice had ended at this media time."""
        self._watched[-1].half_closed_ms = end_ms

    # Utterances

    def began(self, number: int | None, now_ms: float) -> None:
        """An utterance has begun: nobody waits for the finals of those before it."""
        self.disturbed()
        for one in self._watched:
            if one.rescued and one.kind is Kind.NATURAL and now_ms - one.arrived_ms >= SAID_NOTHING_MS:
                self._checked(one, now_ms, lacks=True)
        self._watched.append(_Watched(number or 0))
        self.after_ms = self._pause_ms

    def ended(self, end_ms: int, arrived_ms: float) -> None:
        """The utterance's last voiced frame ended at this media time, and had arrived at this instant."""
        self._watched[-1].end_ms, self._watched[-1].arrived_ms = end_ms, arrived_ms

    def disturbed(self) -> None:
        """The finals that are waited for come by something else: a renewal, a pause, a failure, the call's end, or
        later, for the caller speaks on."""
        for one in self._watched:
            if one.waits and one.end_ms is not None:
                if one.choice is FinalChoice.COMPARE and self._memory is not None:
                    self._memory.came_to_nothing()
                one.waits = False

    # Finals

    def final(self, final: Final, now_ms: float) -> None:
        """The stream's words, which the ledger has."""
        if self._memory is None or not final.words:
            return
        for one in self._watched:
            if one.end_ms is None:
                continue
            if (final.end_ms or 0) >= one.end_ms - COVERED_MS:
                if one.rescued:
                    self._checked(one, now_ms, lacks=False)
                self._came(one, now_ms)
            elif not final.end_ms:
                one.rescued = False  # it may be of this utterance: who lacks what is not known

    def stream_ended(self, error: RecognizerError | None, now_ms: float) -> None:
        """A half-closed stream has said its last word, or did not in time."""
        for one in self._watched:
            if one.waits and one.kind is Kind.FORCED:
                if error is None and not self._ledger.share(one.number).words:
                    one.waits, one.silent = False, True
                elif error is None or error.code == RENEWAL_TIMEOUT:
                    self._came(one, now_ms)

    def _came(self, one: _Watched, now_ms: float) -> None:
        kind = one.kind
        if not one.waits or kind is None or self._memory is None:
            return
        one.waits = False
        self._memory.final_came(kind, now_ms - one.arrived_ms, now_ms)
        if self._asks and self._memory.wants_check(kind, one.choice or FinalChoice.REST):
            self.to_compare.append(one.number)
        self._note_change()

    # The one-shot recogniser

    def asked(self, number: int, *, asked: bool) -> None:
        """Of one that was to be compared; or it could not be asked."""
        one = self._numbered(number)
        if asked:
            self._compared.add(number)
            self._counters["half_close_compared"] += 1
        elif one is not None:
            self._failed(one)

    def answered(self, number: int, words: Sequence[str], *, failed: bool, now_ms: float) -> bool:
        """It has heard these words in an utterance. True where it was asked only to compare, and the stream lacks
        nothing: the words are not needed."""
        one, heard = self._numbered(number), self._ledger.share(number).words
        if number not in self._compared:
            if one is not None and words and not heard:
                one.rescued = True
                if one.silent:
                    self._checked(one, now_ms, lacks=True)
            return False
        self._compared.discard(number)
        lacks = not failed and lacking(heard, words)
        if one is not None and failed:
            self._failed(one)
        elif one is not None:
            if lacks:
                self._notes.append(Note("final_lacked_words", f"utterance {number}, {one.kind}"))
            self._checked(one, now_ms, lacks=lacks)
        return not lacks

    def _checked(self, one: _Watched, now_ms: float, *, lacks: bool) -> None:
        one.rescued = one.silent = False
        if self._memory is not None and one.kind is not None:
            self._memory.checked(one.kind, now_ms, lacks=lacks)
            self._note_change()

    def _failed(self, one: _Watched) -> None:
        if self._memory is not None and one.kind is not None:
            self._memory.check_failed(one.kind)

    # What is told

    def take_notes(self) -> list[Note]:
        """What was found out since this was last asked, for the call's events."""
        notes, self._notes = self._notes, []
        return notes

    def _note_change(self) -> None:
        change = self._memory.take_change() if self._memory is not None else None
        if change is not None:
            self._notes.append(Note(change.code, change.detail))

    def _numbered(self, number: int) -> _Watched | None:
        return next((one for one in self._watched if one.number == number), None)


def lacking(heard: Sequence[str], one_shot: Sequence[str]) -> bool:
    """Whether the one-shot has words that the stream has not: more of them, and more letters, at some place."""
    before, after = [key(word) for word in heard], [key(word) for word in one_shot]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        letters = len("".join(after[j1:j2])) - len("".join(before[i1:i2]))
        if tag != "equal" and j2 - j1 > i2 - i1 and letters >= MIN_LACKING_LETTERS:
            return True
    return False
