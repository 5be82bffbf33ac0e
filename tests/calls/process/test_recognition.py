"""A process's recognition, from its settings."""

import pytest

from calls.process.recognition import recognition_of_settings
from stt.tuning import Tuning


@pytest.mark.parametrize(("emulator", "name"), [("", "google"), ("127.0.0.1:9", "emulator")])
def test_google_or_its_emulator_hears_streams_and_single_utterances(settings, emulator, name):
    settings.STT_EMULATOR_HOST = emulator
    recognition = recognition_of_settings()
    assert (recognition.streaming.name, recognition.one_shot_name) == (name, name)
    assert recognition.streaming is recognition.one_shot
    assert recognition.streaming.engine.model == "default"


def test_the_environments_endpoint_is_that_of_profiles_without_one(settings, caplog):
    settings.GOOGLE_CLOUD_SPEECH_ENDPOINT = "europe-west1-speech.googleapis.com"
    recognition_of_settings()
    assert "uses eu-speech.googleapis.com" in caplog.text


def test_whisper_hears_single_utterances_of_a_line_that_names_it(settings):
    settings.ENGINE_VARIABLES = settings.ENGINE_VARIABLES | {"WHISPER_DIR": "/srv/ivrit-turbo"}
    settings.STT_EMULATOR_HOST = "127.0.0.1:9"
    recognition = recognition_of_settings()
    line = recognition.line(Tuning(engines=("google", "whisper")))
    assert [one.name for one in line.streams] == ["emulator"]
    assert [(one.name, one.engine.model) for one in line.one_shots][1] == ("whisper", "ivrit-turbo")
