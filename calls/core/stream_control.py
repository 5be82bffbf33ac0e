"""The call's recognition stream: when it is renewed, paused or half-closed, what it has not heard, how it ends. Pure.

Streams follow each other, and now and then engines do. One that is half-closed on purpose (for its final, a renewal or
a pause) still says the words up to a border; the next one says those behind it, and is replayed the audio around it.
One that fails says nothing more: what it has not covered only the one-shot recogniser can hear. Where the line has
several engines the next stream is replayed that audio instead, whoever's it is (stt/engines/ladder.py).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from calls.core.actions import Action, Note, PauseStream, RenewStream, ReplaceStream, ReplayStream, ResumeStream
from calls.core.audio_intake import AudioIntake
from calls.core.coverage import Coverage
from calls.core.decision import StreamOutlook
from calls.core.hearing_engines import HearingEngines
from calls.core.open_utterances import OpenUtterances
from calls.core.revisions import RevisableTurns
from calls.core.status import RecognizerActivity
from calls.core.stream_policy import StreamCommand, StreamPolicy
from stt.attribution.ledger import Attribution
from stt.audio import FRAME_MS
from stt.endpointing.endpointer import EndpointOptions
from stt.events import (
    RENEWAL_TIMEOUT,
    EngineChanged,
    Final,
    Interim,
    StreamClosed,
    StreamingLost,
    StreamOpened,
    StreamRenewed,
)

PRE_ROLL_MS = EndpointOptions().pre_roll_ms
DRAIN_STREAM_MS = 5000
"""How long a half-closed stream is read after the call has ended."""
REPLAY_MS = 500
"""A renewed stream begins this long before the cut, or before the speech that ended a pause."""
CUT_WITHIN_MS = 2000
"""In mid-speech a stream is cut at the quietest frame of this long."""
SPOKEN_OVER_MS = 250
"""Where the caller spoke on, the border between two streams lies this long before the silence: the word that the
half-close may have cut is the next stream's, which has heard it whole."""


@dataclass(frozen=True, slots=True)
class SilentBorder:
    """Where a stream was half-closed in silence. In ms of media time."""

    voice_to_ms: int = 0
    """The voice ended here."""
    fed_to_ms: int = 0
    """The stream was fed up to here."""
    fed_from_ms: int = 0
    """...and from here."""

    def replay_from_ms(self, *, tell_times: bool) -> int:
        """From where on the next stream is fed. Words begin softly: both hear the silence. But one that fades out
        behind its voice is then said by both, and without times nothing shows that it is one word."""
        return self.voice_to_ms if tell_times else self.fed_to_ms


@dataclass(frozen=True, slots=True)
class HalfClosed:
    """A stream that was half-closed on purpose, and has not ended."""

    border_ms: int
    """Words up to this media time are its own."""
    since_ms: float
    """The monotonic instant of the half-close."""


class StreamControl:
    """One call's streams; tells utterances and turns what they have left unheard."""

    def __init__(
        self,
        policy: StreamPolicy,
        engines: HearingEngines,
        audio: AudioIntake,
        ledger: Attribution,
        coverage: Coverage,
        utterances: OpenUtterances,
        turns: RevisableTurns,
        counters: Counter[str],
    ) -> None:
        self.policy = policy
        self.engines = engines
        self.is_open = policy.tuning.streaming
        """A stream is open or being tried."""
        self.drain_until_ms: float | None = None
        """The monotonic instant up to which the last stream is read; None while the call goes on."""
        self._audio = audio
        self._ledger = ledger
        ledger.tell_times = engines.tell_times
        self._coverage = coverage
        self._utterances = utterances
        self._turns = turns
        self._counters = counters
        self._half_closed: dict[int, HalfClosed] = {}
        self._border = SilentBorder()

    # Events

    def heard(self, result: Interim | Final, now_ms: float) -> list[Action]:
        """The stream gave a result; one with words is a sign of hearing."""
        if result.words:
            self.engines.heard(now_ms, self._utterances.owed_since_ms(), self.policy.unheard_ms)
            self.policy.heard()
            self._turns.stream_answered(now_ms)
            self._turns.covered_to(max(result.end_ms or 0, self._coverage.heard_out_ms))
        if isinstance(result, Final):
            self._ledger.final(result, fed_ms=self._audio.next_ms)
            self.policy.hastening.final(result, now_ms)
            self._utterances.heard(result, now_ms)
            return []
        self._ledger.interim(result, fed_ms=self._audio.next_ms)
        self._utterances.heard(result, now_ms)
        return [*self._utterances.partials()]

    def changed(
        self, event: StreamOpened | StreamRenewed | StreamClosed | StreamingLost | EngineChanged, now_ms: float
    ) -> list[Action]:
        """A stream opened, was half-closed, ended, cannot be opened, or is another engine's."""
        if isinstance(event, StreamOpened):
            return self._opened(event, now_ms)
        if isinstance(event, StreamRenewed):
            before = self._half_closed.get(event.stream)
            self._half_closed[event.stream] = HalfClosed(event.at_ms, now_ms if before is None else before.since_ms)
            self._ledger.renewed(event.stream, event.at_ms)
            return []
        if isinstance(event, StreamingLost):
            self.is_open = False
            return [Note("streaming_lost", event.error.code)]
        if isinstance(event, EngineChanged):
            note = self.engines.changed(event, self.policy, now_ms)
            self._ledger.tell_times = self.engines.tell_times
            return [note]
        known = event.error is None or event.error.code == StreamCommand.RENEW_DEAF
        notes = [] if known or event.error is None else [Note(event.error.code, f"stream {event.stream}")]
        if event.replays and self.drain_until_ms is None:
            return [self._replay_unheard(event), *notes]
        self._closed(event, now_ms)
        return [*notes]

    def _replay_unheard(self, event: StreamClosed) -> ReplayStream:
        """What the stream owes is said by the next one: it hears that again."""
        fed_ms = event.fed_to_ms if event.fed_to_ms is not None else self._audio.next_ms
        self.policy.hastening.disturbed()
        self.policy.closed()
        borders_ms = (one.border_ms for one in self._half_closed.values())
        border_ms = max(borders_ms, default=self._coverage.heard_out_ms)
        first = self._utterances.first_unheard(border_ms)
        if first is None:
            # What was said is turns already: their last words may be missing.
            self._ledger.closed(event.stream, fed_ms=fed_ms)
            self._turns.stream_failed(fed_ms)
            return ReplayStream(self._replay(max(fed_ms - REPLAY_MS, self._audio.endpointer.last_voiced_end_ms or 0)))
        number, start_ms = first
        quiet_ms = start_ms - PRE_ROLL_MS
        from_ms = self._ledger.replayed(event.stream, number, max(quiet_ms, border_ms), quiet_ms, fed_ms=fed_ms)
        self._turns.stream_failed(from_ms)
        return ReplayStream(self._replay(from_ms if from_ms == quiet_ms else from_ms - REPLAY_MS))

    def _opened(self, event: StreamOpened, now_ms: float) -> list[Action]:
        actions: list[Action] = []
        if not self.is_open:
            # What was begun without a stream, this one has not heard from its beginning.
            self._fail()
            actions.append(Note("streaming_back"))
        self.is_open = True
        if event.fed_from_ms is not None:
            self._ledger.opened(event.stream, event.fed_from_ms)
        self.engines.opened(event)
        self.policy.opened(now_ms)
        return actions

    def _closed(self, event: StreamClosed, now_ms: float) -> None:
        fed_to_ms = event.fed_to_ms if event.fed_to_ms is not None else self._audio.next_ms
        self._ledger.closed(event.stream, fed_ms=fed_to_ms)
        half_closed = self._half_closed.pop(event.stream, None)
        if half_closed is not None:
            border_ms = half_closed.border_ms
            self.policy.hastening.stream_ended(event.error, now_ms)
            if event.error is None:
                self.engines.said_last_word(now_ms - half_closed.since_ms)
                self._coverage.heard_out_ms = border_ms
                self._turns.covered_to(border_ms)
            else:
                if event.error.code == RENEWAL_TIMEOUT:
                    self.engines.missed()
                self._turns.stream_failed(border_ms)
                self._utterances.stream_cut_short(border_ms)
            self._utterances.final_is_missing(self._ledger.provisional())
            return
        self.policy.closed()
        if self.drain_until_ms is not None:
            self.is_open = False
        else:
            self._fail()

    def _fail(self) -> None:
        """No stream has heard whole what is being spoken or waits."""
        self.policy.hastening.disturbed()
        fed_ms = self._audio.next_ms
        self._coverage.stream_failed(fed_ms)
        self._utterances.stream_failed()
        self._turns.stream_failed(fed_ms)

    # Commands

    def apply_command(self, command: StreamCommand, at_ms: int) -> list[Action]:
        """What the policy has decided at the frame of this media time: the shell renews, pauses or resumes at once."""
        if command in (StreamCommand.HALF_CLOSE, StreamCommand.NEXT, StreamCommand.SPOKEN_OVER):
            return [self._request_final(command, at_ms + FRAME_MS)]
        self.policy.hastening.disturbed()
        note = Note(command.value)
        if command is StreamCommand.PAUSE:
            return [PauseStream(at_ms), note]
        if command is StreamCommand.RESUME:
            return [ResumeStream(self._replay(at_ms - REPLAY_MS)), note]
        if command is StreamCommand.RENEW_DEAF:
            if self.engines.has_others:
                return [ReplaceStream(command.value), note]
            self._fail()
        cut_ms = at_ms + FRAME_MS
        if not self.policy.quiet:
            cut_ms = self._audio.buffer.quietest_ms(at_ms - CUT_WITHIN_MS, cut_ms)
        return [RenewStream(cut_ms, self._replay(cut_ms - REPLAY_MS)), note]

    def _request_final(self, command: StreamCommand, at_ms: int) -> PauseStream | ResumeStream:
        """Half-close the stream for its final, or begin the next one. Without a note: it happens at every pause."""
        self._counters[command.value] += 1
        if command is StreamCommand.HALF_CLOSE:
            silent_from_ms = self._audio.endpointer.last_voiced_end_ms or at_ms
            self._border = SilentBorder(silent_from_ms, at_ms, self.engines.fed_from_ms)
            self.policy.hastening.half_closed(silent_from_ms)
            return PauseStream(at_ms)
        if command is StreamCommand.NEXT:
            return ResumeStream(self._replay(self._border.replay_from_ms(tell_times=self._ledger.tell_times)))
        border_ms = self._border.voice_to_ms - SPOKEN_OVER_MS
        from_ms = border_ms - REPLAY_MS
        if not self._ledger.tell_times:
            # Its first words are known to be the other's last ones only where it hears nothing from before those.
            from_ms = max(from_ms, self._border.fed_from_ms)
        return ResumeStream(self._replay(from_ms), border_ms)

    def _replay(self, from_ms: int) -> tuple[tuple[int, bytes], ...]:
        return tuple(self._audio.buffer.since(from_ms))

    @property
    def needs_audio_from_ms(self) -> int:
        """Media time from which the next stream may be replayed audio."""
        return self._audio.next_ms - CUT_WITHIN_MS - REPLAY_MS

    # The end

    def drain(self, now_ms: float) -> float:
        """The call has ended; returns until when its stream is read."""
        self.policy.hastening.disturbed()
        self.drain_until_ms = now_ms + DRAIN_STREAM_MS
        return self.drain_until_ms

    def give_up(self, now_ms: float) -> None:
        """A stream that is drained for too long is not read any more."""
        if self.drain_until_ms is not None and now_ms >= self.drain_until_ms:
            self.is_open = False

    def next_deadline_ms(self) -> float | None:
        """The instant at which the stream of a call that has ended is given up."""
        return self.drain_until_ms if self.is_open else None

    # What it is seen as

    def outlook(self, end_ms: int, *, covered: bool) -> StreamOutlook:
        """What can still be said of an utterance that ended at this media time."""
        if not self.is_open:
            return StreamOutlook.GONE
        if self._coverage.has_heard_out(end_ms):
            return StreamOutlook.HEARD_OUT
        return StreamOutlook.ENDING if self._half_closed and not covered else StreamOutlook.OPEN

    @property
    def owed_since_ms(self) -> float:
        """The instant since which a half-closed stream owes its last word; never where none does."""
        return min((one.since_ms for one in self._half_closed.values()), default=math.inf)

    @property
    def activity(self) -> RecognizerActivity:
        """Who hears the call, as it is shown."""
        if not self.policy.tuning.streaming:
            return RecognizerActivity.ONE_SHOT
        if not self.is_open:
            return RecognizerActivity.DOWN
        return RecognizerActivity.DEAF if self.policy.deaf else RecognizerActivity.STREAM
