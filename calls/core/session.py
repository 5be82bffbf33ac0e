"""CallSession: one live call's state machine.

    WAITING --start--> LIVE --stop, socket lost--> DRAINING --every utterance is a turn--> ENDED

Messages from Twilio and events from recognisers go in, actions come out. The session joins its nouns, and each of them
owns its rule and the instants at which time decides by it: the connection (whose call it is, whether anybody is there),
the audio (frames, speech boundaries), the utterances and their acceptance (when one has its words), the stream, the
one-shots, and the turns that can still be revised. Whose each word is the ledger knows (stt/attribution/ledger.py).

It waits for nothing: time is an argument (``now_ms``, monotonic), and ``next_deadline_ms`` says when it wants to be
asked again. Pure Python: no I/O, no clock, no Django. No input raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto

from calls.core import messages
from calls.core.acceptance import Acceptance
from calls.core.actions import Action, CallBegun, CallOver, CloseSocket, FinishStream, MarkReached, Wake
from calls.core.audio_intake import AudioIntake
from calls.core.coverage import Coverage
from calls.core.echo_control import EchoControl, MakeCanceller
from calls.core.hastening import Hastening, RequestCount
from calls.core.hearing_engines import EngineTerms, HeardBy, HearingEngines
from calls.core.media_connection import MediaConnection
from calls.core.one_shots import PRE_ROLL_MS, OneShots
from calls.core.open_utterances import OpenUtterances
from calls.core.revisions import RevisableTurns
from calls.core.sender_clock import MAX_MEDIA_MS
from calls.core.status import SILENT_LINE_MS, UNHEARD_SHOWN_MS, CallerActivity, CallStatus, LineActivity
from calls.core.stream_control import StreamControl
from calls.core.stream_policy import StreamPolicy
from calls.core.turns import EndReason
from calls.core.utterances import Ending
from stt.attribution.ledger import Attribution
from stt.endpointing.endpointer import Boundary, Endpointer, EndpointOptions, SpeechEnded, Vad
from stt.engines.half_close import HalfClosing
from stt.events import Final, Interim, OneShotDone, RecognizerEvent
from stt.tuning import Tuning

TRIM_EVERY = 100
"""Frames after which audio that nobody needs any more is forgotten, and what was found of the echo is told."""


class State(Enum):
    WAITING = auto()
    """For Twilio's start."""
    LIVE = auto()
    DRAINING = auto()
    """The caller's audio is over, words may still come."""
    ENDED = auto()


class CallSession:
    """One call, from the first message to the last word.

    The shell calls ``receive``, ``heard``, ``tick`` and ``stop``, one at a time, performs the actions that they return
    in order, and calls ``tick`` again at ``next_deadline_ms`` or when an action says ``Wake``.
    """

    def __init__(
        self,
        call_sid: str,
        tuning: Tuning,
        *,
        heard_by: HeardBy | None = None,
        account_sid: str = "",
        longest_call_s: int = 0,
        opened_ms: float = 0.0,
        base_ms: int = 0,
        first_number: int = 1,
        vad: Vad | None = None,
        requests: RequestCount | None = None,
        half_closing: HalfClosing | None = None,
        endpointer: Endpointer | None = None,
        make_canceller: MakeCanceller | None = None,
        engines: Mapping[str, EngineTerms] | None = None,
    ) -> None:
        """``heard_by``, ``engines``: as HearingEngines takes them. ``longest_call_s``: 0 is without end. ``opened_ms``:
        when the socket opened. ``base_ms``, ``first_number``: where a call's second stream goes on. ``vad``,
        ``endpointer``: instead of webrtcvad. ``requests``, ``half_closing``: the process's. ``make_canceller``: of our
        echo, where it is wanted."""
        self.tuning = tuning
        self.state = State.WAITING
        self.counters: Counter[str] = Counter()
        """Everything odd: stable code -> times."""
        endpointer, longest_ms = endpointer or Endpointer(EndpointOptions.of(tuning), vad), longest_call_s * 1000
        coverage = Coverage(tuning.coverage_slack_ms)
        self._connection = MediaConnection(
            call_sid, account_sid, self.counters, longest_call_s=longest_call_s, opened_ms=opened_ms
        )
        echo = EchoControl(self.counters, make_canceller)
        self.audio = AudioIntake(
            endpointer, self.counters, echo, base_ms=base_ms, longest_ms=longest_ms or MAX_MEDIA_MS, opened_ms=opened_ms
        )
        """What has come on the line, to be read; and who plays something to the caller tells it here."""
        self._ledger = Attribution(first_number)
        self._hastening = Hastening(tuning, self._ledger, self.counters, requests=requests, memory=half_closing)
        self._utterances = OpenUtterances(self._ledger, coverage, endpointer)
        self._turns = RevisableTurns(self._ledger, self.audio.echo.own_words)
        self._stream = StreamControl(
            StreamPolicy(tuning, self._hastening),
            HearingEngines(heard_by or HeardBy(), engines or {}),
            self.audio,
            self._ledger,
            coverage,
            self._utterances,
            self._turns,
            self.counters,
        )
        self._one_shots = OneShots(tuning, self._ledger, self._turns, self.audio.buffer)
        acts_on = self._ledger, self._utterances, self._turns, self._stream, self._one_shots
        self._acceptance = Acceptance(tuning, *acts_on)

    def receive(self, message: messages.Message, now_ms: float) -> list[Action]:
        """One message from Twilio. On the media path: no action of a frame needs more than a queue."""
        if isinstance(message, messages.Media):
            return self._media(message, now_ms)
        if isinstance(message, messages.Malformed):
            self.counters[message.code] += 1
            return self._refuse("bad_start", now_ms) if message.is_start else []
        if isinstance(message, messages.Stop | messages.Dtmf | messages.Mark) and self._connection.is_foreign(
            message.stream_sid
        ):
            return []
        self.audio.depacketizer.sequence.note(getattr(message, "sequence", None))
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
        elif isinstance(message, messages.Mark):
            return [MarkReached(message.name)]
        return []

    def heard(self, event: RecognizerEvent, now_ms: float) -> list[Action]:
        """A recogniser spoke, opened, closed or failed."""
        if isinstance(event, Interim | Final):
            actions = self._stream.heard(event, now_ms)
        elif isinstance(event, OneShotDone):
            actions = self._acceptance.answered(event, now_ms)
        else:
            actions = self._stream.changed(event, now_ms)
        actions += self._acceptance.hand_on_missed(now_ms)
        if not isinstance(event, Interim):
            actions += self._acceptance.revise(final=self.state is State.ENDED)
        return actions + self.tick(now_ms)

    def tick(self, now_ms: float) -> list[Action]:
        """Whatever time has decided: turns to accept, one-shots to ask for, the end of the call."""
        missed = self.audio.end_without_frames(now_ms)
        if missed is not None:
            self._ended(missed, EndReason.NO_FRAMES, now_ms)
        reason = self._connection.outlived(now_ms, self.audio.last_frame_ms)
        actions = [] if reason is None else [*self.stop(now_ms), CloseSocket(reason)]
        self._stream.give_up(now_ms)
        self._one_shots.give_up(now_ms)
        actions += self._acceptance.decide_all(now_ms)
        actions += self._acceptance.hand_on(now_ms, self.audio.next_ms)
        drained = self._drained
        actions += self._one_shots.retry(now_ms, drained=drained)
        if drained and not self._one_shots.keep_the_call(now_ms):
            self.state = State.ENDED
            actions += [*self._acceptance.revise(final=True), CallOver()]
        return actions

    def stop(self, now_ms: float) -> list[Action]:
        """The caller's audio is over: hang-up, lost socket or shutdown. Idempotent."""
        if self.state in (State.DRAINING, State.ENDED):
            return []
        self.state = State.DRAINING
        self._connection.end()
        self._one_shots.drain(self._stream.drain(now_ms))
        ended = self.audio.end()
        if ended is not None:
            self._ended(ended, EndReason.HANGUP, now_ms)
        return [*self.audio.echo.take_notes(), FinishStream(), Wake()]

    def answered(self, number: int, total_ms: int) -> list[Action]:
        """The line's answer to a turn has begun, so long after the turn's last voiced frame."""
        return [*self._turns.answered(number, total_ms)]

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """The monotonic instant at which ``tick`` has something to decide; None when only input can."""
        deadlines = (
            self._connection.next_deadline_ms(self.audio.last_frame_ms),
            self.audio.next_deadline_ms(),
            self._utterances.next_deadline_ms(),
            self._stream.next_deadline_ms(),
            self._one_shots.next_deadline_ms(now_ms, drained=self._drained),
            self._turns.next_deadline_ms(now_ms),
        )
        return min((at_ms for at_ms in deadlines if at_ms is not None), default=None)

    # What others read

    def look(self, now_ms: float) -> CallStatus:
        """What a supervisor is shown of the line and its recogniser."""
        policy = self._stream.policy
        silent = now_ms - self.audio.last_frame_ms >= SILENT_LINE_MS or policy.unheard_ms >= UNHEARD_SHOWN_MS
        shows = LineActivity.of(silent=silent, speaking=self.audio.endpointer.speaking)
        return CallStatus(shows, self._stream.activity, policy.results, stand_in=self._stream.engines.stand_in)

    @property
    def caller(self) -> CallerActivity:
        """Whether the caller speaks, for whoever answers."""
        return replace(self._utterances.activity, run=self.audio.voiced_run)

    def media_ms(self, now_ms: float) -> int:
        """Media time at this instant."""
        return self.audio.media_ms(now_ms)

    @property
    def call_sid(self) -> str:
        return self._connection.call_sid

    @property
    def start(self) -> messages.Start | None:
        """The start that was accepted."""
        return self._connection.start

    @property
    def speech_ms(self) -> int:
        """Voice of all utterances that have ended."""
        return self._utterances.speech_ms

    def span_ms(self, number: int) -> tuple[int, int | None]:
        """Where an utterance begins and ends in media time. Raises KeyError when it is forgotten, or never was."""
        span = self._ledger.span(number)
        return span.start_ms, span.end_ms

    # Audio

    def _start(self, message: messages.Start, now_ms: float) -> list[Action]:
        if not self._connection.accept(message, now_ms):
            return self._refuse("foreign_start", now_ms)
        self.state = State.LIVE
        self.audio.last_frame_ms = now_ms
        return [CallBegun(message)]

    def _refuse(self, reason: str, now_ms: float) -> list[Action]:
        """A start that cannot be accepted; a call that is heard goes on, whatever else is said on its socket."""
        return [*self.stop(now_ms), CloseSocket(reason)] if self.state is State.WAITING else []

    def _media(self, message: messages.Media, now_ms: float) -> list[Action]:
        if self.state is not State.LIVE:
            self.counters["media_before_start" if self.state is State.WAITING else "media_after_stop"] += 1
            return []
        if message.stream_sid and self._connection.is_foreign(message.stream_sid):
            return []
        actions: list[Action] = []
        audio, policy = self.audio, self._stream.policy
        for frame in audio.frames(message, now_ms):
            boundary = audio.perceive(frame, now_ms)
            if boundary is not None:
                self._bounded(boundary, frame.at_ms, now_ms)
                actions.append(Wake())
            feed = audio.keep(frame)
            actions.append(feed)
            command = policy.frame(voiced=feed.voiced, speaking=audio.endpointer.speaking, now_ms=now_ms)
            if command is not None:
                actions += self._stream.apply_command(command, frame.at_ms)
            if audio.frame_count % TRIM_EVERY == 0:
                self._trim()
                actions += audio.echo.take_notes()
        return actions

    def _bounded(self, boundary: Boundary, at_ms: int, now_ms: float) -> None:
        """Speech begins or ends with the frame of this media time."""
        if isinstance(boundary, SpeechEnded):
            self._ended(boundary, EndReason.TOO_LONG if boundary.cut else EndReason.SILENCE, now_ms)
        else:
            self._utterances.began(boundary.start_ms, now_ms - (at_ms - boundary.start_ms))
            self._hastening.began(self._utterances.last_number, now_ms)

    def _ended(self, boundary: SpeechEnded, reason: EndReason, now_ms: float) -> None:
        arrived_ms = self.audio.last_voiced_ms or now_ms
        ending = Ending(boundary.end_ms, arrived_ms, self.audio.next_ms, boundary.voiced_ms, reason)
        self._utterances.ended(ending, now_ms + ending.wait_ms(self.tuning.stt_timeout_ms))
        self._hastening.ended(boundary.end_ms, arrived_ms)

    def _trim(self) -> None:
        """Forget the audio that nobody needs any more."""
        needed = (self._stream.needs_audio_from_ms, self._utterances.begin_ms, self._turns.unsettled_from_ms())
        self.audio.buffer.forget_before(min(at_ms for at_ms in needed if at_ms is not None) - PRE_ROLL_MS)

    @property
    def _drained(self) -> bool:
        """The call has ended, its streams have said their last word, and every utterance is a turn."""
        return self.state is State.DRAINING and not self._stream.is_open and self._utterances.all_handed_on
