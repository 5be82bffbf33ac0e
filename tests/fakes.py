"""Scripted engines: they say what a test tells them to."""

import threading

from stt.events import Final, StreamClosed, StreamOpened, Word


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

    def open_stream(self, deliver, *, model, hints=()):
        self.streams.append(FakeStream(deliver))
        return self.streams[-1]

    def recognize(self, pcm, *, model, timeout_ms, hints=()):
        self.asked.append(threading.current_thread().name)
        self.gate.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Final(tuple(Word(word) for word in self.answer.split()), None)
