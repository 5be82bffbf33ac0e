"""One process's knowledge of an engine: where it is, what it refuses, whether it answers."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from stt.audio import BYTES_PER_MS, FRAME_BYTES, ulaw_to_pcm
from stt.emulator.recordings import Library
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import Faults, Limits, Timing
from stt.engines.base import RecognitionOptions
from stt.engines.google import GoogleSpeech
from stt.engines.guarded import GuardedEngine
from stt.engines.waivers import HINTS, MODEL
from stt.events import Final, RecognizerError, StreamClosed, StreamOpened
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.fakes import REFUSAL, FakeEngine, guarded
from tests.paths import SAMPLES
from voiceapp.runtime import metrics
from voiceapp.runtime.breaker import Breaker


def test_a_profiles_endpoint_has_an_engine_of_its_own_made_once():
    made = {}

    def engine_at(endpoint):
        assert endpoint not in made
        made[endpoint] = FakeEngine()
        return made[endpoint]

    engine = GuardedEngine(engine_at)
    for endpoint in ("", "eu-speech.googleapis.com", "eu-speech.googleapis.com"):
        engine.open_stream(Tuning(endpoint=endpoint))(lambda event: None)
    assert {endpoint: len(one.streams) for endpoint, one in made.items()} == {"": 1, "eu-speech.googleapis.com": 2}
    assert engine.engine is made[""]


def test_a_calls_settings_reach_the_engine_by_stream_and_by_one_shot():
    engine = Picky(lambda model, hints: False)
    tuning = Tuning(language="he-IL", model="mine", phrase_hints=("רחוב",), automatic_punctuation=True)
    recogniser = guarded(engine)
    recogniser.open_stream(tuning)(lambda event: None)
    recogniser.recognize(b"", tuning)
    assert engine.options == [RecognitionOptions("he-IL", "mine", ("רחוב",), punctuation=True)] * 2


def test_streams_and_one_shots_are_counted_as_requests():
    engine = guarded(FakeEngine())
    engine.open_stream(Tuning())(lambda event: None)
    engine.recognize(b"", Tuning())
    assert engine.requests.a_minute(0.0) == 2


def test_a_service_is_probed_until_it_has_answered():
    answers = [RecognizerError("unavailable"), RecognizerError("client_failed"), None]

    class Failing(FakeEngine):
        def probe(self):
            if (answer := answers.pop(0)) is not None:
                raise answer

    engine = guarded(Failing())
    assert (engine.trouble, engine.probed) == ("", False)
    seen = []
    for _ in range(4):
        engine.probe()
        seen.append((engine.trouble, engine.probed))
    assert seen == [("unavailable", False), ("client_failed", False), ("", True), ("", True)]


BAD = Tuning(phrase_hints=("רחוב",), model="mine", profile="quick@1")


class Picky(FakeEngine):
    """Refuses what it is told to, and keeps what it was asked for."""

    def __init__(self, refuses):
        super().__init__()
        self.wants = []
        self.options = []
        self.refused = refuses

    def refuses(self, options):
        self.options.append(options)
        self.wants.append((options.model, options.hints))
        return self.refused(options.model, options.hints)


@pytest.mark.parametrize(
    ("refuses", "waived", "requests"),
    [
        (lambda model, hints: False, (), 1),
        (lambda model, hints: hints, (HINTS,), 2),
        (lambda model, hints: model == "mine", (MODEL,), 3),
        (lambda model, hints: hints or model == "mine", (HINTS, MODEL), 4),
    ],
)
def test_what_the_engine_refuses_is_waived_and_remembered_for_the_revision(refuses, waived, requests):
    engine, told = Picky(refuses), []
    recogniser = guarded(engine)
    before = metrics.SETTINGS_REFUSED._value.get()
    assert recogniser.recognize(b"", BAD, told.append).words
    assert len(engine.wants) == requests
    assert metrics.SETTINGS_REFUSED._value.get() == before + requests - 1
    assert told == ([waived] if waived else [])
    assert engine.wants[-1] == ("" if MODEL in waived else "mine", () if HINTS in waived else ("רחוב",))
    recogniser.recognize(b"", BAD)
    assert len(engine.wants) == requests + 1
    # A saved change tries everything again, whatever it changes.
    recogniser.recognize(b"", replace(BAD, profile="quick@2"))
    assert engine.wants[requests + 1] == ("mine", ("רחוב",))


def test_where_everything_is_refused_it_was_no_setting_and_nothing_is_remembered():
    engine, told = Picky(lambda model, hints: True), []
    recogniser = guarded(engine)
    for _ in range(2):
        with pytest.raises(RecognizerError) as refused:
            recogniser.recognize(b"", BAD, told.append)
        assert refused.value.code == "invalid_argument"
    assert engine.wants[0] == engine.wants[4] == ("mine", ("רחוב",))
    assert (len(engine.wants), told) == (8, [])


def test_settings_of_the_environment_alone_are_not_asked_for_again():
    engine = Picky(lambda model, hints: True)
    with pytest.raises(RecognizerError):
        guarded(engine).recognize(b"", Tuning())
    assert len(engine.wants) == 1


async def _heard(recogniser, tuning, told, breaker=None):
    """What a call's Transcriber delivers up to its first stream that is not refused."""
    events = []
    hearing = Transcriber(recogniser.open_stream(tuning, told.append), tuning, events.append, breaker)
    hearing.start()
    try:
        async with asyncio.timeout(10):
            while not events:  # noqa: ASYNC110 - it has no event to give
                await asyncio.sleep(0)
                stream = recogniser.engine.streams[-1]
                if not recogniser.engine.refused(*recogniser.engine.wants[-1]):
                    stream.opens()
                    stream.deliver(Final((), 100))
    finally:
        hearing.close()
    return events


def test_a_refused_stream_is_opened_again_with_less_and_the_breaker_stays_out_of_it():
    engine, told, breaker = Picky(lambda model, hints: hints), [], Breaker(Random(1))
    recogniser = guarded(engine)
    tuning = replace(BAD, stt_retry_ms=0)
    events = asyncio.run(_heard(recogniser, tuning, told, breaker))
    assert isinstance(events[0], StreamOpened)
    assert (events[0].attempt, told, breaker.failures) == (2, [(HINTS,)], 0)
    assert asyncio.run(_heard(recogniser, tuning, told, breaker))[0].attempt == 1


def test_a_refused_request_says_nothing_of_other_calls():
    async def scenario():
        breaker = Breaker(Random(1))
        for _ in range(20):
            engine = Picky(lambda model, hints: True)
            events = []
            hearing = Transcriber(guarded(engine).open_stream(Tuning()), Tuning(), events.append, breaker)
            hearing.start()
            while not events:  # noqa: ASYNC110 - it has no event to give
                await asyncio.sleep(0)
            hearing.close()
            assert isinstance(events[0], StreamClosed)
            assert events[0].error is REFUSAL
        return breaker

    assert not asyncio.run(scenario()).open


def test_google_refuses_hints_and_hears_without_them():
    """Over gRPC, stream and one-shot."""
    tuning = Tuning(phrase_hints=("רחוב",), profile="quick@1", stt_retry_ms=0)

    clip = Library([SAMPLES]).recordings[0]

    async def scenario(first):
        options = EmulatorOptions(
            folders=[SAMPLES], limits=Limits(ahead_s=600), timing=Timing(half_close_ms=(1, 2), recognize_ms=(1, 2))
        )
        async with SpeechEmulator(options, Faults(hints_refused=True)) as emulator:
            client = GoogleSpeech(emulator=emulator.address)
            recogniser, told = guarded(client), []
            if first == "one-shot":
                await asyncio.to_thread(recogniser.recognize, ulaw_to_pcm(clip.ulaw), tuning, told.append)
            else:
                events: asyncio.Queue = asyncio.Queue()
                hearing = Transcriber(recogniser.open_stream(tuning, told.append), tuning, events.put_nowait)
                hearing.start()
                # Nothing is written until then: a write into a refusal would show as INTERNAL (grpc.aio).
                while (await events.get()).attempt < 2:
                    pass
                for at in range(0, len(clip.ulaw), FRAME_BYTES):
                    hearing.feed(clip.ulaw[at : at + FRAME_BYTES], at // BYTES_PER_MS)
                hearing.finish()
                heard = []
                while not isinstance(event := await events.get(), StreamClosed):
                    heard.append(event)
                assert any(isinstance(event, Final) and event.words for event in heard)
            await client.close()
            return told

    for first in ("one-shot", "stream"):
        told = asyncio.run(asyncio.wait_for(scenario(first), 20))
        assert set(told) == {(HINTS,)}
