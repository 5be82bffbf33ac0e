"""From utterances to turns: does what the table of decisions says, and hands turns and revisions on in order. Pure."""

from __future__ import annotations

import math

from calls.core.actions import Action, Note, TurnAccepted, TurnRevised
from calls.core.decision import STILL_SAYS, Accept, Answer, Clock, Situation, Step, StreamOutlook, Words, row_for
from calls.core.one_shots import MIN_ONE_SHOT_MS, OneShots
from calls.core.open_utterances import OpenUtterances
from calls.core.revisions import MAX_REVISABLE_MS, RevisableTurns, answer_error
from calls.core.stream_control import StreamControl
from calls.core.turns import Source, Turn, elapsed_ms
from calls.core.utterances import Hedge, Phase, Utterance
from stt.attribution.ledger import Attribution
from stt.attribution.share import Share
from stt.events import OneShotDone
from stt.tuning import Tuning


class Acceptance:
    """One call's decisions (the table is calls/core/decision.py), and what becomes of them."""

    def __init__(
        self,
        tuning: Tuning,
        ledger: Attribution,
        utterances: OpenUtterances,
        turns: RevisableTurns,
        stream: StreamControl,
        one_shots: OneShots,
    ) -> None:
        self._tuning = tuning
        self._ledger = ledger
        self._utterances = utterances
        self._turns = turns
        self._stream = stream
        self._one_shots = one_shots

    def decide_all(self, now_ms: float) -> list[Action]:
        """Whatever time and the engines have decided of the utterances that wait."""
        actions: list[Action] = []
        for utterance in self._utterances.waiting():
            actions += self.decide(utterance, now_ms)
        return actions

    def decide(self, utterance: Utterance, now_ms: float, answer: OneShotDone | None = None) -> list[Action]:
        """One that waits; ``answer``: the one-shot recogniser's, when it has just come."""
        share = self._ledger.share(utterance.number)
        covered = self._utterances.covers(utterance, share.heard_to_ms)
        # Where the engine has not listened to the end, words are missing more often than not: waiting longer pays.
        settle_ms = self._tuning.settle_ms * (1 if covered else 2)
        situation = self._situation(utterance, share, answer, now_ms, covered=covered, settle_ms=settle_ms)
        then = row_for(situation).then
        if isinstance(then, Accept):
            self._accept(utterance, share, then, answer, now_ms)
        elif then is Step.ASK_ONE_SHOT:
            return self._ask(utterance, now_ms)
        elif then is Step.HEDGE:
            return [*self._hedge(utterance, now_ms), *self.decide(utterance, now_ms)]
        elif then is Step.WAIT_TO_DEADLINE:
            utterance.look_at_ms = utterance.deadline_ms
        elif then is Step.WAIT_TO_SETTLE:
            # Looked at after each settle_ms: between two events its stream may be found deaf.
            first_ms = utterance.deadline_ms + self._tuning.settle_ms
            utterance.look_at_ms = first_ms if now_ms < first_ms else utterance.deadline_ms + settle_ms
        elif then is Step.WAIT_FOR_STREAM_END:
            utterance.wait_until(self._stream.drain_until_ms or now_ms)
        suspect_at_ms = self._suspect_at_ms(utterance)
        if utterance.waits and suspect_at_ms > now_ms:
            utterance.look_at_ms = min(utterance.look_at_ms, suspect_at_ms)
        return []

    def answered(self, answer: OneShotDone, now_ms: float) -> list[Action]:
        """The one-shot recogniser has answered: for an utterance that waits for it, or to revise its turn."""
        number = answer.utterance
        if number is None:
            number = self._utterances.last_number or self._turns.last_number
        error = answer_error(answer)
        unneeded = self._stream.policy.hastening.answered(number, answer.words, failed=error is not None, now_ms=now_ms)
        self._one_shots.answered(number, now_ms, heard=error is None)
        if unneeded:
            return []
        if answer.words and not self._ledger.share(number).words:
            self._stream.policy.missed()
            self._stream.engines.missed()
        self._ledger.one_shot(number, answer.words)
        utterance = self._utterances.numbered(number)
        if utterance is not None and utterance.phase is Phase.WAITING and utterance.hedge is not None:
            if not answer.words:
                utterance.hedge.answer = answer  # the stream may still have some
                return []
            utterance.phase = Phase.ASKED
        if utterance is None or utterance.phase is not Phase.ASKED:
            return []
        actions = self.decide(utterance, now_ms, answer)
        return actions if error is None else [*actions, Note("fallback_failed", error.code)]

    def hand_on(self, now_ms: float, fed_ms: int) -> list[Action]:
        """Turns go on in speech order: one that waits holds the next back. ``fed_ms``: how far audio has come."""
        actions: list[Action] = []
        if self._stream.policy.hastening.to_compare:
            actions += self._compare(now_ms)
        actions += self._stream.policy.hastening.take_notes()
        for utterance, turn in self._utterances.take_decided():
            covered = self._utterances.covers(utterance, self._ledger.heard_to_ms)
            covered = covered or turn.source is Source.FALLBACK
            actions += _handed_on(self._turns.add(turn, now_ms, covered=covered, cut_short=utterance.unanswered))
        if actions:
            begins_ms = self._turns.forget_before(fed_ms - MAX_REVISABLE_MS)
            if begins_ms is not None:
                self._ledger.forget_before(begins_ms)
        return actions

    def _compare(self, now_ms: float) -> list[Action]:
        """Ask the one-shot recogniser what it hears where the stream has said its words: only while the call goes on
        and nothing else is asked."""
        hastening, actions = self._stream.policy.hastening, list[Action]()
        while hastening.to_compare:
            number = hastening.to_compare.pop()
            span = self._ledger.span(number)
            end_ms = span.end_ms if self._stream.drain_until_ms is None else None
            ask = None if end_ms is None else self._one_shots.compare(number, span.start_ms, end_ms, now_ms)
            hastening.asked(number, asked=ask is not None)
            actions += [] if ask is None else [ask]
        return actions

    def hand_on_missed(self, now_ms: float) -> list[Action]:
        """Words where the endpointer heard no speech: each such place is a turn of its own."""
        by = self._stream.engines.now
        missed = [
            Turn(
                number=span.number,
                started_ms=span.start_ms,
                ended_ms=span.end_ms if span.end_ms is not None else span.start_ms,
                text=" ".join(self._ledger.heard_words(span.number)),
                source=Source.FINAL,
                vad_missed=True,
                rule="unvoiced",
                engine=by.engine,
                model=by.model,
                attempts=by.attempts,
            )
            for span in self._ledger.take_vad_missed()
        ]
        return [action for turn in missed for action in _handed_on(self._turns.add(turn, now_ms, covered=True))]

    def revise(self, *, final: bool) -> list[Action]:
        """Turns whose settled words are no longer those that were handed on. ``final``: nothing follows."""
        actions: list[Action] = []
        for old, new in self._turns.revisions(final=final):
            actions.append(TurnRevised(new, old.heard_text))
            actions += [] if old.echo else _echo_note(new)
        self._utterances.reword()
        return actions

    def _situation(
        self,
        utterance: Utterance,
        share: Share,
        answer: OneShotDone | None,
        now_ms: float,
        *,
        covered: bool,
        settle_ms: int,
    ) -> Situation:
        clock = Clock.DUE if now_ms < utterance.deadline_ms + settle_ms else Clock.OVERDUE
        words = Words.SETTLED if utterance.hypotheses.settled else Words.CHANGING
        return Situation(
            answer=Answer.PENDING if answer is None else Answer.WORDS if answer.words else Answer.EMPTY,
            needs_one_shot=utterance.needs_one_shot,
            asked=utterance.phase is Phase.ASKED,
            words=Words.NONE if not share.words else Words.FINAL if share.settled else words,
            covered=covered,
            strong=bool(share.words) and self._is_strong(share.text),
            clock=Clock.EARLY if now_ms < utterance.deadline_ms else clock,
            stream=self._outlook(utterance, now_ms, covered=covered),
            draining=self._stream.drain_until_ms is not None,
            long_enough=utterance.ending.voiced_ms >= MIN_ONE_SHOT_MS,
        )

    def _outlook(self, utterance: Utterance, now_ms: float, *, covered: bool) -> StreamOutlook:
        outlook = self._stream.outlook(utterance.ending.end_ms, covered=covered)
        may_hedge = not covered and outlook in STILL_SAYS and self._stream.drain_until_ms is None
        return StreamOutlook.SUSPECT if may_hedge and now_ms >= self._suspect_at_ms(utterance) else outlook

    def _suspect_at_ms(self, utterance: Utterance) -> float:
        """From when on the engine that hears it is suspect; never, where its habit is not known, or the one-shot
        recogniser has been asked, or is not for so little voice."""
        asked = utterance.hedge is not None or utterance.phase is Phase.ASKED
        never = asked or utterance.ending.voiced_ms < MIN_ONE_SHOT_MS
        stream = self._stream
        silence = utterance.began_ms, stream.owed_since_ms, stream.policy.unheard_ms
        return math.inf if never else stream.engines.suspect_at_ms(*silence)

    def _avoided(self, utterance: Utterance, now_ms: float) -> str:
        """The engine that is better asked last: the one that hears it, where that is late, or the one that the call has
        left. To be wrong here costs only the order."""
        stream = self._stream
        silence = utterance.began_ms, stream.owed_since_ms, stream.policy.unheard_ms
        engines = stream.engines
        return engines.now.engine if now_ms >= engines.late_at_ms(*silence) else engines.left

    def _is_strong(self, text: str) -> bool:
        punctuated = self._tuning.early_punctuation and text[-1] in ".,?!"
        return punctuated or len(text) >= self._tuning.early_min_characters

    def _ask(self, utterance: Utterance, now_ms: float) -> list[Action]:
        number, hedge = utterance.number, utterance.hedge
        if hedge is not None:
            utterance.ask(hedge.deadline_ms)
            return self.decide(utterance, now_ms, hedge.answer)
        avoided = self._avoided(utterance, now_ms)
        ask = self._one_shots.ask(number, utterance.start_ms, utterance.ending.audio_to_ms, now_ms, avoids=avoided)
        utterance.ask(self._one_shots.deadline_ms(number))
        return [ask, Note("fallback", f"utterance {number}")]

    def _hedge(self, utterance: Utterance, now_ms: float) -> list[Action]:
        """Ask while the stream is still waited for: another engine first, where there is one."""
        number, ending = utterance.number, utterance.ending
        avoided = self._avoided(utterance, now_ms)
        ask = self._one_shots.ask(number, utterance.start_ms, ending.audio_to_ms, now_ms, avoids=avoided)
        utterance.hedge = Hedge(self._one_shots.deadline_ms(number))
        after_ms = elapsed_ms(ending.arrived_ms, now_ms)
        return [ask, Note("hedged", f"utterance {number}, {after_ms} ms after its end")]

    def _accept(
        self, utterance: Utterance, share: Share, then: Accept, answer: OneShotDone | None, now_ms: float
    ) -> None:
        code = then.code
        if then.source is Source.NONE and answer is not None:
            code = answer.error.code if answer.error is not None else "no_words"
        answered = answer is not None and answer_error(answer) is None
        utterance.unanswered = utterance.needs_one_shot and utterance.phase is Phase.ASKED and not answered
        self._ledger.take(utterance.number)
        by, ending = self._stream.engines.of_stream(share.stream), utterance.ending
        engine, model = by.words_of(then.source)
        if then.source is Source.FALLBACK and answer is not None and answer.engine:
            engine, model = answer.engine, answer.model
        utterance.accept(
            Turn(
                number=utterance.number,
                started_ms=utterance.start_ms,
                ended_ms=ending.end_ms,
                text=share.text,
                source=then.source,
                end_reason=ending.reason,
                rule=then.rule,
                code=code,
                engine=engine,
                model=model,
                attempts=by.attempts,
                partial_ms=elapsed_ms(utterance.began_ms, utterance.hypotheses.first_ms),
                final_ms=elapsed_ms(ending.arrived_ms, now_ms),
            )
        )


def _handed_on(turn: Turn) -> list[Action]:
    return [TurnAccepted(turn), *_echo_note(turn)]


def _echo_note(turn: Turn) -> list[Note]:
    return [Note("echo_heard", f"turn {turn.number}")] if turn.echo else []
