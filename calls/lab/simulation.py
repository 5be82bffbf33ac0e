"""A recorded call through the pure core, faster than real time, with the emulated recogniser's own timing. Pure.

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

from calls.core.actions import AskOneShot, CallOver, Feed, FinishStream, TurnAccepted, TurnRevised
from calls.core.messages import Media, Start, Stop
from calls.core.session import CallSession
from calls.core.turns import Turn
from calls.whatif.scoring import Score, ScoredTurn, TrueWord, score
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.debouncer import Debouncer
from stt.emulator.recordings import Library, Recording, Tracker
from stt.emulator.speaker import Said, Speaker
from stt.emulator.timing import UNKIND, Timing
from stt.endpointing import silero
from stt.events import Final, Interim, OneShotDone, RecognizerEvent, StreamClosed, StreamOpened, Word
from stt.tuning import Tuning

CALL_SID = "CAreplay"


@dataclass(slots=True)
class Replayed:
    turns: dict[int, Turn] = field(default_factory=dict)
    first_texts: dict[int, str] = field(default_factory=dict)
    score: Score = Score(0, 0, 0, 0, 0)
    one_shots: int = 0


def replay(
    recordings: Sequence[Recording],
    library: Library,
    *,
    tuning: Tuning,
    seed: int,
    timing: Timing = UNKIND,
    pause_ms: int = 900,
    finals: bool = True,
) -> Replayed:
    """One call of these recordings with pauses of line noise."""
    random = Random(seed)  # noqa: S311
    frames, said = _audio(recordings, pause_ms, random)
    session = CallSession(CALL_SID, replace(tuning, half_close_ms=0), vad=silero.of_recording(tuning))
    tracker, speaker = Tracker(library), Speaker(timing, random, finals=finals)
    result = Replayed()
    events: list[tuple[float, int, RecognizerEvent]] = []
    order = itertools.count()
    debounce = _Debounce(events, order, tuning.stt_partial_debounce_ms)

    batch: list[bytes] = []

    def send(now_ms: float) -> None:
        for ulaw in batch:
            speaker.expect(tracker.push(ulaw))
            for results in speaker.hear(tracker.heard_ms):
                debounce.put(event_of(results), now_ms)
        batch.clear()

    def perform(actions: list[object], now_ms: float) -> bool:
        over = False
        for action in actions:
            if isinstance(action, Feed):
                batch.append(action.ulaw)
                if len(batch) * FRAME_MS >= tuning.stt_batch_ms:
                    send(now_ms)
            elif isinstance(action, FinishStream):
                send(now_ms)
                at_ms = now_ms + speaker.finish_after_ms(tracker.heard_ms)[0]
                for results in speaker.finish(tracker.heard_ms):
                    heapq.heappush(events, (at_ms, next(order), event_of(results)))
                heapq.heappush(events, (at_ms, next(order), StreamClosed(0)))
            elif isinstance(action, AskOneShot):
                result.one_shots += 1
                at_ms = now_ms + random.uniform(*timing.recognize_ms)
                heapq.heappush(events, (at_ms, next(order), _one_shot(action, library)))
            elif isinstance(action, TurnAccepted):
                result.turns[action.turn.number] = action.turn
                result.first_texts[action.turn.number] = action.turn.text
            elif isinstance(action, TurnRevised):
                result.turns[action.turn.number] = action.turn
            over = over or isinstance(action, CallOver)
        return over

    perform(list(session.receive(Start("MZ", CALL_SID), 0.0)), 0.0)
    perform(list(session.heard(StreamOpened(0, 1), 0.0)), 0.0)
    now_ms = 0.0
    for index, frame in enumerate(frames):
        _run_until(session, events, now_ms, index * FRAME_MS, perform)
        now_ms = index * FRAME_MS
        perform(list(session.receive(Media(index + 2, index * FRAME_MS, frame), now_ms)), now_ms)
        perform(list(session.tick(now_ms)), now_ms)
    perform(list(session.receive(Stop(), now_ms)), now_ms)
    _run_until(session, events, now_ms, now_ms + 60_000, perform)
    turns = [
        ScoredTurn(t.started_ms, t.ended_ms, result.first_texts[n], t.heard_text, t.final_ms, t.source)
        for n, t in result.turns.items()
    ]
    result.score = score(said, turns)
    return result


class _Debounce:
    """Coalesces interims as a call's are: the one that waits stands among the events until a newer one comes."""

    def __init__(self, events: list[tuple[float, int, RecognizerEvent]], order: Iterator[int], window_ms: int) -> None:
        self._events, self._order = events, order
        self._debouncer = Debouncer[Interim](window_ms)
        self._waiting: tuple[float, int, RecognizerEvent] | None = None

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


def _run_until(session: CallSession, events: list, now_ms: float, until_ms: float, perform) -> None:
    """Deliver what is due before an instant, events and deadlines in order of time."""
    while True:
        deadline_ms = session.next_deadline_ms(now_ms)
        event_ms = events[0][0] if events else None
        next_ms = min((ms for ms in (deadline_ms, event_ms) if ms is not None), default=None)
        if next_ms is None or next_ms > until_ms:
            return
        now_ms = max(now_ms, next_ms)
        if event_ms is not None and event_ms <= next_ms:
            over = perform(list(session.heard(heapq.heappop(events)[2], now_ms)), now_ms)
        else:
            over = perform(list(session.tick(now_ms)), now_ms)
        if over:
            return


def _audio(recordings: Sequence[Recording], pause_ms: int, random: Random) -> tuple[list[bytes], list[TrueWord]]:
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


def event_of(said: Said) -> RecognizerEvent:
    if said.spoken is not None:
        return Final(tuple(Word(w.text, w.start_ms, w.end_ms) for w in said.spoken), said.end_ms or None)
    return Interim(said.words, said.end_ms or None, 0.1 if said.tail else 0.9)


def _one_shot(action: AskOneShot, library: Library) -> OneShotDone:
    tracker = Tracker(library)
    spoken = [
        word
        for begin in range(0, len(action.ulaw), FRAME_BYTES)
        for word in tracker.push(action.ulaw[begin : begin + FRAME_BYTES])
    ]
    words = tuple(w.text for w in spoken if w.start_ms + w.end_ms <= 2 * tracker.heard_ms)
    return OneShotDone(action.utterance, words)
