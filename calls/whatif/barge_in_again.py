"""What a caller's voice over an answer would have done at other settings: the real BargeIn over the moments of the call
as it was. Pure.

Voice is what was taken for the caller's in the call, by its echo rule. As in calls/reply/interruption.py, whose shell
this stands in for, words are those that are none of the answer's own, if there are such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from calls.core.actions import Partial, TurnAccepted
from calls.core.own_words import without_ours
from calls.core.status import CallerActivity
from calls.reply.barge_in import BargeIn, TurnOverAnswer
from calls.reply.items import Expect
from calls.whatif.moments import Moment
from stt.tuning import Tuning


@dataclass(frozen=True, slots=True)
class SoundingAnswer:
    """An answer and when it sounds."""

    text: str
    from_ms: float
    to_ms: float
    """Instant at which it is over if nobody stops it."""
    expect: Expect = Expect()
    has_rest: bool = True
    """There is something left to say when it is stopped."""


class Fate(Enum):
    """What becomes of an answer that a caller may speak over."""

    PLAYS_ON = "plays_on"
    """Nothing stops it."""
    INTERRUPTED = "interrupted"
    """It stops, and words have come: it does not go on."""
    RESUMED = "resumed"
    """It stops, and goes on."""
    STAYS_STOPPED = "stays_stopped"
    """It stops, no words come, and it does not go on."""


@dataclass(frozen=True, slots=True)
class SpokenOver:
    """What the caller's voice does to one answer."""

    fate: Fate = Fate.PLAYS_ON
    stopped_ms: float | None = None
    """Instant; None where nothing stops it."""
    resumed_ms: float | None = None
    backchannels: frozenset[int] = frozenset()
    """Turns over it that are no question."""
    words: str = ""
    """Of the turns over it, other than its own."""


def spoken_over(moments: Sequence[Moment], answer: SoundingAnswer, tuning: Tuning) -> SpokenOver:
    """``moments``: from the answer's first frame, or before it, until the line answers again."""
    return _BargeInAgain(answer, tuning).run(moments)


class _BargeInAgain:
    def __init__(self, answer: SoundingAnswer, tuning: Tuning) -> None:
        self._answer = answer
        self._barge_in = BargeIn(tuning)
        self._barge_in.expects(answer.expect)
        self._seen = CallerActivity()
        self._now_ms = 0.0
        self._stopped_ms: float | None = None
        self._ended: tuple[Fate, float] | None = None
        """What became of it once it was stopped, and when."""
        self._backchannels: set[int] = set()
        self._over: list[str] = []

    def run(self, moments: Sequence[Moment]) -> SpokenOver:
        for moment in moments:
            self._goes_on_before(moment.now_ms)
            self._now_ms = moment.now_ms
            self._takes(moment)
        self._goes_on_before(float("inf"))
        fate, at_ms = self._ended or (Fate.PLAYS_ON if self._stopped_ms is None else Fate.STAYS_STOPPED, None)
        resumed_ms = at_ms if fate is Fate.RESUMED else None
        words = " ".join(self._over)
        return SpokenOver(fate, self._stopped_ms, resumed_ms, frozenset(self._backchannels), words)

    def _takes(self, moment: Moment) -> None:
        now_ms, news = moment.now_ms, moment.news
        before, self._seen = self._seen, moment.caller
        plays = self._plays(now_ms)
        self._barge_in.caller_is(before, self._seen, over_answer=plays or self._barge_in.cut is not None)
        if isinstance(news, Partial):
            self._hears(news.utterance, news.text, now_ms)
        elif isinstance(news, TurnAccepted):
            turn = news.turn
            theirs = self._hears(turn.number, turn.heard_text, now_ms)
            self._settles(turn.number, theirs, now_ms, echo=turn.echo)
        if self._plays(now_ms) and self._barge_in.stops_answer(self._seen, self._answer.from_ms):
            self._stops(now_ms)

    def _hears(self, utterance: int, text: str, now_ms: float) -> str:
        """Returns what of the words is the caller's; all of them where that is nothing."""
        theirs = without_ours(text, self._answer.text)
        if theirs and self._plays(now_ms) and self._barge_in.words_stop_answer(utterance, theirs, self._answer.text):
            self._stops(now_ms)
        self._barge_in.hears(utterance, theirs or text)
        return theirs or text

    def _settles(self, number: int, theirs: str, now_ms: float, *, echo: bool) -> None:
        is_cut = self._barge_in.cut is not None
        what = self._barge_in.settle(number, theirs, echo=echo)
        if what is TurnOverAnswer.BACKCHANNEL:
            self._backchannels.add(number)
        if theirs and not echo and (is_cut or what is TurnOverAnswer.BACKCHANNEL):
            self._over.append(theirs)
        if what is TurnOverAnswer.INTERRUPTION:
            self._barge_in.interrupted()
            self._ended = Fate.INTERRUPTED, now_ms

    def _plays(self, now_ms: float) -> bool:
        return self._stopped_ms is None and self._answer.from_ms <= now_ms < self._answer.to_ms

    def _stops(self, now_ms: float) -> None:
        self._stopped_ms = now_ms
        voice_ms = now_ms if self._seen.run is None else self._seen.run.from_ms
        self._barge_in.was_cut(
            sounded_for_ms=voice_ms - self._answer.from_ms,
            heard_ms=round(now_ms - self._answer.from_ms),
            has_rest=self._answer.has_rest,
            was_resumed=False,
        )

    def _goes_on_before(self, until_ms: float) -> None:
        """What time decides of a stopped answer."""
        due_ms = self._barge_in.resume_due_ms(self._seen)
        if self._stopped_ms is not None and due_ms is not None and due_ms < until_ms:
            self._barge_in.resumed()
            self._ended = Fate.RESUMED, max(due_ms, self._now_ms)
