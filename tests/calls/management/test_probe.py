"""What an engine says to recordings becomes a trace, which an emulator says again."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command

from calls.lab.probing import speech_of
from stt.emulator.google_v2 import GoogleV2Emulator
from stt.emulator.service import EmulatorOptions
from stt.emulator.socket_service import SocketEmulator
from stt.emulator.timing import KIND
from stt.emulator.traces import load_traces
from stt.emulator.vendor_faults import VendorFaults
from stt.emulator.vendors import VENDORS, emulator_of
from stt.engines.base import RecognitionOptions
from stt.engines.catalogue import by_name
from stt.events import Final, StreamClosed
from stt.wavfile import read_ulaw
from tests.paths import SAMPLES

WAV = SAMPLES / "answers_1.wav"


@pytest.fixture(autouse=True)
def variables(settings):
    """Those of engines, none set."""
    settings.ENGINE_VARIABLES = dict.fromkeys(settings.ENGINE_VARIABLES, "")
    return settings.ENGINE_VARIABLES


@contextmanager
def served(emulator):
    """An emulator on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    run(emulator.__aenter__())
    try:
        yield emulator
    finally:
        run(emulator.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def kind(name, *, faults=None, traces=()):
    options = EmulatorOptions(folders=[SAMPLES], timing=KIND, trace_folders=traces)
    return emulator_of(name, options, faults or VendorFaults())


def words_of(trace):
    return [word for result in trace.results if result.said.spoken for word in result.said.words]


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_results_are_kept_with_their_times_and_said_again(name, variables, tmp_path, capsys):
    with served(kind(name)) as emulator:
        variables[by_name()[name].emulator] = emulator.address
        call_command("probe", name, str(WAV), "--out", str(tmp_path))
    trace = load_traces([tmp_path])[WAV.name]
    assert trace.engine == f"emulator:{name}"
    assert trace.guessed_times is (name == "google_v2")
    begin_ms, end_ms = speech_of(read_ulaw(WAV))
    spoken = [word for result in trace.results for word in result.said.spoken or ()]
    assert [word.text for word in spoken] and spoken[-1].end_ms <= end_ms + 200
    assert all(one.start_ms <= one.end_ms <= other.end_ms for one, other in zip(spoken, spoken[1:], strict=False))
    assert f"1 traces of emulator:{name}" in capsys.readouterr().out

    async def again():
        events: asyncio.Queue = asyncio.Queue()
        async with kind(name, traces=[tmp_path]) as emulator:
            variables[by_name()[name].emulator] = emulator.address
            engine = by_name()[name].engine_at(variables | {"GOOGLE_CLOUD_PROJECT": ""})("")
            stream = engine.open_stream(events.put_nowait, RecognitionOptions())
            stream.feed(read_ulaw(WAV))
            stream.finish()
            heard = [await events.get()]
            while not isinstance(heard[-1], StreamClosed):
                heard.append(await events.get())
            await engine.close()
        return [word.text for event in heard if isinstance(event, Final) for word in event.words]

    assert asyncio.run(asyncio.wait_for(again(), 20)) == words_of(trace)


def test_an_engine_that_fails_is_one_sentence(variables, tmp_path):
    with served(kind("deepgram", faults=VendorFaults(unauthorized=True))) as emulator:
        variables["DEEPGRAM_EMULATOR_HOST"] = emulator.address
        with pytest.raises(CommandError, match="^unauthenticated: answers_1.wav: HTTP 401"):
            call_command("probe", "deepgram", str(WAV), "--out", str(tmp_path))


@pytest.mark.parametrize("name", ["deepgram", "soniox", "elevenlabs"])
def test_a_probe_without_a_key_names_its_variable(name):
    with pytest.raises(CommandError, match=f"^{name.upper()}_API_KEY is not set.*{name.upper()}_EMULATOR_HOST"):
        call_command("probe", name, str(WAV))


def test_the_models_of_a_project_are_listed_by_location(variables, capsys):
    with served(GoogleV2Emulator(EmulatorOptions(folders=[SAMPLES], timing=KIND))) as emulator:
        variables["GOOGLE_V2_EMULATOR_HOST"] = emulator.address
        call_command("probe_google", "--v2")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "this says nothing of any project" in lines[0]
    assert lines[1:3] == ["eu: chirp_3 (PREVIEW)", "eu: chirp_3 took half a second of silence"]
    assert "global: no model for iw-IL" in lines
    assert any(line.startswith("asia-northeast1: cannot be asked: not_found") for line in lines)


def test_without_a_project_its_models_are_not_guessed(variables, settings):
    settings.CONFIGURATION_PROBLEMS = []
    with pytest.raises(CommandError, match="GOOGLE_APPLICATION_CREDENTIALS is not set"):
        call_command("probe_google", "--v2")
    variables["GOOGLE_APPLICATION_CREDENTIALS"] = "/nowhere/key.json"
    with pytest.raises(CommandError, match="GOOGLE_CLOUD_PROJECT is not set"):
        call_command("probe_google", "--v2")


@pytest.mark.parametrize("arguments", [(), ("--v2", str(WAV))])
def test_recordings_or_a_list_is_asked_for(arguments):
    with pytest.raises(CommandError, match="Give recordings"):
        call_command("probe_google", *arguments)


def test_an_emulated_socket_counts_what_it_was_sent():
    async def within():
        async with kind("soniox") as emulator:
            assert isinstance(emulator, SocketEmulator)
            engine = by_name()["soniox"].engine_at({"SONIOX_API_KEY": "", "SONIOX_EMULATOR_HOST": emulator.address})("")
            await asyncio.to_thread(engine.probe)
            return emulator.billed_s, emulator.streams_opened

    assert asyncio.run(within()) == (1, 1)
