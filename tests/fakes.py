"""Scripted engines: they say what a test tells them to."""

import asyncio
import threading
from decimal import Decimal

from stt.engines.base import Capabilities
from stt.engines.guarded import GuardedEngine
from stt.engines.registry import Recognition
from stt.events import Final, RecognizerError, StreamClosed, StreamOpened, Word
from tests.waiting import PATIENCE_S

CAPABILITIES = Capabilities(
    streaming=True,
    one_shot=True,
    word_times=False,
    message_bytes=8000,
    half_close=True,
    price_per_hour=Decimal(1),
)
REFUSAL = RecognizerError("invalid_argument", "Invalid recognition 'config'", permanent=True)


class FakeStream:
    def __init__(self, deliver):
        self.deliver = deliver
        self.fed = bytearray()
        self.finished = self.closed = False

    def feed(self, ulaw):
        self.fed += ulaw

    def finish(self):
        self.finished = True
        self.deliver(StreamClosed(0))

    def close(self):
        self.closed = True

    def opens(self):
        self.deliver(StreamOpened(0, 1))


class FakeEngine:
    """An Engine. ``answer`` is what the one-shot says, or the exception that it raises."""

    name, model = "fake", "default"
    capabilities = CAPABILITIES

    def __init__(self, answer="שלום"):
        self.answer = answer
        self.streams = []
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()

    def refuses(self, options):
        """An INVALID_ARGUMENT for these settings."""
        return False

    def probe(self):
        pass

    def open_stream(self, deliver, options):
        self.streams.append(FakeStream(deliver))
        if self.refuses(options):
            asyncio.get_running_loop().call_soon(deliver, StreamClosed(0, REFUSAL))
        return self.streams[-1]

    def recognize(self, pcm, options, timeout_ms):
        if self.refuses(options):
            raise REFUSAL
        self.asked.append(threading.current_thread().name)
        self.gate.wait(PATIENCE_S)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Final(tuple(Word(word) for word in self.answer.split()), None)

    async def close(self):
        pass


def guarded(engine):
    """The engine, at any endpoint."""
    return GuardedEngine(lambda endpoint: engine)


def recognition_by(engine):
    """Streams and one-shots of one engine."""
    return Recognition(guarded(engine))
