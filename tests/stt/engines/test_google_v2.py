"""Google's v2 engine, over real gRPC, against its emulator."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from google.api_core import exceptions

from stt.audio import FRAME_BYTES
from stt.emulator.google_v2 import GoogleV2Emulator, chirp_timing
from stt.emulator.service import EmulatorOptions
from stt.emulator.timing import KIND
from stt.emulator.vendor_faults import VendorFaults
from stt.engines import google_v2
from stt.engines.base import RecognitionOptions
from stt.engines.google_v2 import GoogleSpeechV2, google_v2_at, location_of
from stt.events import Final, Interim, StreamClosed, StreamOpened
from tests.paths import SAMPLES
from tests.stt.engines.contract import EngineContract, Rig, Service
from tests.stt.engines.vendors import PAUSE, QUICK, SPOKEN, ULAW, WORDS

FAULTS = {
    "unauthorized": ("unauthenticated", True),
    "too_many": ("resource_exhausted", False),
    "refused": ("unavailable", False),
    "broken_in_mid_word": ("internal", False),
}


def emulated(faults=None, timing=QUICK):
    return GoogleV2Emulator(EmulatorOptions(folders=[SAMPLES], timing=timing), faults)


class TestGoogleV2(EngineContract):
    @asynccontextmanager
    async def rig(self, service):
        async with emulated(VendorFaults(hang_recognize=service is Service.SLOW)) as emulator:
            address = "127.0.0.1:1" if service is Service.AWAY else emulator.address
            engine = GoogleSpeechV2("", emulator=address)
            yield Rig(engine, ULAW, WORDS, (2000, 2000 + len(SPOKEN) // 8), RecognitionOptions(model="chirp_9"))


def stream(faults=None, *, options=None, ulaw=PAUSE + SPOKEN, engine=None, finish=True, timing=QUICK):
    async def within():
        async with asyncio.timeout(20), emulated(faults, timing) as emulator:
            client = engine(emulator.address) if engine else GoogleSpeechV2("", emulator=emulator.address)
            events: asyncio.Queue = asyncio.Queue()
            recognizer = client.open_stream(events.put_nowait, options or RecognitionOptions())
            for at in range(0, len(ulaw), FRAME_BYTES):
                recognizer.feed(ulaw[at : at + FRAME_BYTES])
            if finish:
                recognizer.finish()
            heard = [await events.get()]
            while not isinstance(heard[-1], StreamClosed):
                heard.append(await events.get())
            await client.close()
            return heard

    return asyncio.run(within())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_its_code_and_one_end(fault):
    # No audio: a server that aborts while more is written shows as INTERNAL at the client now and then (grpc.aio).
    in_mid_word = fault == "broken_in_mid_word"
    ulaw, finish = (PAUSE + SPOKEN, True) if in_mid_word else (b"", False)
    error = stream(VendorFaults(**{fault: True}), ulaw=ulaw, finish=finish)[-1].error
    assert (error.code, error.permanent) == FAULTS[fault]


def test_a_stream_that_ends_without_its_final_leaves_its_hypotheses():
    """v2 says nothing of it: an ordinary end."""
    heard = stream(VendorFaults(close_without_final=True))
    assert any(isinstance(event, Interim) for event in heard)
    assert not any(isinstance(event, Final) for event in heard)
    assert heard[-1].error is None


def test_a_silent_stream_is_ended_by_its_own_time_out(monkeypatch):
    monkeypatch.setattr(google_v2, "STREAM_TIMEOUT_S", 0.3)
    silent = stream(VendorFaults(silent=True), ulaw=PAUSE[:FRAME_BYTES], finish=False)
    assert silent[-1].error.code == "deadline_exceeded"


def test_a_late_final_comes_whole():
    heard = stream(VendorFaults(late_finals_ms=300))
    assert tuple(word.text for event in heard if isinstance(event, Final) for word in event.words) == WORDS


def test_words_never_have_times():
    words = [word for event in stream() if isinstance(event, Final) for word in event.words]
    assert {(word.start_ms, word.end_ms) for word in words} == {(None, None)}
    assert not GoogleSpeechV2.capabilities.word_times


def test_finals_are_as_late_as_chirps():
    timing = chirp_timing(KIND)
    assert timing.final_median_ms == 2400
    heard = stream(ulaw=PAUSE + SPOKEN + PAUSE + PAUSE, timing=timing)
    assert tuple(word.text for event in heard if isinstance(event, Final) for word in event.words) == WORDS


@pytest.mark.parametrize(
    ("endpoint", "location", "host"),
    [
        ("", "eu", "eu-speech.googleapis.com"),
        ("us-speech.googleapis.com", "us", "us-speech.googleapis.com"),
        ("speech.googleapis.com", "eu", "eu-speech.googleapis.com"),
    ],
)
def test_the_host_and_the_path_name_one_location(endpoint, location, host):
    engine = google_v2_at("our-project")(endpoint)
    assert (engine.host, engine.recognizer) == (host, f"projects/our-project/locations/{location}/recognizers/_")


def test_a_location_of_its_own_is_taken():
    assert google_v2_at("p", "us")("").host == "us-speech.googleapis.com"
    assert google_v2_at("p", "global")("").host == "speech.googleapis.com"
    assert location_of("asia-northeast1-speech.googleapis.com") == "asia-northeast1"


def test_a_model_that_the_location_does_not_have_is_refused():
    def elsewhere(address):
        return GoogleSpeechV2("p", "global", address)

    error = stream(engine=elsewhere, ulaw=b"", finish=False)[-1].error
    assert (error.code, error.refused) == ("model_not_supported", True)


def test_hints_and_the_newer_code_of_hebrew_are_taken():
    heard = stream(options=RecognitionOptions(language="he-IL", hints=("רמת גן",)))
    assert isinstance(heard[0], StreamOpened) and heard[-1].error is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.Aborted("Max duration of 5 minutes reached for stream."), "stream_expired"),
        (exceptions.Aborted("Stream timed out after receiving no more client requests."), "audio_timeout"),
        (exceptions.Aborted("else"), "aborted"),
        (
            exceptions.InvalidArgument('The language "iw-IL" is not supported by the model "long".'),
            "model_not_supported",
        ),
    ],
)
def test_what_v2_says_otherwise_has_the_code_of_v1(error, code):
    assert google_v2.translate(error).code == code


def test_what_is_no_error_of_the_service_is_not_taken_for_one():
    assert google_v2.translate(ValueError()) is None


@pytest.mark.parametrize("fault", ["half_json", "no_word_times"])
def test_the_emulator_refuses_faults_that_it_cannot_have(fault):
    with pytest.raises(ValueError, match=fault):
        emulated(VendorFaults(**{fault: True}))


def test_its_name_says_whether_an_emulator_stands_in():
    assert GoogleSpeechV2("p").name == "google_v2"
    assert GoogleSpeechV2("p", emulator="127.0.0.1:9").name == "emulator:google_v2"
