"""Floor: who may speak, at each moment of one call. Pure: no clock, no I/O; ``now_ms`` is a monotonic instant.

The caller has the floor while they speak, while words of theirs are still to come, and in the pause after them. How
long that pause is, calls/reply/floor_rule.py says; it is counted from the last voiced frame, whatever came late. Then
the line has the floor, once for each question, unless a voice is just coming (calls/reply/floor_hold.py): until its
first sound anything that the caller says takes it back, and the words are joined to the question. While an answer plays
the caller is heard, and answered after it. When nobody speaks for ``silence_reprompt_ms`` after the line's last sound
was heard, it asks again, and after ``reprompts`` times it says goodbye.

The shell (calls/reply/agent.py) reports what happens, each with its instant, in the order in which it happened, and
then looks: ``due`` says whether the line may speak now, and ``next_deadline_ms`` when to look again if nothing happens.

| the shell has seen | it calls |
|---|---|
| speech has begun, ended (the endpointer's boundaries) | ``speech_started``, ``speech_ended`` |
| voice, also before it is speech | sets ``voice`` |
| a turn, also one without words, and its revisions | ``turn_accepted``, ``turn_revised`` |
| a turn that is no question | ``passed_over`` |
| an answer that was a false start | ``ask_again`` |
| an answer's first frame was sent (fillers are not reported) | ``sounded`` |
| the answer's ``Expect`` (of one that sounds, not of a preparation) | ``expects`` |
| the responder's ``Wait``; an answer that says nothing | ``waits``, ``nothing_said`` |
| a supervisor's sentence goes first; the line was made quiet, or answers again | ``give_back``, ``begin_anew`` |
| the last piece was heard, or the answer was cut off | ``played_out`` |
| the call has ended | ``hang_up`` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from calls.core.status import VoicedRun
from calls.core.turns import Turn
from calls.reply.expect import read, words_of
from calls.reply.floor_due import AskAgain, Due, FloorTaken, Holder, SayGoodbye
from calls.reply.floor_hold import held_until_ms
from calls.reply.floor_rule import MIN_MODEL_WORDS, FloorRow, FloorRule, Heard, floor_row
from calls.reply.floor_state import LongSilence, Pause, Question
from calls.reply.items import Expect, ExpectationKind
from stt.tuning import Tuning

MODEL_AFTER_MS = 200
"""Into the silence: when the model of turns is asked, or with the end of speech if that is told later."""
MODEL_LATE_MS = 300
"""After it was asked: the pause is decided without the model."""
OUTSTANDING_SLACK_MS = 1000
"""Beyond everything that a turn may wait for: after that its utterance counts as one without words."""


class Floor:
    """One call's. Not thread-safe; no method raises."""

    def __init__(self, tuning: Tuning, now_ms: float, row_of: Callable[[Heard], FloorRow] | None = None) -> None:
        """``now_ms``: the call begins. ``row_of`` says how long a pause is waited for: what-if knows the stored rule
        of an answer, and not all that has led to it."""
        self.tuning = tuning
        self._row_of = row_of or floor_row
        self.expected = Expect()
        """What the caller's next words should be."""
        self.voice: VoicedRun | None = None
        """The newest, as the shell keeps it up to date: also before it is an utterance."""
        self._question = Question()
        self._outstanding: dict[int, float] = {}
        """Utterances that have ended and have no turn: until when their words are waited for."""
        self._pause = Pause(silent_from_ms=now_ms)
        self._silence = LongSilence(now_ms)
        self.taken: Due | None = None
        """What the line was told it may do, and has not begun to: None again when the caller took it back."""
        self._speaking = self._playing = self._over = False

    # The caller

    def speech_started(self, now_ms: float) -> None:
        """The caller speaks: whatever the line has not begun to say, it does not say now."""
        self._speaking = True
        self.taken = None

    def speech_ended(self, utterance: int, voiced_ms: float, now_ms: float) -> None:
        """``voiced_ms``: the instant at which the last voiced frame arrived; the endpointer tells a hangover later.
        ``utterance``: the number that its turn will have."""
        self._speaking = False
        self.taken = None
        self._outstanding[utterance] = now_ms + self.longest_wait_ms
        self._pause = self._pause.after(voiced_ms, now_ms)
        self._silence.from_ms = max(self._silence.from_ms, voiced_ms)

    def turn_accepted(self, turn: Turn, now_ms: float) -> None:
        """An utterance has its words, or will have none; our own, given back, are none."""
        self._outstanding.pop(turn.number, None)
        if not turn.asks:
            return
        if turn.vad_missed:
            # Nobody knows when they were spoken; the endpointer may be missing the rest of them as well.
            self._pause = self._pause.after(now_ms)
        self._silence.asked_again = 0
        self._put(turn)

    def passed_over(self, number: int) -> None:
        """An utterance was no turn of the caller's: a backchannel, an echo."""
        self._outstanding.pop(number, None)

    def ask_again(self, turns: Iterable[Turn]) -> None:
        """The answer to these was a false start: they are not answered yet."""
        for turn in turns:
            self._put(turn)

    def turn_revised(self, turn: Turn, now_ms: float) -> None:
        """Late words of a turn. Of one that was answered they change nothing here; nor does punctuation alone."""
        old = self._question.texts.get(turn.number)
        if old is not None and (turn.echo or words_of(old) != words_of(turn.heard_text)):
            self._put(turn)

    @property
    def question(self) -> str:
        """The words that are not answered yet."""
        return self._question.text

    # The responder and the voice

    def expects(self, expect: Expect | None) -> None:
        """The answer that sounds asks for this; it stands until the next answer sounds."""
        self.expected = expect or Expect()

    def waits(self, now_ms: float) -> None:
        """The responder says that the caller has not finished. The floor is given back if it was taken; after the long
        pause the question rests until more words come."""
        if isinstance(self.taken, FloorTaken):
            self._question.rests = self.taken.rule is FloorRule.UNFINISHED
            self.taken = None
        elif self.taken is not None:
            self.nothing_said(now_ms)
        self._question.waits = True

    def nothing_said(self, now_ms: float) -> None:
        """The line was told that it might speak, and has nothing to say."""
        self._spoken()
        self._silence.from_ms = max(self._silence.from_ms, now_ms)

    def sounded(self, now_ms: float) -> None:
        """The first frame of an answer, a reprompt or a greeting was sent: its question is answered."""
        if isinstance(self.taken, FloorTaken):
            self.expected = Expect()
        self._spoken()
        self._playing = True

    def played_out(self, now_ms: float) -> None:
        """The last piece of what was sent was heard, or is not played any more."""
        self._playing = False
        self._pause.ours_to_ms = now_ms
        self._silence.from_ms = max(self._silence.from_ms, now_ms)

    def give_back(self) -> None:
        """The line says something else first: what it was told it may do it has not done, and the question stays."""
        self.taken = None

    def begin_anew(self, now_ms: float) -> None:
        """Nobody answers what was said until now, and the silence before now was not the caller's."""
        self.taken, self._question = None, Question()
        self._silence = LongSilence(now_ms)

    def hang_up(self) -> None:
        """The call has ended: nothing is due any more."""
        self._over = True

    # The model of turns

    def asks_turn_model(self, now_ms: float) -> int | None:
        """The pause's number, once in each pause in which the model's word counts: ask it of the audio up to now."""
        at_ms = self._model_at_ms()
        if at_ms is None or now_ms < at_ms:
            return None
        self._pause.asked_ms = now_ms
        return self._pause.number

    def turn_model_said(self, pause: int, probability: float, now_ms: float) -> None:
        """Its probability that the caller has finished; passed over when it is late or the pause is gone."""
        asked_ms = self._pause.asked_ms
        if pause == self._pause.number and asked_ms is not None and now_ms <= asked_ms + MODEL_LATE_MS:
            self._pause.probability = probability

    # Who may speak

    def holder(self, now_ms: float) -> Holder:
        """Who has the floor."""
        if self._over:
            return Holder.OVER
        if self._speaking:
            return Holder.CALLER
        if self._playing:
            return Holder.LINE
        if self.taken is not None:
            return Holder.TAKEN
        if any(until_ms > now_ms for until_ms in self._outstanding.values()):
            return Holder.WORDS
        return Holder.PAUSE if self._question.texts and not self._question.rests else Holder.NOBODY

    def due(self, now_ms: float) -> Due | None:
        """What the line may do now; said once. It stands until the first sound, or until the caller takes it back."""
        holder = self.holder(now_ms)
        at_ms = self._due_ms(holder)
        if at_ms is None or now_ms < at_ms:
            return None
        if holder is Holder.PAUSE:
            self.taken = self._take(now_ms)
        else:
            more = self._silence.asked_again < self.tuning.reprompts
            self.taken = AskAgain(self._silence.asked_again + 1) if more else SayGoodbye()
        return self.taken

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When to look again if nothing happens before; None: only what happens can change anything."""
        holder = self.holder(now_ms)
        instants = [self._model_at_ms(), self._due_ms(holder)]
        if holder is Holder.WORDS:
            instants.append(max(self._outstanding.values()))
        return min((at_ms for at_ms in instants if at_ms is not None), default=None)

    def free_at_ms(self, now_ms: float) -> float | None:
        """When the line may say something that is no answer, if nothing happens; None: while it speaks, or the caller
        does."""
        holder = self.holder(now_ms)
        if holder is Holder.PAUSE:
            return self._question_due_ms()
        if holder is Holder.WORDS:
            return max(self._outstanding.values())
        return self._pause.silent_from_ms + self.tuning.answer_pause_ms if holder is Holder.NOBODY else None

    @property
    def longest_wait_ms(self) -> int:
        """How long words of an ended utterance are waited for: all that its turn may wait for itself, and a little."""
        tuning = self.tuning
        return tuning.stt_timeout_ms + 2 * tuning.settle_ms + tuning.stt_fallback_deadline_ms + OUTSTANDING_SLACK_MS

    # Private

    def _put(self, turn: Turn) -> None:
        """The question has these words, and what was to be said to the old ones is not said."""
        self.taken = None
        self._question.changed()
        self._question.texts.pop(turn.number, None)
        if turn.asks:
            self._question.texts[turn.number] = turn.heard_text

    def _spoken(self) -> None:
        """What was taken has had its time: the line's turn is over or under way."""
        if isinstance(self.taken, FloorTaken):
            self._question = Question()
        elif self.taken is not None:
            self._silence.asked_again += 1
        self.taken = None

    def _take(self, now_ms: float) -> FloorTaken:
        heard, pause = self._heard(), self._pause
        late = pause.asked_ms is not None and pause.probability is None
        return FloorTaken(
            self._row_of(heard).rule,
            pause.waited_ms(now_ms),
            tuple(sorted(self._question.texts)),
            heard.wholeness,
            heard.probability,
            "turn_model_late" if late else "",
        )

    def _heard(self) -> Heard:
        text, is_open = self._question.text, self.expected.kind is ExpectationKind.OPEN
        # A responder that has read the words and waits knows more than their form says.
        wholeness = None if is_open or self._question.waits else read(self.expected, text).wholeness
        return Heard(wholeness, self._question.waits, len(words_of(text)), self._pause.probability)

    def _question_due_ms(self) -> float:
        """The end of the pause by its rule; an open one is held until the model has answered or is late."""
        row = self._row_of(self._heard())
        at_ms = self._pause.silent_from_ms + row.pause_ms(self.tuning)
        if row.rule is FloorRule.OPEN and self._pause.asked_ms is not None and self._pause.probability is None:
            return max(at_ms, self._pause.asked_ms + MODEL_LATE_MS)
        return at_ms

    def _model_at_ms(self) -> float | None:
        """When the model is to be asked; None: not in this pause."""
        pause = self._pause
        if self.tuning.turn_model != "smart_turn" or pause.ended_ms is None or pause.asked_ms is not None:
            return None
        silent = not (self._speaking or self._over or self.taken)
        counts = bool(self._outstanding) or self._heard().words >= MIN_MODEL_WORDS
        if not silent or not counts or self.expected.kind is not ExpectationKind.OPEN:
            return None
        return max(pause.ended_ms, pause.silent_from_ms + MODEL_AFTER_MS)

    def _due_ms(self, holder: Holder) -> float | None:
        """When the line may speak if nothing happens before; None: it may not."""
        if holder is Holder.PAUSE:
            return held_until_ms(self._question_due_ms(), self.voice)
        if holder is Holder.NOBODY:
            return held_until_ms(self._silence.from_ms + self.tuning.silence_reprompt_ms, self.voice)
        return None
