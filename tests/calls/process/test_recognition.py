"""Which engine a call's settings mean, and whether it answers."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from calls.process import recognition as module
from calls.process.recognition import Recognition
from stt.audio import BYTES_PER_MS, FRAME_BYTES, ulaw_to_pcm
from stt.emulator.recordings import Library
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import Faults, Limits, Timing
from stt.engines.breaker import Breaker
from stt.engines.google import GoogleOptions, GoogleSpeech
from stt.engines.waivers import HINTS, MODEL
from stt.events import Final, RecognizerError, StreamClosed, StreamOpened
from stt.streaming.transcriber import Transcriber
from stt.tuning import Tuning
from tests.fakes import REFUSAL, FakeEngine
from tests.paths import SAMPLES
from voiceapp.runtime import metrics


class Engine:
    def __init__(self, host):
        self.host = host

    def open_stream(self, deliver, *, model, hints):
        return self.host, model.name, hints


def test_a_profiles_endpoint_has_an_engine_of_its_own_made_once():
    made = []
    recognition = Recognition(Engine("here"), lambda host: made.append(host) or Engine(host))

    def streams(endpoint):
        return recognition.open_stream(Tuning(endpoint=endpoint, model="x", phrase_hints=("רחוב",)))(None)

    assert streams("") == ("here", "x", ("רחוב",))
    assert (
        streams("eu-speech.googleapis.com")[0] == streams("eu-speech.googleapis.com")[0] == "eu-speech.googleapis.com"
    )
    assert made == ["eu-speech.googleapis.com"]


def test_a_failed_probe_is_trouble_until_one_is_answered(monkeypatch):
    answers = [RecognizerError("unavailable"), RecognizerError("client_failed"), Final((), None)]
    seen = []

    class Failing(Engine):
        def recognize(self, pcm, *, model, timeout_ms, hints=()):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    recognition = Recognition(Failing("here"))
    assert recognition.trouble == ""
    monkeypatch.setattr(module.time, "sleep", lambda pause_s: seen.append((recognition.trouble, pause_s)))
    recognition.keep_probing()
    assert seen == [("unavailable", 2.0), ("client_failed", 4.0)]
    assert (recognition.trouble, recognition.model.name) == ("", "phone_call")


BAD = Tuning(phrase_hints=("רחוב",), model="mine", profile="quick@1")


class Picky(FakeEngine):
    """Refuses what it is told to, and keeps what it was asked for."""

    def __init__(self, refuses):
        super().__init__()
        self.wants = []
        self.refused = refuses

    def refuses(self, model, hints):
        self.wants.append((model.name, hints))
        return self.refused(model.name, hints)


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
    recognition = Recognition(engine)
    before = metrics.SETTINGS_REFUSED._value.get()
    assert recognition.recognize(b"", BAD, told.append).words
    assert len(engine.wants) == requests
    assert metrics.SETTINGS_REFUSED._value.get() == before + requests - 1
    assert told == ([waived] if waived else [])
    assert engine.wants[-1] == ("default" if MODEL in waived else "mine", () if HINTS in waived else ("רחוב",))
    recognition.recognize(b"", BAD)
    assert len(engine.wants) == requests + 1
    # A saved change tries everything again, whatever it changes.
    recognition.recognize(b"", replace(BAD, profile="quick@2"))
    assert engine.wants[requests + 1] == ("mine", ("רחוב",))


def test_where_everything_is_refused_it_was_no_setting_and_nothing_is_remembered():
    engine, told = Picky(lambda model, hints: True), []
    recognition = Recognition(engine)
    for _ in range(2):
        with pytest.raises(RecognizerError) as refused:
            recognition.recognize(b"", BAD, told.append)
        assert refused.value.code == "invalid_argument"
    assert engine.wants[0] == engine.wants[4] == ("mine", ("רחוב",))
    assert (len(engine.wants), told) == (8, [])


def test_settings_of_the_environment_alone_are_not_asked_for_again():
    engine = Picky(lambda model, hints: True)
    with pytest.raises(RecognizerError):
        Recognition(engine).recognize(b"", Tuning())
    assert len(engine.wants) == 1


async def _heard(recognition, tuning, told, breaker=None):
    """What a call's Transcriber delivers up to its first stream that is not refused."""
    events = []
    hearing = Transcriber(recognition.open_stream(tuning, told.append), tuning, events.append, breaker)
    hearing.start()
    try:
        async with asyncio.timeout(10):
            while not events:  # noqa: ASYNC110 - it has no event to give
                await asyncio.sleep(0)
                stream = recognition.engine.streams[-1]
                if not recognition.engine.refused(*recognition.engine.wants[-1]):
                    stream.opens()
                    stream.deliver(Final((), 100))
    finally:
        hearing.close()
    return events


def test_a_refused_stream_is_opened_again_with_less_and_the_breaker_stays_out_of_it():
    engine, told, breaker = Picky(lambda model, hints: hints), [], Breaker(Random(1))
    recognition = Recognition(engine)
    tuning = replace(BAD, stt_retry_ms=0)
    events = asyncio.run(_heard(recognition, tuning, told, breaker))
    assert isinstance(events[0], StreamOpened)
    assert (events[0].attempt, told, breaker.failures) == (2, [(HINTS,)], 0)
    assert asyncio.run(_heard(recognition, tuning, told, breaker))[0].attempt == 1


def test_a_refused_request_says_nothing_of_other_calls():
    async def scenario():
        breaker = Breaker(Random(1))
        for _ in range(20):
            engine = Picky(lambda model, hints: True)
            events = []
            hearing = Transcriber(Recognition(engine).open_stream(Tuning()), Tuning(), events.append, breaker)
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
            client = GoogleSpeech(GoogleOptions(emulator=emulator.address))
            recognition, told = Recognition(client), []
            if first == "one-shot":
                await asyncio.to_thread(recognition.recognize, ulaw_to_pcm(clip.ulaw), tuning, told.append)
            else:
                events: asyncio.Queue = asyncio.Queue()
                hearing = Transcriber(recognition.open_stream(tuning, told.append), tuning, events.put_nowait)
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
