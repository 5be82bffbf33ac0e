"""What stands in the way of serving is said whole."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from calls.process.startup import require_servable
from voiceapp.environment import Environment


def refusal(settings, **values):
    environment = Environment(values)
    environment.speech_credentials()
    environment.twilio(environment.text("PUBLIC_URL"))
    settings.CONFIGURATION_PROBLEMS = environment.problems
    with pytest.raises(ImproperlyConfigured) as refused:
        require_servable()
    return str(refused.value).splitlines()


def test_all_that_is_missing_is_named_at_once_and_what_runs_without_it(settings):
    *sentences, without = refusal(settings)
    named = [sentence.split()[0] for sentence in sentences]
    assert named == ["GOOGLE_APPLICATION_CREDENTIALS", "TWILIO_AUTH_TOKEN", "PUBLIC_URL"]
    assert without.startswith("script/demo ")


def test_who_has_no_credentials_alone_is_shown_the_demo_too(settings):
    one, without = refusal(settings, TWILIO_AUTH_TOKEN="x", PUBLIC_URL="https://voice.example.org")
    assert one.startswith("GOOGLE_APPLICATION_CREDENTIALS is not set")
    assert without.startswith("script/demo ")


def test_what_is_set_and_wrong_is_one_sentence(settings):
    (one,) = refusal(settings, STT_EMULATOR_HOST="127.0.0.1:9", TWILIO_AUTH_TOKEN="x", PUBLIC_URL="no")
    assert one.startswith("PUBLIC_URL is 'no'")


def test_nothing_stands_in_the_way(settings):
    settings.CONFIGURATION_PROBLEMS = []
    require_servable()
