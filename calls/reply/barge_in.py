"""BargeIn: is it an interruption? What a caller's voice over an answer means, as far as is known at each moment. Pure.

| over an interruptible answer | then |
|---|---|
| ``barge_in_ms`` of voice in one run | the answer stops at once |
| a stop word, however short | the answer stops at once |
| words that come late, of voice that was taken for nothing | the answer stops at once |
| it has stopped, and other words than backchannels come | it does not go on; by its turn, an interruption |
| the same, and hardly anything was heard of the answer | a false start: the old question and the new are one |
| it has stopped, and only backchannels come | the answer goes on |
| it has stopped, and no words come for ``barge_in_resume_ms`` after the voice | the answer goes on |

A backchannel that is a whole answer to what the line has asked (a yes, one of the choices) is words. Voice is what the
endpointer took for voice: what echoes of our own sound does not count (calls/core). Instants are monotonic, in ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from calls.core.status import CallerActivity
from calls.reply.expect import read
from calls.reply.interjections import holds_stop, only_backchannels
from calls.reply.items import Expect, ExpectationKind
from calls.reply.reading import Wholeness
from stt.audio import FRAME_MS
from stt.tuning import Tuning

FALSE_START_MS = 1500
"""A caller who goes on within this time of our first frame had not finished..."""
FALSE_START_HEARD_MS = 600
"""...unless they had heard so much of us: then they answer it."""
LOOK_AGAIN_MS = FRAME_MS
"""Voice that has begun is looked at again no sooner."""
ANSWERED_BY_BACKCHANNELS = (ExpectationKind.YES_NO, ExpectationKind.CHOICE)


class TurnOverAnswer(Enum):
    """What a turn is to the answer that was spoken over."""

    QUESTION = "question"
    """Nothing: it is answered like any other."""
    INTERRUPTION = "interruption"
    """What the answer was stopped for."""
    BACKCHANNEL = "backchannel"
    """No question: nobody answers it."""


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """An answer that was stopped, while it is not known what for."""

    false_start: bool
    """The caller has hardly heard any of it."""
    has_rest: bool
    """There are words left to say."""
    was_resumed: bool
    """What was cut is being said again already: a second noise ends it, and no backchannel does."""


class BargeIn:
    """One call's. Not thread-safe; no method raises."""

    def __init__(self, tuning: Tuning) -> None:
        self.cut: CutAnswer | None = None
        """What was stopped; None again when it is known what for."""
        self._tuning = tuning
        self._expected = Expect()
        self._over_answer = False
        """The utterance that is being spoken is over an answer."""
        self._last_ended = 0
        self._unsettled: set[int] = set()
        """Ended utterances over an answer whose words are not known."""
        self._taken_for_nothing: set[int] = set()
        """The same, of an answer that goes on."""
        self._with_words: set[int] = set()
        """Utterances whose words so far are an interruption; what their turns will say decides."""
        self._only_backchannels = False

    def expects(self, expect: Expect | None) -> None:
        """What the answer that is played, or was stopped, asks for."""
        self._expected = expect or Expect()

    # The caller's voice

    def caller_is(self, before: CallerActivity, activity: CallerActivity, *, over_answer: bool) -> None:
        """``over_answer``: an answer is played, or has just been stopped."""
        if activity.last_utterance != before.last_utterance:
            if self._over_answer or over_answer:
                self._unsettled.add(activity.last_utterance)
            self._over_answer, self._last_ended = False, activity.last_utterance
        if activity.speaking and over_answer:
            self._over_answer = True
            self._only_backchannels = False

    def stops_answer(self, activity: CallerActivity, sounds_from_ms: float) -> bool:
        """The voice is enough to stop an answer that may be interrupted and sounds since this instant."""
        return activity.speaking and self._voice_missing_ms(activity, sounds_from_ms) <= 0

    def look_at_ms(self, activity: CallerActivity, sounds_from_ms: float, now_ms: float) -> float | None:
        """When voice that has begun may be enough; None: nobody speaks."""
        if not activity.speaking:
            return None
        return now_ms + max(LOOK_AGAIN_MS, self._voice_missing_ms(activity, sounds_from_ms))

    def _voice_missing_ms(self, activity: CallerActivity, sounds_from_ms: float) -> float:
        """Voice before the answer's first frame is no voice over it."""
        run, enough_ms = activity.run, self._tuning.barge_in_ms
        if run is None:
            return enough_ms
        if run.from_ms >= sounds_from_ms:
            return enough_ms - run.voiced_ms
        return enough_ms - min(run.voiced_ms, run.last_ms + FRAME_MS - sounds_from_ms)

    # Words

    def words_stop_answer(self, utterance: int, text: str, said: str) -> bool:
        """Words over an answer that stop it at once. ``said``: the line's own words just now."""
        if not self._is_over_answer(utterance) or self._is_backchannel(text):
            return False
        return utterance in self._taken_for_nothing or holds_stop(text, self._tuning.stop_words, said)

    def hears(self, utterance: int, text: str) -> None:
        """What the words of an utterance are so far: while they may be an interruption, nothing goes on."""
        if self._interrupts(utterance, text):
            self._with_words.add(utterance)
        else:
            self._with_words.discard(utterance)

    def settle(self, utterance: int, text: str, *, echo: bool = False) -> TurnOverAnswer:
        """The turn of an utterance is there. ``echo``: its words are the line's own."""
        interrupts, over = self._interrupts(utterance, text), self._is_over_answer(utterance)
        for unsettled in (self._unsettled, self._taken_for_nothing, self._with_words):
            unsettled.discard(utterance)
        if over and echo:
            self._only_backchannels = True
            return TurnOverAnswer.BACKCHANNEL
        if interrupts and self.cut is not None:
            return TurnOverAnswer.INTERRUPTION
        if not over or interrupts or not text:
            return TurnOverAnswer.QUESTION
        self._only_backchannels = True
        return TurnOverAnswer.BACKCHANNEL

    def _interrupts(self, utterance: int, text: str) -> bool:
        return self._is_over_answer(utterance) and bool(text) and not self._is_backchannel(text)

    # A stopped answer

    def was_cut(self, *, sounded_for_ms: float, heard_ms: int, has_rest: bool, was_resumed: bool) -> None:
        """``sounded_for_ms``: from the answer's first frame to the voice that has stopped it. ``heard_ms``: of it."""
        false_start = sounded_for_ms <= FALSE_START_MS and heard_ms < FALSE_START_HEARD_MS
        self.cut = CutAnswer(false_start, has_rest, was_resumed)

    def resume_due_ms(self, activity: CallerActivity) -> float | None:
        """When the answer goes on if nothing happens; None: not as it stands."""
        cut, resume_ms = self.cut, self._tuning.barge_in_resume_ms
        if cut is None or not cut.has_rest or self._with_words or activity.speaking or activity.run is None:
            return None
        if self._only_backchannels and not self._unsettled:
            return activity.run.last_ms
        return activity.run.last_ms + resume_ms if resume_ms and not cut.was_resumed else None

    def resumed(self) -> None:
        """It goes on: what was said was nothing, unless late words tell otherwise."""
        self.cut = None
        self._taken_for_nothing |= self._unsettled
        self._unsettled.clear()
        self._with_words.clear()

    def interrupted(self) -> CutAnswer | None:
        """It does not go on: words have come. Returns what was stopped."""
        cut, self.cut = self.cut, None
        self._with_words.clear()
        return cut

    def _is_over_answer(self, utterance: int) -> bool:
        if utterance > self._last_ended:
            return self._over_answer
        return utterance in self._unsettled or utterance in self._taken_for_nothing

    def _is_backchannel(self, text: str) -> bool:
        if not only_backchannels(text, self._tuning.backchannels):
            return False
        answers = self._expected.kind in ANSWERED_BY_BACKCHANNELS
        return not (answers and read(self._expected, text).wholeness is Wholeness.WHOLE)
