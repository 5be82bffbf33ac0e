"""Commands for the owner of a line: connecting a number, probing the engine."""

import asyncio
import json
import os
import re
import socket
import threading
import wave
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from twilio.http import HttpClient
from twilio.http.response import Response

from calls.desk.privacy import rows as privacy_rows
from calls.live.stream_record import recording_path
from calls.management.commands import connect_number
from calls.models import Call, ChangedHour, Transcript
from calls.storage.recording import Recorder
from calls.storage.recording_disk import RecordingDisk
from stt.audio import ULAW_SILENCE, ulaw_to_pcm
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import KIND, Limits
from stt.emulator.traces import load_traces
from stt.emulator.vendors import VENDORS
from stt.engines.google import GoogleSpeech
from tests.calls.storage.test_recording import record_line
from tests.fakes import recognition_by
from tests.paths import SAMPLES
from tests.serving import serving


class Twilio(HttpClient):
    """Twilio's REST API as far as one number goes."""

    def __init__(self, numbers=("+97231234567",), status=200):
        self.numbers, self.status, self.updates = numbers, status, []

    def request(self, method, url, params=None, data=None, headers=None, auth=None, timeout=None, **_):
        if self.status != 200:
            return Response(self.status, json.dumps({"code": 20003, "message": "Authenticate", "status": self.status}))
        if method == "GET":
            found = [{"sid": "PN1", "phone_number": n} for n in self.numbers if n == params["PhoneNumber"]]
            return Response(200, json.dumps({"incoming_phone_numbers": found, "next_page_uri": None}))
        self.updates.append((url, data if isinstance(data, dict) else parse_qs(data)))
        return Response(200, json.dumps({"sid": "PN1"}))


@pytest.fixture
def account(settings, monkeypatch):
    settings.PUBLIC_URL = "https://voice.example.org"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "1" * 32, "token"
    twilio = Twilio()
    monkeypatch.setattr(connect_number.Command, "http_client", twilio)
    return twilio


def test_a_number_is_pointed_at_this_server(account):
    call_command("connect_number", "+97231234567")
    ((url, fields),) = account.updates
    assert url.endswith("/IncomingPhoneNumbers/PN1.json")
    assert fields["VoiceUrl"] == "https://voice.example.org/twilio/voice"
    assert fields["VoiceFallbackUrl"] == "https://voice.example.org/twilio/after"
    assert fields["StatusCallback"] == "https://voice.example.org/twilio/status"


def test_a_dry_run_sets_nothing(account, capsys):
    call_command("connect_number", "+97231234567", "--dry-run")
    assert account.updates == []
    assert "voice_url: https://voice.example.org/twilio/voice" in capsys.readouterr().out


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_number_is_read_as_people_write_it_and_refused_where_it_is_none(account, capsys, dry):
    call_command("connect_number", "03-123-4567", *dry)
    assert "number: +97231234567" in capsys.readouterr().out
    with pytest.raises(CommandError, match="bad_number"):
        call_command("connect_number", "100", *dry)


@pytest.mark.parametrize("url", ["foo", "127.0.0.1:8000", "ftp://127.0.0.1"])
def test_an_address_to_call_that_is_none_is_one_sentence(url):
    with pytest.raises(CommandError, match="bad_base_url"):
        call_command("simulate_call", str(SAMPLES / "order_1.wav"), "--base-url", url)


def test_what_is_wrong_has_a_code(account, settings):
    with pytest.raises(CommandError, match="unknown_number"):
        call_command("connect_number", "+97239999999")
    account.status = 401
    with pytest.raises(CommandError, match="twilio_refused.*20003"):
        call_command("connect_number", "+97231234567")
    settings.TWILIO_ACCOUNT_SID = ""
    with pytest.raises(CommandError, match="no_account.*TWILIO_ACCOUNT_SID"):
        call_command("connect_number", "+97231234567")
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with pytest.raises(CommandError, match="bad_public_url"):
        call_command("connect_number", "+97231234567")


@pytest.fixture
def emulator(settings):
    """An emulator on a loop of its own, as the configured engine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    emulator = SpeechEmulator(EmulatorOptions(folders=[SAMPLES], timing=KIND, limits=Limits()))

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    run(emulator.__aenter__())
    settings.STT_EMULATOR_HOST = emulator.address
    with serving(recognition=recognition_by(GoogleSpeech(emulator=emulator.address))):
        yield emulator
    run(emulator.__aexit__())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_probe_keeps_what_the_engine_said_and_when_and_what_a_half_close_gains(emulator, tmp_path, capsys):
    call_command("probe_google", str(SAMPLES / "answers_1.wav"), "--out", str(tmp_path), "--half-close")
    trace = load_traces([tmp_path])["answers_1.wav"]
    (final,) = [result for result in trace.results if result.said.spoken]
    assert trace.engine == "emulator"
    assert 0 < final.said.spoken[0].start_ms < final.said.spoken[-1].end_ms < final.at_ms
    said = capsys.readouterr().out
    waited_ms = [int(ms) for ms in re.findall(r"end of speech to last final: p50 (\d+)", said)]
    assert waited_ms[1] < waited_ms[0] - 100
    assert "the same words in 1 of 1" in said


def test_a_probe_without_an_engine_names_the_variable(settings):
    settings.STT_EMULATOR_HOST = ""
    if not settings.CONFIGURATION_PROBLEMS:
        pytest.skip("this environment has credentials")
    with pytest.raises(CommandError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        call_command("probe_google", str(SAMPLES / "answers_1.wav"))


def test_a_broken_recording_is_named(emulator, tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(CommandError, match="broken_recording: broken.wav"):
        call_command("probe_google", str(tmp_path / "broken.wav"), "--out", str(tmp_path))


@pytest.fixture
def recorded(db, settings, tmp_path):
    """A call with a recording of a second."""
    settings.VAR_DIR = tmp_path
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(tmp_path / "recordings" / "20200101" / "CA1-MZ1.vrec", disk)
    for i in range(50):
        recorder.push(100 + 20 * i, bytes([i]) * 160)
    recorder.flush()
    disk.stop(10)
    long_ago = timezone.now() - timedelta(days=40)
    stream = {"recording": "recordings/20200101/CA1-MZ1.vrec", "started_at": long_ago.isoformat()}
    return Call.objects.create(call_sid="CA1", streams={"MZ1": stream}, ended_at=long_ago)


def test_a_recording_becomes_a_wav(recorded, tmp_path):
    call_command("export_recording", "CA1", "--out", str(tmp_path / "call.wav"))
    with wave.open(str(tmp_path / "call.wav")) as wav:
        assert (wav.getnframes(), wav.getframerate()) == (8000, 8000)
    with pytest.raises(CommandError, match="unknown_call"):
        call_command("export_recording", "CAnone", "--out", str(tmp_path / "none.wav"))
    with pytest.raises(CommandError, match="^not_written: .*No such file"):
        call_command("export_recording", "CA1", "--out", str(tmp_path / "none" / "call.wav"))


def test_a_recording_is_named_after_its_call_where_nothing_else_is_said(recorded, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    call_command("export_recording", "CA1")
    assert (tmp_path / "CA1.wav").stat().st_size > 16_000
    assert capsys.readouterr().out == "1.0 s in CA1.wav\n"


def test_what_the_line_said_is_the_right_channel_of_the_wav(recorded, tmp_path):
    record_line(tmp_path / recorded.streams["MZ1"]["recording"], [(600, b"\x00" * 1600), (1000, b"\x01" * 8000)])
    call_command("export_recording", "CA1", "--out", str(tmp_path / "call.wav"))
    with wave.open(str(tmp_path / "call.wav")) as wav:
        assert (wav.getnframes(), wav.getnchannels()) == (8000, 2)
        pcm = wav.readframes(8000)
    said = ULAW_SILENCE * 4000 + b"\x00" * 1600 + ULAW_SILENCE * 1600 + b"\x01" * 800
    assert pcm[2::4] == ulaw_to_pcm(said)[::2]


def test_what_the_line_said_is_forgotten_with_the_recording(recorded, tmp_path, capsys):
    record_line(tmp_path / recorded.streams["MZ1"]["recording"], [(600, b"\x00" * 1600)])
    for path in tmp_path.glob("recordings/*/*"):
        os.utime(path, (0, 0))
    call_command("purge", "--older-than", "30")
    assert "deleted 2 files" in capsys.readouterr().out
    assert list(tmp_path.glob("recordings/*/*")) == []


def test_what_is_old_is_forgotten_and_nothing_else(recorded, tmp_path):
    (path,) = tmp_path.glob("recordings/*/*.vrec")
    call_command("purge", "--older-than", "30")
    assert path.exists()  # written just now
    os.utime(path, (0, 0))
    call_command("purge", "--older-than", "30")
    assert not path.exists()
    assert Call.objects.exists()
    Call.objects.update(started_at=F("ended_at"))
    call_command("purge", "--older-than", "30", "--calls")
    assert not Call.objects.exists()
    assert ChangedHour.objects.exists()  # its sums go with it


@pytest.mark.parametrize("days", ["-5", "0", "soon", "1e9"])
def test_days_that_are_no_days_delete_nothing(recorded, tmp_path, days):
    (path,) = tmp_path.glob("recordings/*/*.vrec")
    os.utime(path, (0, 0))
    with pytest.raises(CommandError, match="give a whole number from 1 to"):
        call_command("purge", "--older-than", days, "--calls")
    assert path.exists() and Call.objects.exists()


def test_a_dry_run_says_where_and_how_much_and_deletes_nothing(recorded, tmp_path, capsys):
    (path,) = tmp_path.glob("recordings/*/*.vrec")
    os.utime(path, (0, 0))
    call_command("purge", "--older-than", "30", "--calls", "--dry-run")
    said = capsys.readouterr().out
    assert f"would delete 1 file in {tmp_path}/recordings and 1 call in " in said
    assert re.search(r"(sqlite|postgresql)://.*test", said)
    assert path.exists() and Call.objects.exists()
    call_command("purge", "--older-than", "30", "--calls")
    assert "deleted 1 file" in capsys.readouterr().out
    assert not path.parent.exists()


def test_a_running_call_keeps_its_row_recording_and_trace(recorded, tmp_path):
    now = timezone.now()
    Call.objects.create(call_sid="CA2", started_at=now - timedelta(hours=20))
    Call.objects.create(call_sid="CA3", started_at=now - timedelta(days=40))  # its process is gone
    files = [tmp_path / "recordings" / "20200101" / name for name in ("CA2-MZ1.vrec", "CA2-MZ1.trace", "CA3-MZ1.vrec")]
    for path in files:
        path.touch()
        os.utime(path, (0, 0))
    call_command("purge", "--older-than", "1", "--calls")
    assert [path.exists() for path in files] == [True, True, False]
    assert set(Call.objects.values_list("call_sid", flat=True)) == {"CA2", "CA3"}


def test_a_running_call_is_known_by_its_files_whatever_its_id(recorded, tmp_path):
    for call_sid in ("3f2c-44aa-b0", "+972 50", "a-" * 32):
        Call.objects.create(call_sid=call_sid, started_at=timezone.now())
        path = tmp_path / recording_path(call_sid, "MZ-1")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (0, 0))
        call_command("purge", "--older-than", "1")
        assert path.exists(), call_sid


def test_only_files_are_counted_and_no_link_is_followed(recorded, tmp_path, capsys):
    elsewhere = tmp_path / "elsewhere" / "old.vrec"
    folder = tmp_path / "recordings" / "20200101" / "folder.vrec"
    for path in (elsewhere.parent, folder):
        path.mkdir()
    elsewhere.touch()
    (tmp_path / "recordings" / "20200102").symlink_to(elsewhere.parent)
    for path in (elsewhere, folder):
        os.utime(path, (0, 0))
    for command, said in (("--dry-run", "would delete 0 files"), ("--calls", "deleted 0 files")):
        call_command("purge", "--older-than", "1", command)
        assert said in capsys.readouterr().out
    assert elsewhere.exists() and folder.exists()


def test_what_is_missing_or_in_the_way_stops_no_purge(recorded, tmp_path, monkeypatch, capsys):
    (path,) = tmp_path.glob("recordings/*/*.vrec")
    for name in ("CA4-MZ1.vrec", "CA5-MZ1.vrec"):
        path.with_name(name).symlink_to("/nowhere")
        os.utime(path.with_name(name), (0, 0), follow_symlinks=False)
    (tmp_path / "recordings" / "a file").touch()
    (tmp_path / "recordings" / "gone").symlink_to("/nowhere")
    os.utime(path, (0, 0))
    unlink = Path.unlink

    def with_another_purge(self, missing_ok=False):
        if self.name == "CA4-MZ1.vrec":
            unlink(self)
        if self.name == "CA5-MZ1.vrec":
            raise PermissionError(13, "Permission denied", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", with_another_purge)
    with pytest.raises(CommandError, match=r"not_deleted: 1 file, the first: .*CA5"):
        call_command("purge", "--older-than", "30")
    assert "deleted 1 file" in capsys.readouterr().out
    assert not path.exists()


def test_old_calls_are_forgotten_a_batch_at_a_time(db, settings, tmp_path, monkeypatch, capsys):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(privacy_rows, "BATCH_CALLS", 2)
    for i in range(7):
        call = Call.objects.create(call_sid=f"CA{i}", ended_at=timezone.now() - timedelta(days=40 * (i != 3)))
        Transcript.objects.create(call=call, number=1, started_ms=0, ended_ms=1, source="final")
    call_command("purge", "--older-than", "30", "--calls")
    assert "6 calls" in capsys.readouterr().out
    assert Transcript.objects.get().call.call_sid == "CA3"


@pytest.mark.parametrize("command", ["demo", "chaos", "loadtest"])
def test_a_folder_without_recordings_is_one_sentence(settings, tmp_path, command):
    settings.VAR_DIR = tmp_path
    with pytest.raises(CommandError, match=r"^no_recordings: .*nowhere has no clips\.tsv$"):
        call_command(command, "--clips", str(tmp_path / "nowhere"))


@pytest.mark.parametrize("vendor", ["google", *VENDORS])
def test_an_emulators_port_that_is_taken_is_one_sentence(vendor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="^port_unavailable: 127.0.0.1:"):
            call_command("speech_emulator", "--vendor", vendor, "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("soniox", "--fault", "half_jason"), "bad_fault: unknown_fault: half_jason"),
        (("google_v2", "--fault", "half_json"), "bad_fault: unknown_fault: half_json"),
        (("deepgram", "--audio-timeout", "3"), "bad_limit: audio_timeout_s"),
    ],
)
def test_what_an_emulated_vendor_cannot_do_is_one_sentence(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("speech_emulator", "--vendor", *arguments)


@pytest.mark.parametrize(("frames", "is_whole"), [(0, True), (120, True), (200, False)])
def test_a_recording_that_is_shorter_than_its_stream_is_not_whole(recorded, tmp_path, frames, is_whole):
    recorded.streams["MZ1"] |= {"ended_at": timezone.now().isoformat(), "frames_received": frames}
    recorded.save()
    # A plain file, which does not say itself where it ends.
    out = tmp_path / "call.wav"
    with nullcontext() if is_whole else pytest.raises(CommandError, match="^not_whole: ") as raised:
        call_command("export_recording", "CA1", "--out", str(out))
    if not is_whole:
        assert "recording_damaged: CA1-MZ1.vrec: it is 3.0 s shorter than its stream" in str(raised.value).splitlines()
    assert out.exists()


def test_what_is_missing_of_a_recording_is_said_and_the_rest_is_exported(recorded, tmp_path):
    (path,) = tmp_path.glob("recordings/*/*.vrec")
    gone = {"recording": "recordings/20200101/CA1-MZ2.vrec", "started_at": timezone.now().isoformat()}
    recorded.streams |= {"MZ2": gone}
    recorded.streams["MZ1"]["ended_at"] = timezone.now().isoformat()
    recorded.save()
    path.write_bytes(path.read_bytes() + path.read_bytes()[-100:])
    with pytest.raises(CommandError) as raised:
        call_command("export_recording", "CA1", "--out", str(tmp_path / "call.wav"))
    head, one, two = str(raised.value).splitlines()
    assert head.startswith("not_whole: ") and two.startswith("no_recording: ")
    assert one == f"recording_damaged: {path.name}: its end is missing"
    with wave.open(str(tmp_path / "call.wav")) as wav:
        assert wav.getnframes() == 8000
