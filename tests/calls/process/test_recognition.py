"""This process's recognition, from its settings."""

import pytest

from calls.process import recognition as module
from calls.process.recognition import recognition


@pytest.fixture(autouse=True)
def none_yet(monkeypatch):
    monkeypatch.setattr(module, "_recognition", None)


def test_it_is_made_once():
    assert recognition() is recognition()


@pytest.mark.parametrize(("emulator", "name"), [("", "google"), ("127.0.0.1:9", "emulator")])
def test_google_or_its_emulator_hears_streams_and_single_utterances(settings, emulator, name):
    settings.STT_EMULATOR_HOST = emulator
    assert (recognition().engine.name, recognition().one_shot.name) == (name, name)
    assert recognition().streaming is recognition().one_shot
    assert recognition().engine.model == "default"


def test_the_environments_endpoint_is_that_of_profiles_without_one(settings, caplog):
    settings.GOOGLE_CLOUD_SPEECH_ENDPOINT = "europe-west1-speech.googleapis.com"
    recognition()
    assert "uses eu-speech.googleapis.com" in caplog.text
