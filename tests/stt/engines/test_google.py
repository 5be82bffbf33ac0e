"""Whatever Google's library raises, and wherever: a RecognizerError with a stable code, and an end that is told."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest

from calls.lines import costs
from stt.audio import BYTES_PER_MS, ulaw_to_pcm
from stt.emulator.recordings import Library, read_ulaw
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import Faults, Limits, Timing
from stt.engines import google
from stt.engines.base import RecognitionOptions
from stt.engines.google import GoogleSpeech
from stt.events import Final, Interim, RecognizerError, StreamClosed, StreamOpened
from tests.paths import ROOT, SAMPLES
from tests.sounds import silence
from tests.stt.engines.contract import EngineContract, Rig, Service
from voiceapp.runtime import metrics

PLAIN = RecognitionOptions()
NO_KEYS = {
    "list": "[]",
    "text": '"key"',
    "number": "7",
    "empty": "",
    "no fields": "{}",
    "no private key": '{"type": "service_account", "client_email": "a@example.org", "token_uri": "https://x"}',
    "a number for a key": json.dumps(
        {"type": "service_account", "client_email": "a@example.org", "token_uri": "https://x", "private_key": 5}
    ),
}


class TestGoogle(EngineContract):
    """Over real gRPC, against the emulator."""

    @asynccontextmanager
    async def rig(self, service):
        options = EmulatorOptions(
            folders=[SAMPLES], limits=Limits(ahead_s=600), timing=Timing(half_close_ms=(1, 2), recognize_ms=(1, 2))
        )
        pause = b"".join(silence(2000))
        spoken = read_ulaw(SAMPLES / "apartment_4.wav")
        ulaw, ends_ms = pause + spoken + pause, 2000 + len(spoken) // BYTES_PER_MS
        async with SpeechEmulator(options, Faults(hang_recognize=service is Service.SLOW)) as emulator:
            address = "127.0.0.1:1" if service is Service.AWAY else emulator.address
            engine = GoogleSpeech(emulator=address)
            words = tuple("אפשר לבוא לראות אותה מחר בערב".split())
            yield Rig(engine, ulaw, words, (2000, ends_ms), RecognitionOptions(model="phone_call"))


@pytest.fixture(params=["directory", "no file", *NO_KEYS])
def no_key(request, tmp_path, monkeypatch):
    path = tmp_path / "key.json"
    if request.param == "directory":
        path.mkdir()
    elif request.param != "no file":
        path.write_text(NO_KEYS[request.param])
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


async def closed(client, *, deliver=None, ulaw=b"\xff" * 800):
    """The end of a stream that fails."""
    events: asyncio.Queue = asyncio.Queue()

    def both(event):
        events.put_nowait(event)
        if deliver is not None:
            deliver(event)

    stream = client.open_stream(both, PLAIN)
    stream.feed(ulaw)
    while not isinstance(event := await events.get(), StreamClosed):
        pass
    return event


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 20))


def against_an_emulator(scenario):
    async def run_it():
        async with SpeechEmulator(EmulatorOptions(folders=[SAMPLES])) as emulator:
            client = GoogleSpeech(emulator=emulator.address)
            try:
                return await scenario(client)
            finally:
                await client.close()

    return run(run_it)


def test_a_file_that_is_no_key_ends_the_stream_and_the_one_shot_with_a_code(no_key):
    async def scenario():
        client = GoogleSpeech()
        ended = await closed(client)
        with pytest.raises(RecognizerError) as refused:
            await asyncio.to_thread(client.recognize, bytes(160), PLAIN, 1000)
        return ended.error, refused.value

    streamed, one_shot = run(scenario)
    assert streamed.code == one_shot.code
    assert streamed.code in {"client_failed", "unauthenticated"}
    assert streamed.permanent and one_shot.permanent


class Broken:
    """A client whose library fails where it is told to."""

    def __init__(self, where):
        self.where = where

    def stream_stream(self, method, serializer, deserializer):
        return self.streaming_recognize

    def streaming_recognize(self, requests):
        if self.where == "call":
            raise TypeError("of the call")
        return self

    async def __aiter__(self):
        raise KeyError("while iterating")
        yield

    def cancel(self):
        pass

    def recognize(self, **_):
        raise IndexError("one-shot")


@pytest.mark.parametrize("where", ["call", "iteration"])
def test_what_the_library_raises_ends_the_stream(where, monkeypatch):
    monkeypatch.setattr(GoogleSpeech, "_channel", lambda self: Broken(where))
    before = metrics.ENGINE_ERRORS.labels("engine_error")._value.get()

    async def scenario():
        return await closed(GoogleSpeech())

    error = run(scenario).error
    assert (error.code, error.permanent) == ("engine_error", False)
    assert error.message in ("TypeError: of the call", "KeyError: 'while iterating'")
    assert error.__traceback__ is None
    assert metrics.ENGINE_ERRORS.labels("engine_error")._value.get() == before + 1


def test_what_the_one_shot_raises_has_a_code(monkeypatch):
    monkeypatch.setattr(GoogleSpeech, "_client", lambda self: Broken("call"))
    with pytest.raises(RecognizerError) as refused:
        GoogleSpeech().recognize(b"", PLAIN, 100)
    assert refused.value.code == "engine_error"


def test_a_request_that_cannot_be_made_ends_the_stream_with_its_reason():
    async def scenario(client):
        return await closed(client, ulaw="no bytes")

    assert against_an_emulator(scenario).error.code == "engine_error"


def test_hints_that_cannot_be_written_end_the_stream_and_do_not_raise():
    async def scenario(client):
        events: asyncio.Queue = asyncio.Queue()
        options = RecognitionOptions(hints=("\ud800",))
        client.open_stream(events.put_nowait, options)
        with pytest.raises(RecognizerError) as refused:
            await asyncio.to_thread(client.recognize, b"", options, 1000)
        return (await events.get()).error.code, refused.value.code

    assert against_an_emulator(scenario) == ("engine_error", "engine_error")


@pytest.mark.parametrize("kind", [StreamOpened, Interim | Final])
def test_who_fails_on_an_event_is_told_of_the_end(kind, monkeypatch):
    def deliver(event):
        if isinstance(event, kind):
            raise ZeroDivisionError

    async def scenario(client):
        if kind is not StreamOpened:
            monkeypatch.setattr(google, "_deliver", lambda stream, response: stream.deliver(Final((), None)))
        return await closed(client, deliver=deliver, ulaw=Library([SAMPLES]).recordings[0].ulaw)

    assert against_an_emulator(scenario).error.code == "engine_error"


def recognized(options, ulaw):
    async def scenario(client):
        return await asyncio.to_thread(client.recognize, ulaw_to_pcm(ulaw), options, 5000)

    return against_an_emulator(scenario)


def test_google_is_asked_for_punctuation_only_where_the_options_say_so():
    ulaw = Library([SAMPLES]).recordings[0].ulaw
    plain, punctuated = (recognized(RecognitionOptions(punctuation=asked), ulaw).words for asked in (False, True))
    assert [word.text for word in punctuated] == [*(word.text for word in plain[:-1]), f"{plain[-1].text}."]


def test_the_language_of_the_options_reaches_google():
    assert recognized(RecognitionOptions(language="he-IL"), bytes([0xFF]) * 8000).words == ()
    with pytest.raises(RecognizerError, match="xx-YY"):
        recognized(RecognitionOptions(language="xx-YY"), bytes([0xFF]) * 8000)


def test_a_model_once_chosen_is_that_of_every_endpoint():
    async def scenario():
        async with SpeechEmulator(EmulatorOptions(folders=[SAMPLES])) as emulator:
            make = google.google_at("", emulator.address)
            here, elsewhere = make(""), make("eu-speech.googleapis.com")
            here._chosen.name = "unknown"
            await asyncio.to_thread(elsewhere.probe)
            return here.model

    assert run(scenario) == "default"


def test_google_and_all_it_needs_stay_small():
    files = [ROOT / "stt/engines" / name for name in ("google.py", "google_models.py")]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) <= 300


def test_models_are_named_by_google_alone():
    """The emulator speaks as Google does; the form's help names what an empty field means."""
    knows = {
        path.relative_to(ROOT).as_posix()
        for room in ("calls", "stt", "voiceapp")
        for path in (ROOT / room).rglob("*.py")
        if re.search("phone_call|command_and_search", path.read_text("utf-8")) and "migrations" not in path.parts
    }
    assert knows <= {"stt/engines/google_models.py", "stt/emulator/service.py", "stt/models.py"}


def test_its_list_price_is_the_one_that_costs_are_counted_by():
    assert google.CAPABILITIES.price_per_hour == 60 * costs.DEFAULT.stt
