"""A whole call in virtual time: session, Transcriber and an emulated engine on a loop whose clock jumps to what is
due."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from random import Random

from calls.core.driver import CallDriver, Hands
from calls.core.hastening import NoOtherRequests
from calls.core.hearing_engines import EngineTerms, HeardBy
from calls.core.messages import Media, Start, Stop
from calls.core.session import CallSession, State
from calls.lab import virtual_time
from calls.lab.simulation import event_of
from calls.live.fallback_bridge import line_up
from calls.whatif.scoring import ScoredTurn, TrueWord, score
from stt.audio import FRAME_BYTES, LINE_NOISE
from stt.emulator.recordings import Tracker
from stt.emulator.speaker import Speaker
from stt.emulator.stream import EmulatedStream
from stt.emulator.timing import UNKIND, Timing
from stt.engines.engine_health import EngineHealth
from stt.engines.ladder import Ladder, Rung
from stt.engines.line_engines import standing_in
from stt.engines.result_gaps import ResultGaps
from stt.events import Final, Interim, OneShotDone, RecognizerError, StreamClosed, StreamOpened
from stt.streaming.transcriber import Transcriber
from stt.word_times import timed_words
from tests.fault_schedule import FAIR, FaultSchedule
from voiceapp.runtime.breaker import Breaker


class _LineNoise:
    """A quiet line's noise from a call's first frame on: that of each call is the same, and is drawn once."""

    def __init__(self):
        self._random, self._ulaw = Random(7), bytearray()

    def between(self, begin, end):
        """µ-law, by its bytes since the call's beginning."""
        if end > len(self._ulaw):
            self._ulaw += bytes(self._random.choices(LINE_NOISE, k=end - len(self._ulaw)))
        return bytes(self._ulaw[begin:end])


line_noise = cache(_LineNoise)


class VirtualLoop(virtual_time.VirtualLoop):
    """One that something holds now and then."""

    def __init__(self, faults=FAIR, seed=1):
        super().__init__()
        self._faults, self._random = faults, Random(seed)
        self._stalls_at_s = self._next_stall_s()

    def pass_time(self, seconds):
        super().pass_time(seconds)
        self.stall()

    def stall(self):
        """Something held the loop: frames, results and timers of that time come all at once."""
        if self.virtual_s >= self._stalls_at_s:
            self.virtual_s += self._random.uniform(*self._faults.stall_s)
            self._stalls_at_s = self._next_stall_s()

    def _next_stall_s(self):
        every_s = self._faults.stall_every_s
        return self.virtual_s + self._random.expovariate(1 / every_s) if every_s else math.inf


def in_virtual_time(coroutine, faults=FAIR, seed=1):
    return virtual_time.run_virtually(coroutine, VirtualLoop(faults, seed))


@dataclass
class Engine:
    """Google's stand-in without sockets: knows recordings, has a stream limit and can be down."""

    library: object
    seed: int = 1
    longest_s: float = 305.0
    down: bool = False
    deaf: bool = False
    dies_after_s: float = 0.0
    error: RecognizerError = field(default_factory=lambda: RecognizerError("unavailable"))
    """With which its streams die."""
    finals: bool = True
    listed: Callable = staticmethod(lambda count: range(count))
    """Which of so many words of a final stand in its word list."""
    repeats_finals_after_s: float = 0.0
    """It says each final once more, so much later; 0: it does not."""
    timing: Timing = UNKIND
    traces: dict = field(default_factory=dict)
    handshake_ms: float = 50
    faults: FaultSchedule = FAIR
    streams: list = field(default_factory=list)
    refused: int = 0
    fed_ms: int = 0
    name: str = "first"
    health: EngineHealth = field(default_factory=EngineHealth)
    breaker: Breaker = field(default_factory=lambda: Breaker(Random(1)))
    gaps: ResultGaps | None = None
    """How long it usually says nothing: a process that knows it hedges."""
    gave: list = field(default_factory=list)
    """Every word that a stream or a one-shot gave, with the media time that it lies in."""

    def __post_init__(self):
        self.random = Random(f"{self.seed}/engine")

    def open_stream(self, deliver):
        stream = EngineStream(self, deliver)
        self.streams.append(stream)
        return stream

    def new_stream(self, seed):
        """What knows the words that are open, and what hears and speaks."""
        speaker = Speaker(self.timing, Random(seed), finals=self.finals)
        return speaker, EmulatedStream(self.library, speaker, self.traces)

    def away(self, now_s):
        return self.down or self.faults.over(self.faults.away, now_s)

    async def recognize(self, ulaw, timeout_s):
        """The one-shot recogniser, as stt/engines/google.py asks for it. Raises RecognizerError."""
        loop = asyncio.get_running_loop()
        faults, now_s = self.faults, loop.time()
        if faults.over(faults.one_shots_hang + faults.hung, now_s):
            await asyncio.sleep(timeout_s)
            raise RecognizerError("deadline_exceeded")
        if faults is not FAIR and (self.away(now_s) or faults.over(faults.one_shots_fail, now_s)):
            await asyncio.sleep(0.01)
            raise RecognizerError("unavailable")
        wait_s = 0.4 if faults is FAIR else self.random.uniform(*faults.one_shot_s) + faults.late_s(now_s)
        await asyncio.sleep(min(wait_s, timeout_s))
        if wait_s > timeout_s:
            raise RecognizerError("deadline_exceeded")
        return self.words_of(ulaw)

    def words_of(self, ulaw):
        tracker = Tracker(self.library)
        frames = [ulaw[i : i + FRAME_BYTES] for i in range(0, len(ulaw), FRAME_BYTES)]
        spoken = [word for frame in frames for word in tracker.push(frame)]
        return tuple(word.text for word in spoken if word.start_ms + word.end_ms <= 2 * tracker.heard_ms)


class EngineStream:
    def __init__(self, engine, deliver):
        self.engine = engine
        self.deliver = deliver
        self.loop = asyncio.get_running_loop()
        self.opened_s = self.loop.time()
        self.speaker, self.emulated = engine.new_stream(f"{engine.seed}/{len(engine.streams)}")
        self.over = False
        """Nothing is heard any more."""
        self.media_clock = None
        """Gives the Transcriber's clock of this stream."""
        self.closed = False
        self._arrives_s = 0.0
        self.loop.call_later(engine.handshake_ms / 1000, self._open)
        for window in engine.faults.away:
            if self.opened_s < window.from_s:
                self.loop.call_at(window.from_s, self._end, RecognizerError("unavailable"))

    def _open(self):
        if self.engine.away(self.loop.time()):
            self.engine.refused += 1
            self._end(RecognizerError("unavailable"))
        elif not self.over:
            self._arrive(StreamOpened(0, 1))

    def feed(self, ulaw):
        if self.over:
            return
        self.engine.fed_ms += len(ulaw) // 8
        age_s = self.loop.time() - self.opened_s
        if age_s > self.engine.longest_s:
            self._end(RecognizerError("stream_expired"))
            return
        if self.engine.down or (self.engine.dies_after_s and age_s > self.engine.dies_after_s):
            self._end(self.engine.error)
            return
        self._say(self.emulated.push(ulaw))

    def finish(self):
        def last_word():
            if not self.over and not self.engine.faults.over(self.engine.faults.hung, self.loop.time()):
                self._say(self.emulated.finish())
                if self.engine.repeats_finals_after_s:
                    self.loop.call_later(1.01 * self.engine.repeats_finals_after_s, self._end, None)
                else:
                    self._end(None)

        self.loop.call_later(self.emulated.finish_after_ms() / 1000, last_word)

    def close(self):
        self.over = self.closed = True

    def _say(self, results):
        faults = self.engine.faults
        if not self.engine.deaf and not faults.over(faults.deaf + faults.hung, self.loop.time()):
            for said in results:
                spoken = self.speaker.open_words if said.spoken is None else said.spoken
                event = self._as_listed(event_of(said))
                self._arrive(event, [word for word in spoken if word.text in said.words])
                if isinstance(event, Final) and self.engine.repeats_finals_after_s:
                    self.loop.call_later(self.engine.repeats_finals_after_s, self._deliver, event, ())

    def _as_listed(self, event):
        if not isinstance(event, Final):
            return event
        """With a word list that holds some of its words."""
        listed = self.engine.listed(len(event.words))
        entries = [word for at, word in enumerate(event.words) if at in listed]
        return replace(event, words=tuple(timed_words([word.text for word in event.words], entries)))

    def _end(self, error):
        if not self.over:
            self.over = True
            self._arrive(StreamClosed(0, error))

    def _arrive(self, event, spoken=()):
        """On its way here: never before what was said before it."""
        faults = self.engine.faults
        if faults is FAIR:
            self.loop.call_soon(self._deliver, event, spoken)
            return
        now_s = self.loop.time()
        late_s = self.engine.random.uniform(*faults.result_s) + faults.late_s(now_s)
        self._arrives_s = max(self._arrives_s + 1e-6, now_s + late_s)
        self.loop.call_at(self._arrives_s, self._deliver, event, spoken)

    def _deliver(self, event, spoken):
        if self.closed:
            return
        at = self.media_clock().media_ms
        self.engine.gave += [TrueWord(word.text, at(word.start_ms, zero=True), at(word.end_ms)) for word in spoken]
        self.deliver(event)


class VirtualCall(Hands):
    """What MediaStreamConsumer does, without a socket, a thread or a database."""

    def __init__(self, engine, tuning, *, breaker=None, half_closing=None, requests=None, others=(), handshakes=None):
        """``others``: further engines of the line, in order, which stand in for the first."""
        self.loop = asyncio.get_running_loop()
        self.engine = engine
        self.engines = [engine, *others]
        times = {one.name: bool(one.listed(1)) for one in self.engines}
        of_line = self.engines if others or not times[engine.name] else []
        terms = {
            one.name: EngineTerms(
                tuning if one is engine else standing_in(tuning), NoOtherRequests(), None, one.gaps, times[one.name]
            )
            for one in of_line
        }
        self.session = CallSession(
            "CA1",
            tuning,
            heard_by=HeardBy(engine.name) if of_line else None,
            requests=requests,
            half_closing=half_closing,
            engines=terms,
        )
        self.driver = CallDriver(self.session, self)
        self.ladder = Ladder([self._rung(one, breaker if one is engine else None) for one in self.engines], handshakes)
        self.hearing = Transcriber(self.ladder, tuning, self._heard)
        self.turns = {}
        self.first_texts = {}
        self.notes = []
        self.said = []
        self.at_ms = 0
        self.over = asyncio.Event()
        self.timer = None
        self.next_frame_s = self.loop.time()
        self.events = deque()
        self.pump = None
        self.slot = None
        self.bridge = deque()
        self.asked = None
        self.asked_about = {}
        self.one_shots = 0
        self.noise_bytes = 0
        self.hearing.start()
        self._perform(self.session.receive(Start("MZ1", "CA1"), self.now_ms))

    def _rung(self, engine, breaker):
        return Rung(partial(self._open_stream, engine), breaker or engine.breaker, engine.name, "", engine.health)

    def _open_stream(self, engine, deliver):
        opened = engine.open_stream(deliver)
        opened.media_clock = lambda: next(one.clock for one in self.hearing.streams if one.recognizer is opened)
        return opened

    @property
    def now_ms(self):
        return self.loop.time() * 1000

    async def play(self, ulaw, words=()):
        self.said += [TrueWord(w.text, w.start_ms + self.at_ms, w.end_ms + self.at_ms) for w in words]
        for i in range(0, len(ulaw), FRAME_BYTES):
            frame = ulaw[i : i + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
            self._perform(self.session.receive(Media(None, self.at_ms, frame), self.now_ms))
            self.at_ms += 20
            self.next_frame_s += 0.02
            await asyncio.sleep(self.next_frame_s - self.loop.time())

    async def noise(self, ms):
        begin, self.noise_bytes = self.noise_bytes, self.noise_bytes + ms // 20 * FRAME_BYTES
        await self.play(line_noise().between(begin, self.noise_bytes))

    async def recording(self, recording):
        await self.play(recording.ulaw, recording.words)

    async def hang_up(self):
        self._perform(self.session.receive(Stop("CA1"), self.now_ms))
        await asyncio.wait_for(self.over.wait(), 120)
        self.hearing.close()
        if self.timer is not None:
            self.timer.cancel()
        if self.asked is not None:
            self.asked.cancel()
        return self.score

    @property
    def score(self):
        turns = [ScoredTurn(t.started_ms, t.ended_ms, self.first_texts[n], t.heard_text) for n, t in self.turns.items()]
        return score(self.said, turns)

    def _heard(self, event):
        """As the consumer has it: interims share one waiting slot, the pump reads everything else in order."""
        if isinstance(event, Interim) and self.slot is not None:
            self.slot[0] = event
            return
        self.slot = [event] if isinstance(event, Interim) else None
        self._put(self.slot or [event])

    def _tick(self):
        self._put([None])

    def _put(self, item):
        self.events.append(item)
        if self.pump is None:
            self.pump = self.loop.call_soon(self._pump_events)

    def _pump_events(self):
        self.pump = None
        while self.events and not self.over.is_set():
            item = self.events.popleft()
            if item is self.slot:
                self.slot = None
            session, event = self.session, item[0]
            self._perform(session.tick(self.now_ms) if event is None else session.heard(event, self.now_ms))

    def _next_on_the_bridge(self):
        if self.bridge and self.asked is None:
            self.asked = self.loop.create_task(self._recognize(self.bridge.popleft()))

    async def _recognize(self, action):
        """As calls/process/recognition.py asks, in the call's one thread."""
        until_s = self.loop.time() + self.session.tuning.stt_fallback_deadline_ms / 1000
        words, error = (), None
        asked = sorted(self.engines, key=lambda engine: engine.name == action.avoids)
        while True:
            left_s = until_s - self.loop.time()
            engine = asked[0]
            try:
                words, error = await engine.recognize(action.ulaw, max(left_s / len(asked), 0.001)), None
                break
            except RecognizerError as failed:
                error = failed
                if len(asked) > 1:
                    del asked[0]
                    continue
                if left_s < 0.9:
                    break
                await asyncio.sleep(0.4)
        start_ms, end_ms = self.asked_about[action.utterance]
        self.engine.gave += [TrueWord(word, start_ms, end_ms) for word in words]
        self.one_shots += 1
        self._heard(OneShotDone(action.utterance, words, error, *([engine.name] if len(self.engines) > 1 else [])))
        self.asked = None
        self._next_on_the_bridge()

    def _perform(self, actions):
        for action in actions:
            self.driver.perform(action, self.now_ms)
        if self.timer is not None:
            self.timer.cancel()
        deadline_ms = None if self.session.state is State.ENDED else self.session.next_deadline_ms(self.now_ms)
        if deadline_ms is not None:
            self.timer = self.loop.call_at(max(self.loop.time(), deadline_ms / 1000 + 1e-6), self._tick)

    # The session's hands

    def feed(self, action):
        self.hearing.feed(action.ulaw, action.at_ms)

    def renew(self, action):
        self.hearing.renew(action.at_ms, action.frames)

    def pause(self, action):
        self.hearing.pause(action.at_ms)

    def resume(self, action):
        self.hearing.resume(action.frames, action.at_ms)

    def replace_stream(self, action):
        self.hearing.replace(action.code)

    def replay(self, action):
        self.hearing.replay(action.frames)

    def finish(self, action):
        self.hearing.finish()

    def ask_one_shot(self, action):
        self.asked_about[action.utterance] = self.session.span_ms(action.utterance)
        given_up = line_up(self.bridge, action)
        if given_up is not None:
            self._heard(OneShotDone(given_up.utterance, (), RecognizerError("fallback_busy")))
        self._next_on_the_bridge()

    def wake(self, action):
        self._tick()

    def accept(self, action):
        self.turns[action.turn.number] = action.turn
        self.first_texts[action.turn.number] = action.turn.text

    def revise(self, action):
        self.turns[action.turn.number] = action.turn

    def note(self, action):
        self.notes.append(action.code)

    def end(self, action):
        self.over.set()
