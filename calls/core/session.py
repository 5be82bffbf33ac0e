"""CallSession: one live call's state machine.

    WAITING --start--> LIVE --stop, socket lost--> DRAINING --every utterance is a turn--> ENDED

Messages from Twilio and events from recognisers go in, actions come out. It decides which frames are an utterance
(stt/endpointing/endpointer.py), whose each word is (stt/attribution/ledger.py), and when a turn has its words; it waits
for nothing: time is an argument (``now_ms``, monotonic), and ``next_deadline_ms`` says when it wants to be asked again.
Pure Python: no I/O, no clock, no Django. No input raises.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto

from calls.core import messages
from calls.core.actions import (
    Action,
    AskOneShot,
    CallBegun,
    CallOver,
    CloseSocket,
    Feed,
    FinishStream,
    Note,
    Partial,
    PauseStream,
    RenewStream,
    ResumeStream,
    TurnAccepted,
    TurnRevised,
    Wake,
)
from calls.core.audio_buffer import AudioBuffer
from calls.core.depacketizer import LONGEST_MS, Depacketizer
from calls.core.frame_delays import DelayMeter
from calls.core.revisions import HEARD, KEEP_MS, RevisableTurns
from calls.core.status import SILENT_LINE_MS, UNHEARD_SHOWN_MS, CallStatus, LineActivity, RecognizerActivity
from calls.core.stream_policy import StreamCommand, StreamPolicy
from calls.core.turns import EndReason, Source, Turn, elapsed_ms
from calls.core.utterances import Phase, Utterance
from stt.attribution.ledger import Attribution, Share
from stt.audio import BYTES_PER_MS, FRAME_MS
from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechEnded, SpeechStarted, Vad
from stt.engines.request_rate import RequestRate
from stt.events import (
    Final,
    Interim,
    OneShotDone,
    RecognizerEvent,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
)
from stt.tuning import Tuning

NO_FRAMES_MARGIN_MS = 300
"""Beyond the hangover: this long without any frame ends the utterance by wall time."""
CUT_COVERAGE_MS = 3000
"""How long an utterance that was cut for its length waits for a result that covers it."""
DRAIN_STREAM_MS = 5000
"""How long a half-closed stream is read after the call has ended."""
LAST_TRIES_MS = 10_000
"""Beyond that, and beyond its last answer: how long the one-shot recogniser is still asked for turns that no engine has
heard to the end."""
LONGEST_TRIES_MS = 60_000
"""...at most."""
SHORTEST_ONE_SHOT_MS = 200
"""Less voice than this is not worth a request: a click, a breath."""
SETTLED_AFTER = 2
"""Successive covering hypotheses that must agree before a partial is text to act on. One alone has its newest word
wrong in a quarter of cases, or ends ahead of its words."""
CONFIRMED_BEYOND_MS = 300
"""A hypothesis confirms an utterance only when it reaches this far beyond the last voiced frame: words fade out behind
what the voice detector hears, and one that ends right there lacks its last word more often (docs/latency.md)."""
NO_CALLER_MS = 15_000
"""A line on which no frame comes any more has no caller."""
NO_START_MS = 5000
"""Twilio's start follows its handshake at once."""
REPLAY_MS = 500
"""A renewed stream begins this long before the cut, or before the speech that ended a pause."""
CUT_WITHIN_MS = 2000
"""In mid-speech a stream is cut at the quietest frame of this long."""
SPOKEN_OVER_MS = 250
"""Where the caller spoke on, the border between two streams lies this long before the silence: the word that the
half-close may have cut is the next stream's, which has heard it whole."""
UNHEARD_MS = 600
"""After a stream has failed: the next one opens, and a word on the edge of the first may be the next utterance's."""
PRE_ROLL_MS = EndpointOptions().pre_roll_ms
TRIM_EVERY = 100
"""Frames after which audio that nobody needs any more is forgotten."""


class State(Enum):
    WAITING = auto()
    LIVE = auto()
    DRAINING = auto()
    ENDED = auto()


class CallSession:
    """One call, from the first message to the last word."""

    def __init__(
        self,
        call_sid: str,
        tuning: Tuning,
        *,
        engine: str = "",
        model: str = "",
        account_sid: str = "",
        longest_call_s: int = 0,
        opened_ms: float = 0.0,
        base_ms: int = 0,
        first_number: int = 1,
        vad: Vad | None = None,
        requests: RequestRate | None = None,
        endpointer: Endpointer | None = None,
    ) -> None:
        """``account_sid``: of the call, where it is known. ``longest_call_s``: 0 is without end. ``opened_ms``: when
        the socket opened.

        ``base_ms``, ``first_number``: where a call's second stream goes on. ``vad``: instead of webrtcvad.
        ``requests``: of the whole process. ``endpointer``: another ear than its own.
        """
        self.call_sid = call_sid
        self._account_sid = account_sid
        self.tuning = tuning
        self.state = State.WAITING
        self.counters: Counter[str] = Counter()
        """Everything odd: stable code -> times."""
        self.speech_ms = 0
        self.start: messages.Start | None = None
        self._engine, self._model, self._attempts = engine, model, 0
        self.delays = DelayMeter()
        self._clock = Depacketizer(self.counters, base_ms, longest_call_s * 1000 or LONGEST_MS)
        self._endpointer = endpointer or Endpointer(EndpointOptions.of(tuning), vad)
        self._ring = AudioBuffer()
        self._watch = StreamPolicy(tuning, requests or RequestRate())
        self._ledger = Attribution(first_number)
        self._kept = RevisableTurns(self._ledger)
        self._utterances: list[Utterance] = []
        """Not yet handed on, in speech order; the last may still be spoken."""
        self._asked: dict[int, float] = {}
        """One-shots that are waited for: utterance -> the instant at which it is given up."""
        self._owed: set[int] = set()
        """One-shots under way, also those that nobody waits for any more."""
        self._renewed: dict[int, int] = {}
        """Streams that were half-closed on purpose: up to where words are theirs."""
        self._heard_out_ms = 0
        """Up to here a half-closed stream has said all it will say."""
        self._silent_from_ms = 0
        """Where the voice ended before the last half-close."""
        self._unheard_to_ms = 0
        """What begins before this was not heard from its beginning by the stream that hears now."""
        self._longest_call_ms = longest_call_s * 1000
        self._began_ms = opened_ms
        self._frames = 0
        self._last_frame_ms = opened_ms
        self._last_voiced_ms = 0.0
        self._streaming = tuning.streaming
        """A stream is open or being tried."""
        self._drain_until_ms: float | None = None
        self._one_shot_answered_ms = 0.0

    # Messages

    def receive(self, message: messages.Message, now_ms: float) -> list[Action]:
        """One message from Twilio. On the media path: no action of a frame needs more than a queue."""
        if isinstance(message, messages.Media):
            return self._media(message, now_ms)
        if isinstance(message, messages.Malformed):
            self.counters[message.code] += 1
            return self._refused_start("bad_start", now_ms) if message.is_start else []
        if isinstance(message, messages.Stop | messages.Dtmf | messages.Mark) and self._is_foreign(message.stream_sid):
            return []
        self._clock.note_sequence(getattr(message, "sequence", None))
        if isinstance(message, messages.Start):
            return self._start(message, now_ms)
        elif isinstance(message, messages.Stop):
            if message.call_sid and message.call_sid != self.call_sid:
                self.counters["foreign_call"] += 1
            elif self.state is State.WAITING:
                self.counters["stop_before_start"] += 1
            else:
                return self.stop(now_ms)
        elif isinstance(message, messages.Dtmf):
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

    def look(self, now_ms: float) -> CallStatus:
        """What who watches is shown of the line and its recogniser."""
        if now_ms - self._last_frame_ms >= SILENT_LINE_MS or self._watch.unheard_ms >= UNHEARD_SHOWN_MS:
            shows = LineActivity.NOTHING
        else:
            shows = LineActivity.SPEAKING if self._endpointer.speaking else LineActivity.LISTENING
        if not self.tuning.streaming:
            hears = RecognizerActivity.ONE_SHOT
        elif not self._streaming:
            hears = RecognizerActivity.DOWN
        else:
            hears = RecognizerActivity.DEAF if self._watch.deaf else RecognizerActivity.STREAM
        return CallStatus(shows, hears, self._watch.results)

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
        if isinstance(event, Interim | Final):
            actions += self._result(event, now_ms)
        elif isinstance(event, OneShotDone):
            actions += self._one_shot(event, now_ms)
        else:
            actions += self._stream(event, now_ms)
        actions += self._unvoiced(now_ms)
        if not isinstance(event, Interim):
            actions += self._revisions()
        return actions + self.tick(now_ms)

    def tick(self, now_ms: float) -> list[Action]:
        """Whatever time has decided: turns to accept, one-shots to ask for, the end of the call."""
        self._miss_frames(now_ms)
        actions = self._outlived(now_ms)
        if self._drain_until_ms is not None and now_ms >= self._drain_until_ms:
            self._streaming = False
        self._asked = {number: until_ms for number, until_ms in self._asked.items() if now_ms < until_ms}
        for utterance in self._utterances:
            if utterance.phase in (Phase.WAITING, Phase.ASKED):
                actions += self._decide(utterance, now_ms)
        actions += self._hand_on(now_ms)
        actions += self._doubtful(now_ms)
        if self._drained and not self._asked and (not self._owed or now_ms >= self._last_tries_until_ms):
            self.state = State.ENDED
            actions += [*self._revisions(), CallOver()]
        return actions

    @property
    def _drained(self) -> bool:
        """The call has ended, its streams have said their last word, and every utterance is a turn."""
        return self.state is State.DRAINING and not self._streaming and not self._utterances

    @property
    def _last_tries_until_ms(self) -> float:
        drained_ms = self._drain_until_ms or 0.0
        return min(max(drained_ms, self._one_shot_answered_ms) + LAST_TRIES_MS, drained_ms + LONGEST_TRIES_MS)

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
        if self.state is State.WAITING:
            deadlines.append(self._began_ms + NO_START_MS)
        elif self.state is State.LIVE:
            deadlines.append(self._last_frame_ms + NO_CALLER_MS)
            if self._longest_call_ms:
                deadlines.append(self._began_ms + self._longest_call_ms)
            if self._endpointer.speaking:
                deadlines.append(self._last_frame_ms + self.tuning.vad_hangover_ms + NO_FRAMES_MARGIN_MS)
        if self._drain_until_ms is not None and self._streaming:
            deadlines.append(self._drain_until_ms)
        deadlines += self._asked.values()
        if self._drained and self._owed and now_ms < self._last_tries_until_ms:
            deadlines.append(self._last_tries_until_ms)
        overdue_ms = self._kept.next_deadline_ms(now_ms)
        if overdue_ms is not None:
            deadlines.append(overdue_ms)
        return min(deadlines, default=None)

    def _result(self, event: Interim | Final, now_ms: float) -> list[Action]:
        if event.words:
            self._watch.heard()
            self._kept.answers(now_ms)
            self._kept.covered_to(max(event.end_ms or 0, self._heard_out_ms))
        if isinstance(event, Interim):
            self._ledger.interim(event, fed_ms=self._clock.next_ms)
            return self._partials(event, now_ms)
        self._ledger.final(event, fed_ms=self._clock.next_ms)
        self._partials(event, now_ms)
        return []

    def _stream(
        self, event: StreamOpened | StreamRenewed | StreamClosed | StreamingLost, now_ms: float
    ) -> list[Action]:
        actions: list[Action] = []
        if isinstance(event, StreamOpened):
            if not self._streaming:
                # What was begun without a stream, this one has not heard from its beginning.
                self._must_be_rescued()
                actions.append(Note("streaming_back"))
            self._streaming, self._attempts = True, event.attempt
            self._watch.opened(now_ms)
        elif isinstance(event, StreamRenewed):
            self._renewed[event.stream] = event.at_ms
            self._ledger.renewed(event.stream, event.at_ms)
        elif isinstance(event, StreamingLost):
            self._streaming = False
            return [Note("streaming_lost", event.error.code)]
        else:
            return self._closed(event)
        return actions

    def _closed(self, event: StreamClosed) -> list[Action]:
        self._ledger.closed(event.stream, fed_ms=self._clock.next_ms)
        actions: list[Action] = [] if event.error is None else [Note(event.error.code, f"stream {event.stream}")]
        if event.stream in self._renewed:
            at_ms = self._renewed.pop(event.stream)
            if event.error is None:
                self._heard_out_ms = at_ms
                self._kept.covered_to(at_ms)
            else:
                self._cut_short(at_ms)
            self._without_a_final()
            return actions
        self._watch.closed()
        if self.state is State.DRAINING:
            self._streaming = False
        else:
            self._must_be_rescued()
        return actions

    def _without_a_final(self) -> None:
        """A half-closed stream owed a final and has ended: what it last guessed is no text to act on."""
        weak = self._ledger.provisional()
        for utterance in self._utterances:
            if utterance.number in weak and utterance.phase in (Phase.SPEAKING, Phase.WAITING):
                utterance.rescue = True

    def _cut_short(self, at_ms: int) -> None:
        """A half-closed stream has ended without saying all that was its own."""
        self._kept.failed(at_ms)
        for utterance in self._utterances:
            waits = utterance.phase in (Phase.SPEAKING, Phase.WAITING)
            if waits and utterance.start_ms < at_ms and not self._covers(utterance, self._ledger.heard_to_ms):
                utterance.rescue = True

    def _must_be_rescued(self) -> None:
        """What is being spoken, or waits, was not heard whole by any stream."""
        for utterance in self._utterances:
            if utterance.phase in (Phase.SPEAKING, Phase.WAITING):
                utterance.rescue = True
        self._unheard_to_ms = self._clock.next_ms + UNHEARD_MS
        self._kept.failed(self._clock.next_ms)

    def _outlived(self, now_ms: float) -> list[Action]:
        """A socket without a call, a call without a caller, or without an end."""
        if self.state is State.WAITING and now_ms - self._began_ms >= NO_START_MS:
            return [*self.stop(now_ms), CloseSocket("no_start")]
        if self.state is not State.LIVE:
            return []
        if now_ms - self._last_frame_ms >= NO_CALLER_MS:
            return [*self.stop(now_ms), CloseSocket("silent_line")]
        if self._longest_call_ms and now_ms - self._began_ms >= self._longest_call_ms:
            return [*self.stop(now_ms), CloseSocket("too_long")]
        return []

    # Audio

    def _start(self, message: messages.Start, now_ms: float) -> list[Action]:
        foreign = ""
        if message.call_sid != self.call_sid:
            foreign = "foreign_call"
        elif self._account_sid and message.account_sid and message.account_sid != self._account_sid:
            foreign = "foreign_account"
        if foreign or self.state is not State.WAITING:
            self.counters[foreign or "second_start"] += 1
            return self._refused_start("foreign_start", now_ms)
        self.start = message
        self.state = State.LIVE
        self._began_ms = self._last_frame_ms = now_ms
        return [CallBegun(message)]

    def _refused_start(self, reason: str, now_ms: float) -> list[Action]:
        """A call that is heard goes on, whatever else is said on its socket."""
        return [*self.stop(now_ms), CloseSocket(reason)] if self.state is State.WAITING else []

    def _is_foreign(self, stream_sid: str) -> bool:
        """Another stream's message, where it says whose it is."""
        foreign = bool(stream_sid) and self.start is not None and stream_sid != self.start.stream_sid
        if foreign:
            self.counters["foreign_stream"] += 1
        return foreign

    def _media(self, message: messages.Media, now_ms: float) -> list[Action]:
        if self.state is not State.LIVE:
            self.counters["media_before_start" if self.state is State.WAITING else "media_after_stop"] += 1
            return []
        if self._is_foreign(message.stream_sid):
            return []
        actions: list[Action] = []
        ear = self._endpointer
        frames = self._clock.frames(message, now_ms)
        stamp_ms = self._clock.stamp_ms
        if stamp_ms is not None:
            self.delays.add(stamp_ms, now_ms)
        for frame in frames:
            self._last_frame_ms = now_ms
            boundary = ear.conceal(frame.at_ms) if frame.concealed else ear.push(frame.ulaw, frame.at_ms)
            if ear.voiced:
                self._last_voiced_ms = now_ms
            if isinstance(boundary, SpeechEnded):
                self._ended(boundary, EndReason.TOO_LONG if boundary.cut else EndReason.SILENCE, now_ms)
                actions.append(Wake())
            elif isinstance(boundary, SpeechStarted):
                self._began(boundary, frame.at_ms, now_ms)
                actions.append(Wake())
            feed = Feed(frame.ulaw, frame.at_ms, ear.level_dbfs, ear.voiced, ear.pitchless)
            self._ring.push(feed)
            actions.append(feed)
            verdict = self._watch.frame(voiced=ear.voiced, speaking=ear.speaking, now_ms=now_ms)
            if verdict is not None:
                actions += self._tend(verdict, frame.at_ms)
            self._frames += 1
            if self._frames % TRIM_EVERY == 0:
                self._trim()
        return actions

    def _tend(self, verdict: StreamCommand, at_ms: int) -> list[Action]:
        """The stream has had its time: the shell renews, pauses or resumes it, at once."""
        if verdict in (StreamCommand.HALF_CLOSE, StreamCommand.NEXT, StreamCommand.SPOKEN_OVER):
            return [self._hasten(verdict, at_ms + FRAME_MS)]
        note = Note(verdict.value)
        if verdict is StreamCommand.PAUSE:
            return [PauseStream(at_ms), note]
        if verdict is StreamCommand.RESUME:
            return [ResumeStream(tuple(self._ring.since(at_ms - REPLAY_MS))), note]
        if verdict is StreamCommand.RENEW_DEAF:
            self._must_be_rescued()
        cut_ms = at_ms + FRAME_MS
        if not self._watch.quiet:
            cut_ms = self._ring.quietest_ms(at_ms - CUT_WITHIN_MS, cut_ms)
        return [RenewStream(cut_ms, tuple(self._ring.since(cut_ms - REPLAY_MS))), note]

    def _hasten(self, verdict: StreamCommand, now_ms: int) -> PauseStream | ResumeStream:
        """Half-close the stream for its final, or begin the next one. No note: it happens at every pause."""
        self.counters[verdict.value] += 1
        if verdict is StreamCommand.HALF_CLOSE:
            self._silent_from_ms = self._endpointer.last_voiced_end_ms or now_ms
            return PauseStream(now_ms)
        if verdict is StreamCommand.NEXT:
            return ResumeStream(tuple(self._ring.since(self._silent_from_ms)))
        border_ms = self._silent_from_ms - SPOKEN_OVER_MS
        return ResumeStream(tuple(self._ring.since(border_ms - REPLAY_MS)), border_ms)

    def _trim(self) -> None:
        needed = [self._clock.next_ms - CUT_WITHIN_MS - REPLAY_MS]
        needed += [utterance.start_ms for utterance in self._utterances[:1]]
        unsettled_ms = self._kept.unsettled_from_ms()
        if unsettled_ms is not None:
            needed.append(unsettled_ms)
        self._ring.forget_before(min(needed) - PRE_ROLL_MS)

    def _began(self, boundary: SpeechStarted, at_ms: int, now_ms: float) -> None:
        number = self._ledger.began(boundary.start_ms)
        first_voiced_ms = now_ms - (at_ms - boundary.start_ms)
        utterance = Utterance(number, boundary.start_ms, first_voiced_ms)
        utterance.rescue = boundary.start_ms < self._unheard_to_ms
        self._utterances.append(utterance)

    def _ended(self, boundary: SpeechEnded, reason: EndReason, now_ms: float) -> None:
        utterance = next((u for u in reversed(self._utterances) if u.phase is Phase.SPEAKING), None)
        if utterance is None:
            return
        self._ledger.ended(utterance.number, boundary.end_ms)
        self.speech_ms += boundary.voiced_ms
        wait_ms = CUT_COVERAGE_MS if reason is EndReason.TOO_LONG else self.tuning.stt_timeout_ms
        utterance.end(
            boundary,
            reason,
            audio_to_ms=self._clock.next_ms,
            ended_ms=self._last_voiced_ms or now_ms,
            deadline_ms=now_ms + wait_ms,
        )

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
        if utterance.rescue:
            return self._decide_rescued(utterance, now_ms)
        share = self._ledger.share(utterance.number)
        covered = self._covers(utterance, share.heard_to_ms)
        due = now_ms >= utterance.deadline_ms
        settled = share.settled or utterance.confirmed >= SETTLED_AFTER
        # A half-closed stream says its last word soon, and holds the next one's back until then.
        more_comes = not covered and bool(self._renewed) and self._streaming
        if share.words and share.settled and (covered or (due and not more_comes) or not self._streaming):
            self._accept(utterance, share, Source.FINAL, "covering_final" if covered else "held_final", now_ms)
        elif share.words and covered and settled and self._is_strong(share):
            self._accept(utterance, share, Source.EARLY, "strong_partial", now_ms)
        nothing_comes = not self._streaming or self._heard_out_ms >= utterance.end_ms
        if utterance.phase is Phase.DECIDED or not (due or (not share.words and nothing_comes)):
            return []
        # A partial that has not settled is not text to act on yet: its newest words may be wrong; where the engine has
        # not listened to the end, words are missing more often than not, and waiting twice as long pays.
        settle_ms = self.tuning.settle_ms * (1 if covered else 2)
        may_change = (not settled and self._streaming) or more_comes
        if share.words and may_change and now_ms < utterance.deadline_ms + settle_ms:
            return []
        if self.state is State.DRAINING and self._streaming and utterance.phase is Phase.WAITING:
            # The half-closed stream still has its say; its end, or DRAIN_STREAM_MS, decides.
            utterance.deadline_ms = self._drain_until_ms or now_ms
            return []
        return self._decide_due(utterance, share, now_ms)

    def _decide_rescued(self, utterance: Utterance, now_ms: float) -> list[Action]:
        """A stream failed under it: the one-shot recogniser is asked at once, and waited for before any other words."""
        if utterance.phase is Phase.WAITING and utterance.voiced_ms >= SHORTEST_ONE_SHOT_MS:
            return self._ask(utterance, now_ms)
        if utterance.phase is Phase.ASKED and now_ms < utterance.deadline_ms:
            return []
        utterance.rescue, utterance.unanswered = False, utterance.phase is Phase.ASKED
        return self._decide_due(utterance, self._ledger.share(utterance.number), now_ms)

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
            return self._ask(utterance, now_ms)
        return []

    def _ask(self, utterance: Utterance, now_ms: float) -> list[Action]:
        utterance.phase = Phase.ASKED
        utterance.deadline_ms = now_ms + self.tuning.stt_fallback_deadline_ms
        self._asked[utterance.number] = utterance.deadline_ms
        self._owed.add(utterance.number)
        ulaw = self._audio(utterance.number, utterance.start_ms, utterance.audio_to_ms)
        return [AskOneShot(utterance.number, ulaw), Note("fallback", f"utterance {utterance.number}")]

    def _audio(self, number: int, start_ms: int, to_ms: int) -> bytes:
        """An utterance with its pre-roll and the silence that ended it, and nothing of its neighbours."""
        from_border_ms, to_border_ms = self._ledger.borders(number)
        from_ms, to_ms = max(start_ms - PRE_ROLL_MS, from_border_ms), min(to_ms, to_border_ms)
        self._ledger.asked(number, from_ms, to_ms)
        return self._ring.audio(from_ms, to_ms)

    def _doubtful(self, now_ms: float) -> list[Action]:
        """Turns that no engine has heard to the end are heard again, one at a time, while nobody waits for another."""
        if self._owed or (self._drained and now_ms >= self._last_tries_until_ms):
            return []
        while (turn := self._kept.doubtful(now_ms, last=self._drained)) is not None:
            if turn.text and turn.started_ms < self._ring.begins_ms:
                continue  # less audio than words: what would be heard again is less than what is there
            ulaw = self._audio(turn.number, turn.started_ms, turn.ended_ms + PRE_ROLL_MS)
            if len(ulaw) >= SHORTEST_ONE_SHOT_MS * BYTES_PER_MS:
                self._asked[turn.number] = now_ms + self.tuning.stt_fallback_deadline_ms
                self._owed.add(turn.number)
                return [AskOneShot(turn.number, ulaw), Note("rescue", f"utterance {turn.number}")]
        return []

    def _covers(self, utterance: Utterance, heard_to_ms: int | None, beyond_ms: int = 0) -> bool:
        """A result that reaches the utterance's last voiced frame, within the slack."""
        end_ms = self._endpointer.last_voiced_end_ms if utterance.phase is Phase.SPEAKING else utterance.end_ms
        heard_to_ms = max(heard_to_ms or 0, self._heard_out_ms)
        return bool(heard_to_ms and end_ms and heard_to_ms >= end_ms + beyond_ms - self.tuning.coverage_slack_ms)

    def _is_strong(self, share: Share) -> bool:
        text = share.text
        punctuated = self.tuning.early_punctuation and text[-1] in ".,?!"
        return punctuated or len(text) >= self.tuning.early_min_characters

    def _one_shot(self, event: OneShotDone, now_ms: float) -> list[Action]:
        number = event.utterance
        if number is None:
            number = self._utterances[-1].number if self._utterances else self._kept.last_number
        error = event.error if event.error is not None and event.error.code not in HEARD else None
        self._asked.pop(number, None)
        self._owed.discard(number)
        if error is None:
            self._one_shot_answered_ms = now_ms
            self._kept.answers(now_ms, number=number)
        if event.words and not self._ledger.share(number).words:
            self._watch.missed()
        self._ledger.one_shot(number, event.words)
        utterance = next((u for u in self._utterances if u.number == number), None)
        if utterance is None or utterance.phase is not Phase.ASKED:
            return []
        share = self._ledger.share(number)
        utterance.unanswered = utterance.rescue and error is not None
        if event.words:
            self._accept(utterance, share, Source.FALLBACK, "one_shot", now_ms)
        elif share.words:
            self._accept(utterance, share, Source.PARTIAL, "one_shot_empty", now_ms)
        else:
            code = event.error.code if event.error is not None else "no_words"
            self._accept(utterance, share, Source.NONE, "one_shot_empty", now_ms, code=code)
        return [] if error is None else [Note("fallback_failed", error.code)]

    def _accept(
        self, utterance: Utterance, share: Share, source: Source, rule: str, now_ms: float, *, code: str = ""
    ) -> None:
        self._ledger.take(utterance.number)
        utterance.phase = Phase.DECIDED
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

    def _hand_on(self, now_ms: float) -> list[Action]:
        """Turns go on in speech order: one that waits holds the next back."""
        actions: list[Action] = []
        while self._utterances and (turn := self._utterances[0].turn) is not None:
            utterance = self._utterances.pop(0)
            covered = turn.source is Source.FALLBACK or self._covers(utterance, self._ledger.heard_to_ms)
            self._kept.add(turn, now_ms, covered=covered, cut_short=utterance.unanswered)
            actions.append(TurnAccepted(turn))
        if actions:
            begins_ms = self._kept.forget_before(self._clock.next_ms - KEEP_MS)
            if begins_ms is not None:
                self._ledger.forget_before(begins_ms)
        return actions

    # What comes late

    def _revisions(self) -> list[Action]:
        """Turns whose settled words are no longer those that were handed on."""
        over = self.state is State.ENDED
        actions: list[Action] = [TurnRevised(new, old.heard_text) for old, new in self._kept.revisions(final=over)]
        for utterance in self._utterances:
            # Decided, but held back by an earlier turn: what is handed on are the words known by then.
            if utterance.turn is not None and not self._ledger.waits_for(utterance.number):
                utterance.reword(" ".join(self._ledger.heard_words(utterance.number)))
        return actions

    def _unvoiced(self, now_ms: float) -> list[Action]:
        """Words where the endpointer heard no speech: a turn of their own."""
        actions: list[Action] = []
        for span in self._ledger.take_vad_missed():
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
            self._kept.add(turn, now_ms, covered=True)
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
