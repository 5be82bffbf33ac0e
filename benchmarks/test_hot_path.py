"""What a frame costs on its way, step by step: ``python -m pytest benchmarks/test_hot_path.py --benchmark-enable``

Each figure is one frame's (one result's) time in a warm loop; in a server with many calls caches are cold and it is two
to three times that. script/test runs each once and times nothing: a busy machine must not fail it.
"""

import asyncio
from itertools import count, cycle
from random import Random

import pytest

from calls.core.actions import Feed
from calls.core.driver import CallDriver, Hands
from calls.core.messages import Media, Start, parse
from calls.core.session import CallSession
from calls.lab.twilio_messages import media_message
from calls.live.stream_record import StreamRecord
from stt.attribution.ledger import Attribution
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.emulator.recordings import Library
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.events import Interim
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.paths import ROOT

CALLS = 100
"""That are heard in turn by ``test_hundred_calls``, whose figure is all of them."""


@pytest.fixture(scope="module")
def frames():
    """A call's audio: sample sentences with pauses of line noise."""
    random = Random(1)
    noise = [bytes(random.choices(LINE_NOISE, k=FRAME_BYTES)) for _ in range(45)]
    said = []
    for recording in Library([ROOT / "samples"]).recordings[:8]:
        said += [recording.frame(i) for i in range(len(recording.ulaw) // FRAME_BYTES)] + noise
    return said


class Nowhere:
    """A disk that takes everything."""

    def put(self, path, data, header=b"", unwritten=None):
        pass


class Deaf:
    """A stream that takes everything and says nothing."""

    def feed(self, ulaw):
        pass

    def finish(self):
        pass

    def close(self):
        pass


def test_parse(benchmark, frames):
    texts = cycle([media_message("MZ1", i, i * FRAME_MS, ulaw) for i, ulaw in enumerate(frames)])
    benchmark(lambda: parse(next(texts)))


def test_endpointer(benchmark, frames):
    ear, audio, at_ms = Endpointer(EndpointOptions()), cycle(frames), count(0, FRAME_MS)
    benchmark(lambda: ear.push(next(audio), next(at_ms)))


def test_session(benchmark, frames):
    session = CallSession("CA1", Tuning())
    session.receive(Start("MZ1", "CA1"), 0.0)
    audio, index = cycle(frames), count()

    def receive():
        i = next(index)
        session.receive(Media(i, i * FRAME_MS, next(audio)), i * FRAME_MS)

    benchmark(receive)


def test_recorder_and_trace(benchmark, frames):
    record = StreamRecord(Nowhere())
    record.begin("CA1", "MZ1", 0.0)
    audio, times = cycle(frames), count(0, FRAME_MS)

    def keep():
        at_ms, ulaw = next(times), next(audio)
        record.frame(Feed(ulaw, at_ms, -40.0, True), at_ms)

    benchmark(keep)


def test_feed(benchmark, frames):
    async def run():
        hearing = Transcriber(lambda deliver: Deaf(), Tuning(), lambda event: None)
        hearing.start()
        audio, times = cycle(frames), count(0, FRAME_MS)
        benchmark(lambda: hearing.feed(next(audio), next(times)))
        hearing.close()

    asyncio.run(run())


class Heard(Hands):
    """What a live call does with a frame: it is sent to a stream, recorded and traced."""

    def __init__(self):
        self.driver = CallDriver(CallSession("CA1", Tuning()), self, defer=lambda action: None)
        self.driver.receive(Start("MZ1", "CA1"), 0.0)
        self.transcriber = Transcriber(lambda deliver: Deaf(), Tuning(), lambda event: None)
        self.transcriber.start()
        self.record = StreamRecord(Nowhere())
        self.record.begin("CA1", "MZ1", 0.0)

    def feed(self, action):
        self.transcriber.feed(action.ulaw, action.at_ms)
        self.record.frame(action, self.driver.now_ms)


def test_hundred_calls(benchmark, frames):
    """One frame of each of a hundred calls in turn, as a server hears them: no call's state is in the near caches."""
    texts = [media_message("MZ1", i, i * FRAME_MS, ulaw) for i, ulaw in enumerate(frames)]

    async def run():
        calls = [Heard() for _ in range(CALLS)]
        places = cycle(range(len(texts)))

        def setup():
            place = next(places)
            # Each call is at another place of the audio.
            return ([(call, texts[place], place * FRAME_MS) for call in calls],), {}

        def hear(said):
            for call, text, now_ms in said:
                call.driver.receive(parse(text), float(now_ms))

        benchmark.pedantic(hear, setup=setup, rounds=len(texts))
        for call in calls:
            call.transcriber.close()

    asyncio.run(run())


def test_a_hypothesis(benchmark):
    """Of eight words, where the one before had seven."""
    words = "שלום אני רוצה לקבוע תור לרופא מחר בבוקר".split()

    def setup():
        ledger = Attribution()
        ledger.began(0)
        for length in range(1, 8):
            ledger.interim(Interim(tuple(words[:length]), length * 300), fed_ms=length * 300)
        return (ledger,), {}

    def hear(ledger):
        ledger.interim(Interim(tuple(words), 2400), fed_ms=2400)
        return ledger.share(1)

    benchmark.pedantic(hear, setup=setup, rounds=2000)
