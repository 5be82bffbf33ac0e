"""CallSession: one live call's state machine.

    WAITING --start--> LIVE --stop, socket lost--> DRAINING --every utterance is a turn--> ENDED

Messages from Twilio and events from recognisers go in, actions come out. It decides which frames are an utterance
(stt/endpoint.py), whose each word is (stt/attribution.py), and when a turn has its words; it waits for nothing: time is
an argument (``now_ms``, monotonic), and ``next_deadline_ms`` says when it wants to be asked again. Pure Python: no I/O,
no clock, no Django. No input raises.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum, auto

from calls import media
from calls.actions import (
    Action,
    AskOneShot,
    CallBegun,
    CallOver,
    Feed,
    FinishStream,
    Note,
    Partial,
    TurnAccepted,
    TurnRevised,
    Wake,
)
from calls.turns import EndReason, Source, Turn, elapsed_ms
from calls.utterances import Phase, Utterance
from calls.wire import FrameClock
from stt.attribution import Attribution, Share
from stt.audio import FRAME_MS
from stt.endpoint import Endpointer, EndpointOptions, SpeechEnded, SpeechStarted
from stt.events import (
    Final,
    Interim,
    OneShotDone,
    RecognizerEvent,
    StreamClosed,
    StreamingLost,
    StreamOpened,
)
from stt.tuning import Tuning

NO_FRAMES_MARGIN_MS = 300
"""Beyond the hangover: this long without any frame ends the utterance by wall time."""
CUT_COVERAGE_MS = 3000
"""How long an utterance that was cut for its length waits for a result that covers it."""
DRAIN_STREAM_MS = 5000
"""How long a half-closed stream is read after the call has ended."""
SHORTEST_ONE_SHOT_MS = 200
"""Less voice than this is not worth a request: a click, a breath."""
SETTLED_AFTER = 2
"""Successive covering hypotheses that must agree before a partial is text to act on. One alone has its newest word
wrong in a quarter of cases, or ends ahead of its words."""
CONFIRMED_BEYOND_MS = 300
"""A hypothesis confirms an utterance only when it reaches this far beyond the last voiced frame: words fade out behind
what the voice detector hears, and one that ends right there lacks its last word more often (docs/latency.md)."""
KEEP_TURNS_MS = 120_000
"""How long a turn that was handed on can still be revised."""


class State(Enum):
    WAITING = auto()
    LIVE = auto()
    DRAINING = auto()
    ENDED = auto()


class CallSession:
    """One call, from the first message to the last word."""

    def __init__(self, call_sid: str, tuning: Tuning, *, engine: str = "", model: str = "") -> None:
        self.call_sid = call_sid
        self.tuning = tuning
        self.state = State.WAITING
        self.counters: Counter[str] = Counter()
        """Everything odd: stable code -> times."""
        self.speech_ms = 0
        self.start: media.Start | None = None
        self._engine, self._model, self._attempts = engine, model, 0
        self._clock = FrameClock(self.counters)
        self._endpointer = Endpointer(
            EndpointOptions(
                hangover_ms=tuning.vad_hangover_ms,
                aggressiveness=tuning.vad_aggressiveness,
                noise_margin_db=tuning.noise_margin_db,
            )
        )
        self._pre_roll: deque[bytes] = deque(maxlen=EndpointOptions().pre_roll_ms // FRAME_MS)
        self._ledger = Attribution()
        self._utterances: list[Utterance] = []
        """Not yet handed on, in speech order; the last may still be spoken."""
        self._turns: dict[int, Turn] = {}
        """Handed on and still open to revision."""
        self._last_frame_ms = 0.0
        self._last_voiced_ms = 0.0
        self._streaming = tuning.streaming
        """A stream is open or being tried."""
        self._drain_until_ms: float | None = None

    # Messages

    def receive(self, message: media.Message, now_ms: float) -> list[Action]:
        """One message from Twilio. On the media path: no action of a frame needs more than a queue."""
        if isinstance(message, media.Media):
            return self._media(message, now_ms)
        if isinstance(message, media.Malformed):
            self.counters[message.code] += 1
            return []
        self._clock.note_sequence(getattr(message, "sequence", None))
        if isinstance(message, media.Start):
            return self._start(message)
        elif isinstance(message, media.Stop):
            if message.call_sid and message.call_sid != self.call_sid:
                self.counters["foreign_call"] += 1
            else:
                return self.stop(now_ms)
        elif isinstance(message, media.Dtmf):
            self.counters["dtmf"] += 1
        return []

    def stop(self, now_ms: float) -> list[Action]:
        """The caller's audio is over: hang-up, lost socket or shutdown. Idempotent."""
        if self.state in (State.DRAINING, State.ENDED):
            return []
        self.state = State.DRAINING
        self._drain_until_ms = now_ms + DRAIN_STREAM_MS
        ended = self._endpointer.end()
        if ended is not None:
            self._ended(ended, EndReason.HANGUP, now_ms)
        return [FinishStream(), Wake()]

    @property
    def frames_received(self) -> int:
        return self._clock.received

    @property
    def frames_lost(self) -> int:
        return self._clock.lost

    # Events

    def heard(self, event: RecognizerEvent, now_ms: float) -> list[Action]:
        """A recogniser spoke, opened, closed or failed."""
        actions: list[Action] = []
        settles = True
        if isinstance(event, Interim):
            settles = False
            self._ledger.interim(event, fed_ms=self._clock.next_ms, now_ms=now_ms)
            actions += self._partials(event, now_ms)
        elif isinstance(event, Final):
            self._ledger.final(event, fed_ms=self._clock.next_ms, now_ms=now_ms)
            self._partials(event, now_ms)
        elif isinstance(event, StreamOpened):
            self._streaming, self._attempts = True, event.attempt
        elif isinstance(event, StreamClosed):
            self._ledger.closed(event.stream)
            if event.error is not None:
                actions.append(Note(event.error.code, f"stream {event.stream}"))
            if self.state is State.DRAINING:
                self._streaming = False
        elif isinstance(event, StreamingLost):
            self._streaming = False
            actions.append(Note("streaming_lost", event.error.code))
        else:
            actions += self._one_shot(event, now_ms)
        actions += self._unvoiced()
        if settles:
            actions += self._revisions()
        return actions + self.tick(now_ms)

    def tick(self, now_ms: float) -> list[Action]:
        """Whatever time has decided: turns to accept, one-shots to ask for, the end of the call."""
        self._miss_frames(now_ms)
        if self._drain_until_ms is not None and now_ms >= self._drain_until_ms:
            self._streaming = False
        actions: list[Action] = []
        for utterance in self._utterances:
            if utterance.phase in (Phase.WAITING, Phase.ASKED):
                actions += self._decide(utterance, now_ms)
        actions += self._hand_on()
        if self.state is State.DRAINING and not self._streaming and not self._utterances:
            self.state = State.ENDED
            actions.append(CallOver())
        return actions

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """The monotonic instant at which ``tick`` has something to decide; None when only input can."""
        waiting = [u for u in self._utterances if u.phase in (Phase.WAITING, Phase.ASKED)]
        # A deadline that has passed undecided is one that lets a partial settle.
        settle_ms = self.tuning.settle_ms
        deadlines = [
            next(
                (at for at in (u.deadline_ms, u.deadline_ms + settle_ms) if now_ms < at), u.deadline_ms + 2 * settle_ms
            )
            for u in waiting
        ]
        if self.state is State.LIVE and self._endpointer.speaking:
            deadlines.append(self._last_frame_ms + self.tuning.vad_hangover_ms + NO_FRAMES_MARGIN_MS)
        if self._drain_until_ms is not None and self._streaming:
            deadlines.append(self._drain_until_ms)
        return min(deadlines, default=None)

    # Audio

    def _start(self, message: media.Start) -> list[Action]:
        if message.call_sid != self.call_sid:
            self.counters["foreign_call"] += 1
        elif self.state is not State.WAITING:
            self.counters["second_start"] += 1
        else:
            self.start = message
            self.state = State.LIVE
            return [CallBegun(message)]
        return []

    def _media(self, message: media.Media, now_ms: float) -> list[Action]:
        if self.state is not State.LIVE:
            self.counters["media_before_start" if self.state is State.WAITING else "media_after_stop"] += 1
            return []
        actions: list[Action] = []
        for frame in self._clock.frames(message):
            self._last_frame_ms = now_ms
            if frame.concealed:
                boundary = self._endpointer.conceal(frame.at_ms)
            else:
                boundary = self._endpointer.push(frame.ulaw, frame.at_ms)
            if self._endpointer.voiced:
                self._last_voiced_ms = now_ms
            if isinstance(boundary, SpeechEnded):
                self._ended(boundary, EndReason.TOO_LONG if boundary.cut else EndReason.SILENCE, now_ms)
                actions.append(Wake())
            elif isinstance(boundary, SpeechStarted):
                self._began(boundary, frame.at_ms, now_ms)
                actions.append(Wake())
            if self._endpointer.speaking and self._utterances:
                self._utterances[-1].frames.append(frame.ulaw)
            self._pre_roll.append(frame.ulaw)
            actions.append(Feed(frame.ulaw, frame.at_ms))
        return actions

    def _began(self, boundary: SpeechStarted, at_ms: int, now_ms: float) -> None:
        number = self._ledger.began(boundary.start_ms)
        first_voiced_ms = now_ms - (at_ms - boundary.start_ms)
        utterance = Utterance(number, boundary.start_ms, first_voiced_ms, list(self._pre_roll))
        self._utterances.append(utterance)

    def _ended(self, boundary: SpeechEnded, reason: EndReason, now_ms: float) -> None:
        utterance = next((u for u in reversed(self._utterances) if u.phase is Phase.SPEAKING), None)
        if utterance is None:
            return
        self._ledger.ended(utterance.number, boundary.end_ms)
        self.speech_ms += boundary.voiced_ms
        wait_ms = CUT_COVERAGE_MS if reason is EndReason.TOO_LONG else self.tuning.stt_timeout_ms
        utterance.end(boundary, reason, ended_ms=self._last_voiced_ms or now_ms, deadline_ms=now_ms + wait_ms)

    def _miss_frames(self, now_ms: float) -> None:
        """Frames stopped coming in mid-speech: the utterance ends by wall time."""
        silent_ms = now_ms - self._last_frame_ms
        if self._endpointer.speaking and silent_ms >= self.tuning.vad_hangover_ms + NO_FRAMES_MARGIN_MS:
            ended = self._endpointer.end()
            if ended is not None:
                self._ended(ended, EndReason.NO_FRAMES, now_ms)

    # Decisions

    def _decide(self, utterance: Utterance, now_ms: float) -> list[Action]:
        """Whether an utterance that has ended gets its words now, and from whom."""
        share = self._ledger.share(utterance.number)
        covered = self._covers(utterance, share.heard_to_ms)
        due = now_ms >= utterance.deadline_ms
        settled = share.settled or utterance.confirmed >= SETTLED_AFTER
        if share.words and share.settled and (covered or due or not self._streaming):
            self._accept(utterance, share, Source.FINAL, "covering_final" if covered else "held_final", now_ms)
        elif share.words and covered and settled and self._is_strong(share):
            self._accept(utterance, share, Source.EARLY, "strong_partial", now_ms)
        if utterance.phase is Phase.DECIDED or not (due or (not share.words and not self._streaming)):
            return []
        # A partial that has not settled is not text to act on yet: its newest words may be wrong; where the engine has
        # not listened to the end, words are missing more often than not, and waiting twice as long pays.
        settle_ms = self.tuning.settle_ms * (1 if covered else 2)
        if share.words and not settled and self._streaming and now_ms < utterance.deadline_ms + settle_ms:
            return []
        if self.state is State.DRAINING and self._streaming and utterance.phase is Phase.WAITING:
            # The half-closed stream still has its say; its end, or DRAIN_STREAM_MS, decides.
            utterance.deadline_ms = self._drain_until_ms or now_ms
            return []
        return self._decide_due(utterance, share, now_ms)

    def _decide_due(self, utterance: Utterance, share: Share, now_ms: float) -> list[Action]:
        """The wait is over: the last partial, the one-shot recogniser, or no words."""
        if share.words:
            self._accept(utterance, share, Source.PARTIAL, "timeout", now_ms)
        elif utterance.phase is Phase.ASKED:
            if now_ms < utterance.deadline_ms:
                return []
            self._accept(utterance, share, Source.NONE, "deadline", now_ms, code="fallback_timeout")
        elif utterance.voiced_ms < SHORTEST_ONE_SHOT_MS:
            self._accept(utterance, share, Source.NONE, "timeout", now_ms, code="too_short")
        else:
            utterance.phase = Phase.ASKED
            utterance.deadline_ms = now_ms + self.tuning.stt_fallback_deadline_ms
            return [AskOneShot(utterance.number, utterance.ulaw()), Note("fallback", f"utterance {utterance.number}")]
        return []

    def _covers(self, utterance: Utterance, heard_to_ms: int | None, beyond_ms: int = 0) -> bool:
        """A result that reaches the utterance's last voiced frame, within the slack."""
        end_ms = self._endpointer.last_voiced_end_ms if utterance.phase is Phase.SPEAKING else utterance.end_ms
        return bool(heard_to_ms and end_ms and heard_to_ms >= end_ms + beyond_ms - self.tuning.coverage_slack_ms)

    def _is_strong(self, share: Share) -> bool:
        text = share.text
        return len(text) >= self.tuning.early_min_characters or text[-1] in ".,?!"

    def _one_shot(self, event: OneShotDone, now_ms: float) -> list[Action]:
        number = event.utterance
        if number is None:
            number = self._utterances[-1].number if self._utterances else max(self._turns, default=0)
        self._ledger.one_shot(number, event.words)
        utterance = next((u for u in self._utterances if u.number == number), None)
        if utterance is None or utterance.phase is not Phase.ASKED:
            return []
        share = self._ledger.share(number)
        if event.words:
            self._accept(utterance, share, Source.FALLBACK, "one_shot", now_ms)
        elif share.words:
            self._accept(utterance, share, Source.PARTIAL, "one_shot_empty", now_ms)
        else:
            code = event.error.code if event.error is not None else "no_words"
            self._accept(utterance, share, Source.NONE, "one_shot_empty", now_ms, code=code)
        return [] if event.error is None else [Note("fallback_failed", event.error.code)]

    def _accept(
        self, utterance: Utterance, share: Share, source: Source, rule: str, now_ms: float, *, code: str = ""
    ) -> None:
        self._ledger.take(utterance.number)
        utterance.phase = Phase.DECIDED
        utterance.frames.clear()
        utterance.turn = Turn(
            number=utterance.number,
            started_ms=utterance.start_ms,
            ended_ms=utterance.end_ms,
            text=share.text,
            source=source,
            end_reason=utterance.end_reason,
            rule=rule,
            code=code,
            engine=self._engine,
            model=self._model,
            attempts=self._attempts,
            partial_ms=elapsed_ms(utterance.began_ms, utterance.first_partial_ms),
            final_ms=elapsed_ms(utterance.ended_ms, now_ms),
        )

    def _hand_on(self) -> list[Action]:
        """Turns go on in speech order: one that waits holds the next back."""
        actions: list[Action] = []
        while self._utterances and (turn := self._utterances[0].turn) is not None:
            del self._utterances[0]
            self._turns[turn.number] = turn
            actions.append(TurnAccepted(turn))
        self._forget()
        return actions

    # What comes late

    def _revisions(self) -> list[Action]:
        """Turns whose settled words are no longer those that were handed on."""
        actions: list[Action] = []
        for number, turn in self._turns.items():
            if self._ledger.waits_for(number) and self.state is not State.ENDED:
                continue
            text = " ".join(self._ledger.heard_words(number))
            if text != turn.heard_text:
                self._turns[number] = turn.revised(text)
                actions.append(TurnRevised(self._turns[number], turn.heard_text))
        for utterance in self._utterances:
            # Decided, but held back by an earlier turn: what is handed on are the words known by then.
            if utterance.turn is not None and not self._ledger.waits_for(utterance.number):
                utterance.reword(" ".join(self._ledger.heard_words(utterance.number)))
        return actions

    def _unvoiced(self) -> list[Action]:
        """Words where the endpointer heard no speech: a turn of their own."""
        actions: list[Action] = []
        for span in self._ledger.take_unvoiced():
            turn = Turn(
                number=span.number,
                started_ms=span.start_ms,
                ended_ms=span.end_ms if span.end_ms is not None else span.start_ms,
                text=" ".join(self._ledger.heard_words(span.number)),
                source=Source.FINAL,
                unvoiced=True,
                rule="unvoiced",
                engine=self._engine,
                model=self._model,
                attempts=self._attempts,
            )
            self._turns[turn.number] = turn
            actions.append(TurnAccepted(turn))
        return actions

    def _partials(self, event: Interim | Final, now_ms: float) -> list[Action]:
        """The words so far of the utterance that is spoken or waits, and its first partial's instant."""
        actions: list[Action] = []
        for utterance in self._utterances:
            if utterance.phase is Phase.DECIDED:
                continue
            share = self._ledger.share(utterance.number)
            utterance.confirm(share.text, covers=self._covers(utterance, event.end_ms, CONFIRMED_BEYOND_MS))
            if share.words:
                if utterance.first_partial_ms is None:
                    utterance.first_partial_ms = now_ms
                actions.append(Partial(utterance.number, share.text))
        return actions

    def _forget(self) -> None:
        horizon_ms = self._clock.next_ms - KEEP_TURNS_MS
        old = [n for n, turn in self._turns.items() if turn.ended_ms < horizon_ms and not self._ledger.waits_for(n)]
        if old:
            for number in old:
                del self._turns[number]
            oldest_ms = min((turn.started_ms for turn in self._turns.values()), default=horizon_ms)
            self._ledger.forget_before(min(oldest_ms, horizon_ms))
