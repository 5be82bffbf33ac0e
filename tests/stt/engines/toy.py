"""ToyEngine: the smallest engine that keeps the whole contract. Its speech is a word for each run of equal bytes."""

import time
from decimal import Decimal
from itertools import groupby

from stt.audio import BYTES_PER_MS, pcm_to_ulaw
from stt.engines.base import Capabilities, RecognitionOptions
from stt.engines.task_stream import TaskStream
from stt.events import Final, Interim, RecognizerError, StreamOpened, Word

WORDS = {0x10: "אחת", 0x20: "שתיים", 0x30: "שלוש"}


class ToyEngine:
    name, model = "toy", "toy-1"
    capabilities = Capabilities(
        streaming=True, one_shot=True, word_times=True, half_close=True, message_bytes=800, price_per_hour=Decimal(0)
    )

    def __init__(self, error=None, answer_ms=0):
        self.error, self.answer_ms = error, answer_ms

    def probe(self):
        self.recognize(b"", RecognitionOptions(), 1000)

    def open_stream(self, deliver, options):
        return TaskStream(lambda stream: self._converse(stream, options), deliver, self.capabilities)

    def recognize(self, pcm, options, timeout_ms):
        self._check(options)
        time.sleep(min(self.answer_ms, timeout_ms) / 1000)
        if self.answer_ms > timeout_ms:
            raise RecognizerError("deadline_exceeded")
        return Final(tuple(heard(pcm_to_ulaw(pcm))), None)

    async def close(self):
        pass

    async def _converse(self, stream, options):
        self._check(options)
        stream.deliver(StreamOpened(0, 1))
        ulaw = b""
        async for message in stream.audio():
            ulaw += message
            stream.deliver(Interim(tuple(word.text for word in heard(ulaw)), len(ulaw) // BYTES_PER_MS, 0.5))
        stream.deliver(Final(tuple(heard(ulaw)), len(ulaw) // BYTES_PER_MS))

    def _check(self, options):
        if self.error or options.model not in ("", self.model):
            raise self.error or RecognizerError("invalid_argument", "no such model", permanent=True)


def heard(ulaw):
    runs, end = [(byte, len(list(run))) for byte, run in groupby(ulaw)], 0
    for byte, length in runs:
        end += length
        if byte in WORDS:
            yield Word(WORDS[byte], (end - length) // BYTES_PER_MS, end // BYTES_PER_MS)
