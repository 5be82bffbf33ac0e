"""A call's answers at other settings of the floor and of barge-in: which begin earlier or later, and which voice over
them still stops them. Pure.

Each answer is weighed by itself, in the call as it was: what the caller would have said to another answer nobody knows.
Where the call's own settings do not give what is stored, nothing is said of the others.

| nobody kept | instead |
|---|---|
| what had been expected | the rule by which the answer began |
| whether an answer may be interrupted | one that played on under a voice that stops answers may not |
| whether it asks yes or no | it does where a backchannel over it was answered |
| how long an answer that was stopped would have been | it sounds until the line's next one |
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from calls.core.actions import TurnAccepted, TurnRevised
from calls.core.agent_turns import GOES_ON, AgentTurn, Outcome
from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.reply.floor_rule import FloorRule
from calls.reply.items import Expect, ExpectationKind
from calls.reply.playback import NETWORK_MS
from calls.whatif.barge_in_again import Fate, SoundingAnswer, SpokenOver, spoken_over
from calls.whatif.floor_again import KeptQuestion, begins, with_kept_pauses
from calls.whatif.moments import MediaClock, Moment, Witness
from calls.whatif.recorded_call import RecordedCall
from calls.whatif.trace_replay import rerun
from stt.tuning import Tuning
from voiceapp.runtime.marked_texts import gettext_noop as _

FLOOR = ("answer_pause_expected_ms", "answer_pause_ms", "answer_pause_unfinished_ms")
BARGE_IN = ("barge_in_ms", "barge_in_resume_ms", "backchannels", "stop_words")
UNKNOWABLE_TALK = _(
    "Each answer is weighed by itself, with the words as this call heard them: what the caller would have said to an "
    "answer at another time is not known."
)
"""For the command, and translated for the page."""
TOLERANCE_MS = 250
"""Of an instant as stored: the event loop's lag, and a mark's way back."""
BEFORE_SPEECH_MS = 1000


class Begins(StrEnum):
    """When an answer begins, beside when it did."""

    SAME = "same"
    EARLIER = "earlier"
    LATER = "later"
    EARLY = "early"
    """Into a pause that the caller ended: before all of the question was said."""
    WITHHELD = "withheld"
    """The caller speaks again before it: their words are joined."""
    UNKNOWN = "unknown"
    """The own settings do not give the stored time."""


class Stops(StrEnum):
    """What the caller's voice does to an answer, beside what it did."""

    SAME = "same"
    SOONER = "sooner"
    LATER = "later"
    MISSED = "missed"
    """Words that interrupted it do not, or it goes on in spite of them."""
    NEW = "new"
    """It is stopped, and was not."""
    PLAYS_ON = "plays_on"
    """It was stopped for nothing, and is not."""
    RESUMES = "resumes"
    """Stopped, it goes on, and did not."""
    STAYS_STOPPED = "stays_stopped"
    """Stopped, it does not go on, and did."""
    UNKNOWN = "unknown"
    """The own settings do not give what is stored."""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """One answer at both settings."""

    answer: AgentTurn
    begins: Begins | None
    """None: it answers nothing that the caller said."""
    stops: Stops
    begins_by_ms: int = 0
    """Earlier or later; 0 where it has no meaning."""
    stops_by_ms: int = 0
    words: str = ""
    """That the caller said over it."""
    goes_on: bool = False
    """Of one that is stopped: it goes on."""

    @property
    def is_changed(self) -> bool:
        unchanged = (None, Begins.SAME, Begins.UNKNOWN), (Stops.SAME, Stops.UNKNOWN)
        return self.begins not in unchanged[0] or self.stops not in unchanged[1]

    @property
    def as_stored(self) -> bool:
        """The own settings give what is stored."""
        return self.begins is not Begins.UNKNOWN and self.stops is not Stops.UNKNOWN


def answers_again(
    heard: RecordedCall,
    answers: Sequence[AgentTurn],
    before: Tuning,
    after: Tuning,
    *,
    first: int = 1,
    echoes: frozenset[int] = frozenset(),
) -> list[AnswerChange]:
    """One stream's answers, in their order. ``first``: its first turn's number. ``echoes``: turns that were the line's
    own words. What is heard, and when, stays as it was: of ``after`` only FLOOR and BARGE_IN count."""
    if not answers:
        return []
    witness = Witness(echoes)
    rerun(heard, before, first=first, witness=witness)
    after = replace(before, **{name: getattr(after, name) for name in (*FLOOR, *BARGE_IN)})
    return _AnswersAgain(heard, answers, witness.moments).changes(before, after)


class _AnswersAgain:
    def __init__(self, heard: RecordedCall, answers: Sequence[AgentTurn], moments: Sequence[Moment]) -> None:
        self._clock = clock = MediaClock(heard)
        self._stopped_ms = heard.stopped_ms
        self._answers = sorted(answers, key=lambda one: (one.started_ms, one.number))
        self._from_ms = [clock.instant_ms(one.started_ms) for one in self._answers]
        self._to_ms = [clock.instant_ms(one.ended_ms) for one in self._answers]
        self._moments = [Moment(0.0, CallerActivity()), *moments]
        self._turns = {m.news.turn.number: m.news.turn for m in moments if isinstance(m.news, TurnAccepted)}
        self._answered = {one.answers for one in self._answers}

    def changes(self, before: Tuning, after: Tuning) -> list[AnswerChange]:
        over = [self._spoken_over(at, before, after) for at in range(len(self._answers))]
        backchannels = {number for own, _ in over if own is not None for number in own.backchannels} - self._answered
        asked = {number: turn for number, turn in self._turns.items() if turn.asks and number not in backchannels}
        found = []
        for at, (answer, (own, new)) in enumerate(zip(self._answers, over, strict=True)):
            begins_as, by_ms = self._begins(at, asked, before, after)
            change = AnswerChange(answer, begins_as, Stops.UNKNOWN, by_ms)
            found.append(change if own is None else _stops(change, own, new))
        return found

    # The floor

    def _begins(self, at: int, asked: Mapping[int, Turn], before: Tuning, after: Tuning) -> tuple[Begins | None, int]:
        answer = self._answers[at]
        if answer.answers is None or answer.times.floor_rule not in tuple(FloorRule):
            return None, 0
        earlier = [one.answers for one in self._answers[:at] if one.answers is not None]
        begun = max((number for number in earlier if number < answer.answers), default=0)
        numbers = frozenset(number for number in asked if begun < number <= answer.answers)
        if answer.answers not in numbers:
            return Begins.UNKNOWN, 0
        from_ms = self._clock.instant_ms(min(asked[number].started_ms for number in numbers)) - BEFORE_SPEECH_MS
        moments = self._between(from_ms, float("inf"))
        played = list(zip(self._from_ms[:at], self._to_ms[:at], strict=True))
        rule = FloorRule(answer.times.floor_rule)
        question = KeptQuestion(numbers, rule, self._ready_after_ms(at, moments, numbers), played)
        question = with_kept_pauses(moments, question, before)
        own, new = (begins(moments, question, tuning) for tuning in (before, after))
        stored_ms = answer.times.floor_ms or 0
        if own is None or own.answers != answer.answers:
            return Begins.UNKNOWN, 0
        if min(abs(own.floor_after_ms - stored_ms), abs(own.since_voice_ms - stored_ms)) > TOLERANCE_MS:
            return Begins.UNKNOWN, 0
        if new is None:
            return Begins.WITHHELD, 0
        by_ms = round(new.at_ms - own.at_ms)
        if new.answers != own.answers:
            return Begins.EARLY, by_ms
        return (Begins.LATER if by_ms > 0 else Begins.EARLIER if by_ms < 0 else Begins.SAME), by_ms

    def _ready_after_ms(self, at: int, moments: Sequence[Moment], numbers: frozenset[int]) -> float:
        """From the newest words before the answer to its first sound."""
        times, sent_ms = self._answers[at].times, self._from_ms[at]
        floor_ms = sent_ms - (times.first_audio_ms or 0)
        ready_ms = sent_ms if times.prepared_ms is None else floor_ms - times.prepared_ms
        words_ms = [
            moment.now_ms
            for moment in moments
            if isinstance(moment.news, TurnAccepted | TurnRevised)
            if moment.news.turn.number in numbers and moment.now_ms <= sent_ms
        ]
        return max(0.0, ready_ms - max(words_ms, default=ready_ms))

    # Barge-in

    def _spoken_over(self, at: int, before: Tuning, after: Tuning) -> tuple[SpokenOver | None, SpokenOver]:
        """At both settings; own None: it is not as stored."""
        answer, from_ms, to_ms = self._answers[at], self._from_ms[at], self._to_ms[at]
        stopped = answer.heard.outcome in (Outcome.INTERRUPTED, Outcome.RESUMED)
        later = range(at + 1, len(self._answers))
        next_ms = min((self._from_ms[i] for i in later), default=float("inf"))
        until_ms = min(
            (self._from_ms[i] for i in later if self._answers[i].times.floor_rule != GOES_ON),
            default=float("inf"),
        )
        moments = self._between(from_ms, until_ms)
        sounding = SoundingAnswer(self._said(at), from_ms, next_ms if stopped else to_ms + NETWORK_MS)
        own = spoken_over(moments, sounding, before)
        if own.backchannels & self._answered:
            sounding = replace(sounding, expect=Expect(ExpectationKind.YES_NO))
            own = spoken_over(moments, sounding, before)
        if not stopped:
            # What plays on under a voice that stops answers may not be interrupted.
            return (own, spoken_over(moments, sounding, after)) if own.stopped_ms is None else (own, own)
        if to_ms >= self._stopped_ms - TOLERANCE_MS and (own.stopped_ms is None or own.stopped_ms > to_ms):
            # The call's end cut it off, or that of the stream.
            sounding = replace(sounding, to_ms=to_ms)
            return spoken_over(moments, sounding, before), spoken_over(moments, sounding, after)
        if own.fate is Fate.RESUMED and answer.heard.outcome is Outcome.INTERRUPTED:
            # Nothing of it was left to say.
            sounding = replace(sounding, has_rest=False)
            own = spoken_over(moments, sounding, before)
        resumed = own.fate is Fate.RESUMED
        as_stored = resumed is (answer.heard.outcome is Outcome.RESUMED)
        near = own.stopped_ms is not None and abs(own.stopped_ms - to_ms) <= TOLERANCE_MS
        return (own if as_stored and near else None), spoken_over(moments, sounding, after)

    def _said(self, at: int) -> str:
        """Its words, and of one that goes on those before them."""
        answer = self._answers[at]
        before = self._said(at - 1) if at and answer.times.floor_rule == GOES_ON else ""
        return f"{before} {answer.text}"

    def _between(self, from_ms: float, to_ms: float) -> Sequence[Moment]:
        """The moments from the one before an instant to another."""
        first = bisect_left(self._moments, from_ms, key=lambda one: one.now_ms)
        return self._moments[max(0, first - 1) : bisect_left(self._moments, to_ms, key=lambda one: one.now_ms)]


def _stops(change: AnswerChange, own: SpokenOver, new: SpokenOver) -> AnswerChange:
    """The change, with what the caller's voice does."""
    by_ms = 0 if own.stopped_ms is None or new.stopped_ms is None else round(new.stopped_ms - own.stopped_ms)
    words = own.words if own.stopped_ms is not None else new.words
    stops = _compared(own, new, by_ms)
    if stops is Stops.SAME:
        words = ""
    return replace(change, stops=stops, stops_by_ms=by_ms, words=words, goes_on=new.fate is Fate.RESUMED)


def _compared(own: SpokenOver, new: SpokenOver, by_ms: int) -> Stops:
    if own.stopped_ms is None:
        return Stops.SAME if new.stopped_ms is None else Stops.NEW
    if own.fate is Fate.INTERRUPTED and new.fate in (Fate.PLAYS_ON, Fate.RESUMED):
        return Stops.MISSED
    if new.stopped_ms is None:
        return Stops.PLAYS_ON
    resumed = own.fate is Fate.RESUMED, new.fate is Fate.RESUMED
    if resumed[0] is not resumed[1]:
        return Stops.RESUMES if resumed[1] else Stops.STAYS_STOPPED
    return Stops.LATER if by_ms > 0 else Stops.SOONER if by_ms < 0 else Stops.SAME
