"""A whole call in virtual time: session, Hearing and an emulated engine on a loop whose clock jumps to what is due."""

import asyncio
import selectors
from dataclasses import dataclass, field
from random import Random

from calls import actions as act
from calls.media import Media, Start, Stop
from calls.replay import _event
from calls.scoring import ScoredTurn, TrueWord, score
from calls.session import CallSession, State
from stt.audio import FRAME_BYTES, LINE_NOISE
from stt.breaker import Breaker
from stt.emulator.recordings import Tracker
from stt.emulator.service import EmulatedStream
from stt.emulator.speaker import Speaker
from stt.emulator.timing import UNKIND, Timing
from stt.events import OneShotDone, RecognizerError, StreamClosed, StreamOpened
from stt.hearing import Hearing


class _Jump(selectors.SelectSelector):
    """Never waits: time goes on at once to the next timer."""

    loop = None

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout:
            self.loop.virtual_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        jump = _Jump()
        super().__init__(jump)
        jump.loop = self
        self.virtual_s = 0.0

    def time(self):
        return self.virtual_s


def in_virtual_time(coroutine):
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@dataclass
class Engine:
    """Google's stand-in without sockets: knows recordings, has a stream limit and can be down."""

    library: object
    seed: int = 1
    longest_s: float = 305.0
    down: bool = False
    deaf: bool = False
    dies_after_s: float = 0.0
    finals: bool = True
    timing: Timing = UNKIND
    traces: dict = field(default_factory=dict)
    handshake_ms: float = 50
    streams: list = field(default_factory=list)
    refused: int = 0
    fed_ms: int = 0

    def open_stream(self, deliver):
        stream = EngineStream(self, deliver)
        self.streams.append(stream)
        return stream

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
        speaker = Speaker(engine.timing, Random(f"{engine.seed}/{len(engine.streams)}"), finals=engine.finals)
        self.emulated = EmulatedStream(engine.library, speaker, engine.traces)
        self.over = False
        self.loop.call_later(engine.handshake_ms / 1000, self._open)

    def _open(self):
        if self.engine.down:
            self.engine.refused += 1
            self._end(RecognizerError("unavailable"))
        elif not self.over:
            self.deliver(StreamOpened(0, 1))

    def feed(self, ulaw):
        if self.over:
            return
        self.engine.fed_ms += len(ulaw) // 8
        age_s = self.loop.time() - self.opened_s
        if age_s > self.engine.longest_s:
            self._end(RecognizerError("stream_expired"))
            return
        if self.engine.down or (self.engine.dies_after_s and age_s > self.engine.dies_after_s):
            self._end(RecognizerError("unavailable"))
            return
        for said in self.emulated.push(ulaw):
            if not self.engine.deaf:
                self.loop.call_soon(self.deliver, _event(said))

    def finish(self):
        def last_word():
            if not self.over:
                for said in self.emulated.finish():
                    if not self.engine.deaf:
                        self.deliver(_event(said))
                self._end(None)

        self.loop.call_later(self.emulated.finish_after_ms() / 1000, last_word)

    def close(self):
        self.over = True

    def _end(self, error):
        if not self.over:
            self.over = True
            self.loop.call_soon(self.deliver, StreamClosed(0, error))


class VirtualCall:
    """What MediaStreamConsumer does, without a socket, a thread or a database."""

    def __init__(self, engine, tuning, *, breaker=None):
        self.loop = asyncio.get_running_loop()
        self.engine = engine
        self.session = CallSession("CA1", tuning)
        self.hearing = Hearing(engine.open_stream, tuning, self._heard, breaker or Breaker(Random(1)))
        self.turns = {}
        self.first_texts = {}
        self.notes = []
        self.said = []
        self.at_ms = 0
        self.over = asyncio.Event()
        self.timer = None
        self.random = Random(7)
        self.hearing.start()
        self._perform(self.session.receive(Start("MZ1", "CA1"), self.now_ms))

    @property
    def now_ms(self):
        return self.loop.time() * 1000

    async def play(self, ulaw, words=()):
        self.said += [TrueWord(w.text, w.start_ms + self.at_ms, w.end_ms + self.at_ms) for w in words]
        for i in range(0, len(ulaw), FRAME_BYTES):
            frame = ulaw[i : i + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
            self._perform(self.session.receive(Media(None, self.at_ms, frame), self.now_ms))
            self.at_ms += 20
            await asyncio.sleep(0.02)

    async def noise(self, ms):
        await self.play(b"".join(bytes(self.random.choices(LINE_NOISE, k=FRAME_BYTES)) for _ in range(ms // 20)))

    async def recording(self, recording):
        await self.play(recording.ulaw, recording.words)

    async def hang_up(self):
        self._perform(self.session.receive(Stop("CA1"), self.now_ms))
        await asyncio.wait_for(self.over.wait(), 120)
        self.hearing.close()
        if self.timer is not None:
            self.timer.cancel()
        return self.score

    @property
    def score(self):
        turns = [ScoredTurn(t.started_ms, t.ended_ms, self.first_texts[n], t.heard_text) for n, t in self.turns.items()]
        return score(self.said, turns)

    def _heard(self, event):
        self._perform(self.session.heard(event, self.now_ms))

    def _tick(self):
        self._perform(self.session.tick(self.now_ms))

    def _perform(self, actions):
        for action in actions:
            if isinstance(action, act.Feed):
                self.hearing.feed(action.ulaw, action.at_ms)
            elif isinstance(action, act.RenewStream):
                self.hearing.renew(action.at_ms, action.frames)
            elif isinstance(action, act.PauseStream):
                self.hearing.pause(action.at_ms)
            elif isinstance(action, act.ResumeStream):
                self.hearing.resume(action.frames, action.at_ms)
            elif isinstance(action, act.FinishStream):
                self.hearing.finish()
            elif isinstance(action, act.AskOneShot):
                self.loop.call_later(0.4, self._heard, self._one_shot(action))
            elif isinstance(action, act.TurnAccepted):
                self.turns[action.turn.number] = action.turn
                self.first_texts[action.turn.number] = action.turn.text
            elif isinstance(action, act.TurnRevised):
                self.turns[action.turn.number] = action.turn
            elif isinstance(action, act.Note):
                self.notes.append(action.code)
            elif isinstance(action, act.CallOver):
                self.over.set()
        if self.timer is not None:
            self.timer.cancel()
        deadline_ms = None if self.session.state is State.ENDED else self.session.next_deadline_ms(self.now_ms)
        if deadline_ms is not None:
            self.timer = self.loop.call_at(max(self.loop.time(), deadline_ms / 1000 + 1e-6), self._tick)

    def _one_shot(self, action):
        return OneShotDone(action.utterance, self.engine.words_of(action.ulaw))
