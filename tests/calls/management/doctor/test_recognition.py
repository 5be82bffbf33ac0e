"""What the doctor finds of engines and voices: by real requests, to their emulators."""

import pytest

from calls.management.doctor import recognition
from calls.management.doctor.finding import FindingState
from calls.models import PhoneLine
from calls.process.services import services
from calls.reply.voice import VoiceError
from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import KIND
from stt.engines.google import GoogleSpeech
from stt.models import TuningProfile
from tests.calls.management.test_probe import served

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_set(settings):
    settings.ENGINE_VARIABLES = dict.fromkeys(settings.ENGINE_VARIABLES, "")
    settings.STT_EMULATOR_HOST = ""


@pytest.fixture
def profile():
    def make(engines):
        TuningProfile.objects.all().delete()
        return TuningProfile.objects.create(name="p", engines=engines)

    return make


def test_an_engine_answers_by_a_stream_and_an_emulator_says_that_it_is_one(settings, profile):
    profile("google")
    with served(SpeechEmulator(EmulatorOptions(timing=KIND))) as emulator:
        settings.STT_EMULATOR_HOST = emulator.address
        (finding,) = recognition.engines()
    assert (finding.check, finding.state) == ("engine google", FindingState.WARNING)
    assert "model default" in finding.detail and "iw-IL" in finding.detail
    assert "a stream opens and ends within" in finding.detail
    assert finding.advice.endswith("leave STT_EMULATOR_HOST empty")


def test_an_engine_that_is_real_is_well(settings, profile, monkeypatch):
    profile("google")
    # It listens where Google does.
    monkeypatch.setattr("stt.engines.google.EMULATOR", "google")
    with served(SpeechEmulator(EmulatorOptions(timing=KIND))) as emulator:
        settings.STT_EMULATOR_HOST = emulator.address
        (finding,) = recognition.engines()
    assert finding.state is FindingState.OK and "speech.googleapis.com" in finding.detail


def test_an_engine_that_a_profile_names_and_nobody_has_is_said_with_the_profile(profile):
    profile("later")
    (finding,) = recognition.engines()
    assert (finding.check, finding.state) == ("engine later", FindingState.FAILED)
    assert finding.detail == "unknown_engine: this version has no such engine, and these profiles name it: p"
    assert finding.advice.startswith("choose their engines anew; there are: google")


def test_an_engine_that_is_away_is_said(settings, profile):
    profile("google")
    settings.STT_EMULATOR_HOST = "127.0.0.1:1"
    (finding,) = recognition.engines()
    assert finding.state is FindingState.FAILED and finding.detail.startswith("unavailable")
    assert "leave it empty, or start that" in finding.advice


def test_an_engine_that_refuses_is_said(settings, profile):
    profile("google")
    with served(SpeechEmulator(EmulatorOptions(timing=KIND))) as emulator:
        emulator._denies = True
        settings.STT_EMULATOR_HOST = emulator.address
        (finding,) = recognition.engines()
    assert finding.state is FindingState.FAILED and "permission_denied" in finding.detail


def test_a_stream_that_never_ends_is_given_up(monkeypatch):
    class Silent(GoogleSpeech):
        def open_stream(self, deliver, options):
            return super().open_stream(lambda event: None, options)

    monkeypatch.setattr(recognition, "ANSWERS_WITHIN_S", 0.1)
    with served(SpeechEmulator(EmulatorOptions(timing=KIND))) as emulator:
        entry = recognition.by_name()["google"]
        (finding,) = recognition._asked("engine google", entry, Silent(emulator=emulator.address))
    assert finding.state is FindingState.FAILED and finding.detail.startswith("deadline_exceeded")


@pytest.mark.parametrize(
    ("engines", "states"),
    [
        ("deepgram", [FindingState.FAILED]),
        ("whisper,deepgram", [FindingState.FAILED, FindingState.WARNING]),
        ("nobody", [FindingState.FAILED]),
    ],
)
def test_what_an_engine_lacks_is_named(profile, engines, states):
    profile(engines)
    findings = list(recognition.engines())
    assert [finding.state for finding in findings] == states
    assert all(finding.advice for finding in findings)


def line(**values):
    return PhoneLine.objects.create(number="+97235550100", name="l", profile=TuningProfile.objects.first(), **values)


def test_a_voice_of_a_line_that_answers_says_a_word(profile, monkeypatch):
    profile("")
    assert [one.state for one in recognition.voices()] == [FindingState.SKIPPED]
    line(responder="repeat", voice="espeak:he", voice_fallback="recorded")
    said = []
    monkeypatch.setattr(services().rendering, "sound", lambda voice, text: said.append((voice, text)) or b"\xff")
    assert [one.state for one in recognition.voices()] == [FindingState.OK, FindingState.OK]
    assert said == [("espeak:he", "שלום"), ("recorded", "שלום")]


def test_a_voice_that_fails_is_named(profile, monkeypatch):
    profile("")
    line(responder="repeat", voice="espeak:he")

    def sound(voice, text):
        raise VoiceError("voice_quota", "The voice's quota is used up.")

    monkeypatch.setattr(services().rendering, "sound", sound)
    (finding,) = recognition.voices()
    assert (finding.state, finding.detail) == (FindingState.FAILED, "espeak:he: voice_quota")


@pytest.mark.parametrize(("calls", "state"), [(200, FindingState.OK), (300, FindingState.WARNING)])
def test_more_calls_than_the_quota_bears_are_said(settings, calls, state):
    settings.MAX_CALLS = calls
    (finding,) = recognition.quotas()
    assert finding.state is state and str(calls * 4) in finding.detail
