"""Simulates a call of recordings: the pure core and the emulated recogniser's own timing, faster than real time.

No sockets, no gRPC: for exploring rules and settings over hours of speech in seconds. What is measured here is the
decision logic on one stream that is never half-closed; benchmarks/latency_curve.py has streams in virtual time, the
demo and the live tests measure the whole path.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from calls.core import actions as act
from calls.core.driver import CallDriver, Hands
from calls.core.messages import Media, Start, Stop
from calls.core.session import CallSession
from calls.core.turns import Turn
from calls.whatif.scoring import Score, ScoredTurn, TrueWord, score
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.debouncer import Debouncer
from stt.emulator.recordings import Clip, Library, Tracker
from stt.emulator.speaker import Said, Speaker
from stt.emulator.timing import UNKIND, Timing
from stt.endpointing import silero
from stt.events import Final, Interim, OneShotDone, RecognizerEvent, StreamClosed, StreamOpened, Word
from stt.tuning import Tuning

CALL_SID = "CAsimulated"
LAST_WORDS_MS = 60_000
"""Nothing is waited for longer than this after the caller hung up."""

Due = tuple[float, int, RecognizerEvent]
"""An event at its instant, and its place among those of the same instant."""


@dataclass(slots=True)
class Simulated:
    """What a simulated call came to."""

    turns: dict[int, Turn] = field(default_factory=dict)
    first_texts: dict[int, str] = field(default_factory=dict)
    """Turn's number -> its text when it was handed on, before any revision."""
    score: Score = Score(0, 0, 0, 0, 0)
    one_shots: int = 0


def simulate(
    recordings: Sequence[Clip],
    library: Library,
    *,
    tuning: Tuning,
    seed: int,
    timing: Timing = UNKIND,
    pause_ms: int = 900,
    finals: bool = True,
) -> Simulated:
    """Simulates one call of these recordings, with pauses of line noise between them."""
    random = Random(seed)  # noqa: S311
    frames, said = _audio(recordings, pause_ms, random)
    simulation = _Simulation(library, tuning, timing, random, finals=finals)
    simulation.play(frames)
    result = simulation.result
    turns = [
        ScoredTurn(t.started_ms, t.ended_ms, result.first_texts[n], t.heard_text, t.final_ms, t.source)
        for n, t in result.turns.items()
    ]
    result.score = score(said, turns)
    return result


class _Simulation(Hands):
    """A session's hands: the emulated recogniser hears what it feeds, in virtual time."""

    def __init__(self, library: Library, tuning: Tuning, timing: Timing, random: Random, *, finals: bool) -> None:
        self.result = Simulated()
        session = CallSession(CALL_SID, replace(tuning, half_close_ms=0), vad=silero.of_recording(tuning))
        self._driver = CallDriver(session, self)
        self._over = False
        self._library, self._timing, self._random = library, timing, random
        self._tracker, self._speaker = Tracker(library), Speaker(timing, random, finals=finals)
        self._events: list[Due] = []
        self._order = itertools.count()
        self._debounce = _Debounce(self._events, self._order, tuning.stt_partial_debounce_ms)
        self._batch: list[bytes] = []
        self._batch_ms = tuning.stt_batch_ms

    def play(self, frames: Sequence[bytes]) -> None:
        """One frame each 20 ms, then the hang-up, and whatever comes after it."""
        driver = self._driver
        driver.receive(Start("MZ", CALL_SID), 0.0)
        driver.heard(StreamOpened(0, 1), 0.0)
        now_ms = 0.0
        for index, frame in enumerate(frames):
            self._run_until(now_ms, index * FRAME_MS)
            now_ms = index * FRAME_MS
            driver.receive(Media(index + 2, index * FRAME_MS, frame), now_ms)
            driver.tick(now_ms)
        driver.receive(Stop(), now_ms)
        self._run_until(now_ms, now_ms + LAST_WORDS_MS)

    def _run_until(self, now_ms: float, until_ms: float) -> None:
        """Deliver what is due before an instant, events and deadlines in order of time."""
        while not self._over:
            deadline_ms = self._driver.session.next_deadline_ms(now_ms)
            event_ms = self._events[0][0] if self._events else None
            next_ms = min((ms for ms in (deadline_ms, event_ms) if ms is not None), default=None)
            if next_ms is None or next_ms > until_ms:
                return
            now_ms = max(now_ms, next_ms)
            if event_ms is not None and event_ms <= next_ms:
                self._driver.heard(heapq.heappop(self._events)[2], now_ms)
            else:
                self._driver.tick(now_ms)

    # The session's hands

    def feed(self, action: act.Feed) -> None:
        self._batch.append(action.ulaw)
        if len(self._batch) * FRAME_MS >= self._batch_ms:
            self._send()

    def finish(self, action: act.FinishStream) -> None:
        """The stream is half-closed at the call's end."""
        self._send()
        at_ms = self._driver.now_ms + self._speaker.finish_after_ms(self._tracker.heard_ms)[0]
        for said in self._speaker.finish(self._tracker.heard_ms):
            self._push(at_ms, event_of(said))
        self._push(at_ms, StreamClosed(0))

    def ask_one_shot(self, action: act.AskOneShot) -> None:
        self.result.one_shots += 1
        at_ms = self._driver.now_ms + self._random.uniform(*self._timing.recognize_ms)
        self._push(at_ms, one_shot_of(action, self._library))

    def accept(self, action: act.TurnAccepted) -> None:
        self.result.turns[action.turn.number] = action.turn
        self.result.first_texts[action.turn.number] = action.turn.text

    def revise(self, action: act.TurnRevised) -> None:
        self.result.turns[action.turn.number] = action.turn

    def end(self, action: act.CallOver) -> None:
        self._over = True

    def _send(self) -> None:
        """The batched frames to the recogniser."""
        for ulaw in self._batch:
            self._speaker.expect(self._tracker.push(ulaw))
            for said in self._speaker.hear(self._tracker.heard_ms):
                self._debounce.put(event_of(said), self._driver.now_ms)
        self._batch.clear()

    def _push(self, at_ms: float, event: RecognizerEvent) -> None:
        heapq.heappush(self._events, (at_ms, next(self._order), event))


class _Debounce:
    """Coalesces interims as a call's are: the one that waits stands among the events until a newer one comes."""

    def __init__(self, events: list[Due], order: Iterator[int], window_ms: int) -> None:
        self._events, self._order = events, order
        self._debouncer = Debouncer[Interim](window_ms)
        self._waiting: Due | None = None

    def put(self, event: RecognizerEvent, now_ms: float) -> None:
        for _ in self._debouncer.due(now_ms):
            self._waiting = None  # it was delivered at its time
        if self._waiting is not None:
            self._events.remove(self._waiting)
            heapq.heapify(self._events)
            self._waiting = None
        if not isinstance(event, Interim):
            self._debouncer.drop()
        elif self._debouncer.put(event, now_ms) is None:
            self._waiting = (self._debouncer.due_ms or now_ms, next(self._order), event)
        heapq.heappush(self._events, self._waiting or (now_ms, next(self._order), event))


def _audio(recordings: Sequence[Clip], pause_ms: int, random: Random) -> tuple[list[bytes], list[TrueWord]]:
    frames: list[bytes] = []
    said: list[TrueWord] = []

    def pause(ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            frames.append(bytes(random.choices(LINE_NOISE, k=FRAME_BYTES)))

    pause(1000)
    for recording in recordings:
        start_ms = len(frames) * FRAME_MS
        for begin in range(0, len(recording.ulaw), FRAME_BYTES):
            frames.append(recording.ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff"))
        said += [TrueWord(w.text, w.start_ms + start_ms, w.end_ms + start_ms) for w in recording.words]
        pause(pause_ms)
    pause(1000)
    return frames, said


def event_of(said: Said) -> Final | Interim:
    if said.spoken is not None:
        return Final(tuple(Word(w.text, w.start_ms, w.end_ms) for w in said.spoken), said.end_ms or None)
    return Interim(said.words, said.end_ms or None, 0.1 if said.tail else 0.9)


def one_shot_of(action: act.AskOneShot, library: Library) -> OneShotDone:
    """What the emulated one-shot recogniser makes of an utterance."""
    tracker = Tracker(library)
    spoken = [
        word
        for begin in range(0, len(action.ulaw), FRAME_BYTES)
        for word in tracker.push(action.ulaw[begin : begin + FRAME_BYTES])
    ]
    words = tuple(w.text for w in spoken if w.start_ms + w.end_ms <= 2 * tracker.heard_ms)
    return OneShotDone(action.utterance, words)
