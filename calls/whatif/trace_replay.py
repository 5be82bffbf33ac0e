"""Replays a recorded call through the pure core, at the settings that it had or at others.

What the recogniser said, and when, stands as it came; only our own decisions are made anew: where speech begins and
ends, whose words they are, when a turn has them. Pure: no files, no clock.
"""

from __future__ import annotations

import heapq
import struct
from dataclasses import dataclass, field

from calls.core import actions as act
from calls.core.driver import CallDriver, Hands
from calls.core.messages import Media, Start
from calls.core.session import CallSession
from calls.core.turns import Turn
from calls.whatif.moments import News, Witness
from calls.whatif.one_shot_answers import Ask, LikeAnswers, OneShotAnswers, RecordedAnswers
from calls.whatif.own_sound_again import OwnSoundAgain
from calls.whatif.recorded_call import Audio, HeardEvent, RecordedCall
from stt.audio import FRAME_BYTES, FRAME_MS
from stt.endpointing.endpointer import SILERO_LAG_MS, Endpointer, EndpointOptions
from stt.endpointing.replayed import PartlyReplayedEndpointer, ReplayedEndpointer
from stt.events import OneShotDone
from stt.tuning import Tuning

LAST_WORDS_MS = 60_000
"""Nothing is waited for longer than this after the end of the audio."""


@dataclass(slots=True)
class Rerun:
    """What the core makes of a recorded call."""

    turns: dict[int, Turn] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    guessed: set[int] = field(default_factory=set)
    """Turns whose one-shot was never asked about: its words are what the stream said there."""


def rerun(
    heard: RecordedCall,
    tuning: Tuning,
    *,
    known: Rerun | None = None,
    audio: Audio | None = None,
    first: int = 1,
    witness: Witness | None = None,
) -> Rerun:
    """Replays the call. ``known``: its rerun at the settings that it had, which says what the one-shot recogniser was
    asked; without it this is that rerun. ``audio``: detect speech anew instead of taking what was perceived.
    ``witness`` takes down what whoever answers was told.
    """
    return _Replay(heard, tuning, known, audio, first, witness).run()


class _Replay(Hands):
    """Hands frames, events and deadlines to a session in the order of their instants, and performs its actions."""

    def __init__(
        self,
        heard: RecordedCall,
        tuning: Tuning,
        known: Rerun | None,
        audio: Audio | None,
        first: int,
        witness: Witness | None,
    ) -> None:
        self._heard = heard
        self._answers: OneShotAnswers = RecordedAnswers(heard) if known is None else LikeAnswers(heard, known.asks)
        self._result = Rerun()
        self._witness = witness
        self._over = False
        self._ulaw = b"".join(audio.frame(f.at_ms) if audio else _marked(i) for i, f in enumerate(heard.frames))
        options = EndpointOptions.of(tuning)
        lag_ms = SILERO_LAG_MS if tuning.vad_engine == "silero" else 0
        # Only what is listened to anew is judged anew: the echo rule weighs levels, and those are as they were.
        self._own = OwnSoundAgain(heard) if audio else None
        endpointer: Endpointer
        if self._own is not None:
            endpointer = PartlyReplayedEndpointer(options, self._own.left_by_canceller)
        else:
            perceived = {frame.at_ms: frame.perceived for frame in heard.frames}
            endpointer = ReplayedEndpointer(options, perceived, lag_ms)
        session = CallSession("CA", tuning, base_ms=self._base_ms, first_number=first, endpointer=endpointer)
        self._driver = CallDriver(session, self)
        self._events: list[tuple[float, int, HeardEvent]] = []
        self._order = 0
        self._now_ms = self._ticked_ms = -1.0
        for one in heard.events:
            if not isinstance(one.event, OneShotDone):
                self._push(one)

    @property
    def _base_ms(self) -> int:
        """A call's second stream begins where its first one had come to; timestamps count from there."""
        return self._heard.frames[0].at_ms if self._heard.frames else 0

    def run(self) -> Rerun:
        self._driver.receive(Start("MZ", "CA"), 0)
        for i, frame in enumerate(self._heard.frames):
            ulaw = self._ulaw[i * FRAME_BYTES : (i + 1) * FRAME_BYTES]
            self._run_until(frame.arrived_ms, frame.at_ms)
            if self._own is not None:
                self._own.tell(self._driver.session.audio.echo.own, self._now_ms)
            self._driver.receive(Media(None, frame.at_ms - self._base_ms, ulaw), self._now_ms)
            self._look()
        self._run_until(self._heard.stopped_ms)
        self._driver.stop(self._heard.stopped_ms)
        self._run_until(self._heard.stopped_ms + LAST_WORDS_MS)
        return self._result

    def _run_until(self, until_ms: float, at_ms: int | None = None) -> None:
        """Events and deadlines that come before an instant, at which the frame of this media time comes."""
        while not self._over:
            deadline_ms = self._driver.session.next_deadline_ms(self._now_ms)
            if deadline_ms is not None and deadline_ms <= self._ticked_ms:
                deadline_ms = None  # it was asked then, and time alone decides nothing more
            event = self._events[0][2] if self._events and self._events[0][2].precedes(until_ms, at_ms) else None
            if event is not None and (deadline_ms is None or event.now_ms <= deadline_ms):
                heapq.heappop(self._events)
                self._now_ms = max(self._now_ms, event.now_ms)
                self._driver.heard(event.event, self._now_ms)
                self._look()
            elif deadline_ms is not None and deadline_ms <= until_ms:
                self._now_ms = self._ticked_ms = max(self._now_ms, deadline_ms)
                self._driver.tick(self._now_ms)
                self._look()
            else:
                self._now_ms = max(self._now_ms, until_ms)
                return

    # The session's hands

    def wake(self, action: act.Wake) -> None:
        self._driver.tick(self._driver.now_ms)

    def ask_one_shot(self, action: act.AskOneShot) -> None:
        self._ask(action, round(self._driver.now_ms))

    def show_partial(self, action: act.Partial) -> None:
        self._tell(action)

    def accept(self, action: act.TurnAccepted) -> None:
        self._tell(action)
        self._result.turns[action.turn.number] = action.turn

    def revise(self, action: act.TurnRevised) -> None:
        self._tell(action)
        self._result.turns[action.turn.number] = action.turn

    def end(self, action: act.CallOver) -> None:
        self._over = True

    def _look(self) -> None:
        if self._witness is not None:
            self._witness.looks(self._driver.session.caller, self._now_ms)

    def _tell(self, news: News) -> None:
        if self._witness is not None:
            self._witness.hears(news, self._driver.session.caller, self._now_ms)

    def _ask(self, action: act.AskOneShot, now_ms: int) -> None:
        if not action.ulaw:
            return
        first = self._ulaw.find(action.ulaw) // FRAME_BYTES
        from_ms = self._heard.frames[first].at_ms
        to_ms = from_ms + len(action.ulaw) * FRAME_MS // FRAME_BYTES
        answer = self._answers.to(action.utterance, from_ms, to_ms, now_ms)
        if answer is None:
            return
        if answer.is_guess:
            self._result.guessed.add(action.utterance)
        self._result.asks.append(answer)
        self._push(HeardEvent(answer.answered_ms, OneShotDone(action.utterance, answer.words, answer.error)))

    def _push(self, event: HeardEvent) -> None:
        self._order += 1
        heapq.heappush(self._events, (event.now_ms, self._order, event))


def _marked(index: int) -> bytes:
    """A frame that can be found again in a request."""
    return struct.pack(">I", index + 1) * (FRAME_BYTES // 4)
