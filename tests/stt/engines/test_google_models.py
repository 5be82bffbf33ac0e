"""Which model hears Hebrew, and where."""

import logging

import pytest

from stt.engines.google_models import DEFAULT, PHONE_CALL, choose_stt_model, v1_endpoint
from stt.events import RecognizerError


def refuse(code):
    def probe(model):
        if model == PHONE_CALL:
            raise RecognizerError(code)

    return probe


def test_phone_call_is_taken_where_it_is_available(caplog):
    caplog.set_level(logging.INFO)
    assert choose_stt_model(lambda model: None) == (PHONE_CALL, None)
    assert "✅ [STT] Selected model: phone_call (enhanced=True)" in caplog.text


def test_default_enhanced_where_it_is_not(caplog):
    caplog.set_level(logging.INFO)
    assert choose_stt_model(refuse("model_not_supported")) == (DEFAULT, None)
    assert "✅ [STT] Selected model: default (enhanced=True)" in caplog.text


def test_a_transient_failure_leaves_the_question_open():
    model, error = choose_stt_model(refuse("unavailable"))
    assert (model, error.code) == (DEFAULT, "unavailable")


def test_a_model_that_is_refused_in_other_words_is_told_by_one_that_is_heard():
    assert choose_stt_model(refuse("invalid_argument")) == (DEFAULT, None)

    def refuse_all(model):
        raise RecognizerError("invalid_argument")

    assert choose_stt_model(refuse_all)[1].code == "invalid_argument"


@pytest.mark.parametrize(
    ("endpoint", "host", "warned"),
    [
        ("europe-west1-speech.googleapis.com", "eu-speech.googleapis.com", True),
        ("us-central1-speech.googleapis.com", "us-speech.googleapis.com", True),
        ("eu-speech.googleapis.com", "eu-speech.googleapis.com", False),
        ("us-speech.googleapis.com", "us-speech.googleapis.com", False),
        ("", "speech.googleapis.com", False),
    ],
)
def test_the_users_endpoint_is_accepted(endpoint, host, warned, caplog):
    assert v1_endpoint(endpoint) == host
    said = f"GOOGLE_CLOUD_SPEECH_ENDPOINT={endpoint} is a v2 regional host; this application speaks v1 and uses {host}."
    assert caplog.messages == ([said] if warned else [])
