"""Audio that exists, through an engine."""

import asyncio

from stt.audio import BYTES_PER_MS
from stt.engines import replay
from stt.engines.base import RecognitionOptions
from stt.engines.replay import ask_once, stream_through
from stt.events import RecognizerError
from tests.fakes import FakeStream
from tests.stt.engines.toy import ToyEngine

TWO_WORDS = bytes([0x10]) * 200 * BYTES_PER_MS + bytes([0xFF]) * 50 * BYTES_PER_MS + bytes([0x20]) * 50 * BYTES_PER_MS
SPEECH_MS = 300


def streamed(engine, ulaw=TWO_WORDS):
    options = RecognitionOptions()
    return asyncio.run(stream_through(lambda deliver: engine.open_stream(deliver, options), ulaw, SPEECH_MS))


def test_a_stream_is_fed_at_the_pace_of_speech_and_read_to_its_end():
    loop = asyncio.new_event_loop()
    began_s = loop.time()
    answer = streamed(ToyEngine())
    assert loop.time() - began_s >= SPEECH_MS / 1000
    loop.close()
    assert (answer.text, answer.code) == ("אחת שתיים", "")
    assert answer.final_ms is not None and 0 <= answer.final_ms < 1000


def test_a_one_shot_has_all_of_the_audio_at_once():
    answer = ask_once(lambda pcm: ToyEngine().recognize(pcm, RecognitionOptions(), 1000), TWO_WORDS)
    assert (answer.text, answer.code) == ("אחת שתיים", "")
    assert answer.final_ms is not None


def test_what_fails_says_its_code():
    engine = ToyEngine(RecognizerError("unavailable"))
    assert streamed(engine).code == "unavailable"
    asked = ask_once(lambda pcm: engine.recognize(pcm, RecognitionOptions(), 1000), TWO_WORDS)
    assert (asked.text, asked.final_ms, asked.code) == ("", None, "unavailable")


def test_an_engine_that_never_ends_its_stream_has_failed(monkeypatch):
    class Silent(FakeStream):
        def finish(self):
            pass

    monkeypatch.setattr(replay, "LONGEST_WAIT_S", 0.05)
    streams = []

    def open_stream(deliver):
        streams.append(Silent(deliver))
        return streams[-1]

    answer = asyncio.run(stream_through(open_stream, TWO_WORDS, SPEECH_MS))
    assert (answer.text, answer.final_ms, answer.code) == ("", None, "deadline_exceeded")
    assert streams[0].closed and bytes(streams[0].fed) == TWO_WORDS
