"""Scripted engines: they say what a test tells them to."""

import asyncio
import threading

from stt.events import Final, RecognizerError, StreamClosed, StreamOpened, Word

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
    """In place of GoogleSpeech. ``answer`` is what the one-shot says, or the exception that it raises."""

    name = "fake"

    def __init__(self, answer="שלום"):
        self.answer = answer
        self.streams = []
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()

    def refuses(self, model, hints):
        """Google's INVALID_ARGUMENT for these settings."""
        return False

    def open_stream(self, deliver, *, model, hints=()):
        self.streams.append(FakeStream(deliver))
        if self.refuses(model, hints):
            asyncio.get_running_loop().call_soon(deliver, StreamClosed(0, REFUSAL))
        return self.streams[-1]

    def recognize(self, pcm, *, model, timeout_ms, hints=()):
        if self.refuses(model, hints):
            raise REFUSAL
        self.asked.append(threading.current_thread().name)
        self.gate.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Final(tuple(Word(word) for word in self.answer.split()), None)
