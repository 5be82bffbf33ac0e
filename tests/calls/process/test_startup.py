"""What keeps a process from serving: a variable that some profile's first engine needs, and nothing of the others."""

from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from calls.process import startup
from calls.process.startup import require_servable
from stt.engines import catalogue
from stt.engines.catalogue import EngineEntry
from voiceapp.environment import Environment, Problem

GOOGLES = Problem("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS is not set.")
OTHER = EngineEntry(
    name="other",
    title="Other",
    hebrew="he",
    capabilities=catalogue.ENTRIES[0].capabilities,
    models=(),
    needs={"OTHER_API_KEY": "your key"},
    emulator="OTHER_EMULATOR_HOST",
    make=lambda values: None,
)


@pytest.fixture(autouse=True)
def two_engines(monkeypatch, settings):
    monkeypatch.setattr(catalogue, "ENTRIES", (*catalogue.ENTRIES, OTHER))
    settings.ENGINE_VARIABLES = dict.fromkeys(catalogue.variables(), "")
    settings.STT_EMULATOR_HOST = ""
    settings.CONFIGURATION_PROBLEMS = [GOOGLES]


def profiles(monkeypatch, *engines):
    monkeypatch.setattr(startup, "_engines_of_profiles", lambda: list(engines))


def test_the_first_engine_of_a_profile_must_have_what_it_needs(monkeypatch):
    profiles(monkeypatch, ("google",))
    with pytest.raises(ImproperlyConfigured, match="GOOGLE_APPLICATION_CREDENTIALS is not set"):
        startup.require_servable()
    profiles(monkeypatch, ("other",))
    with pytest.raises(ImproperlyConfigured, match=r"OTHER_API_KEY is not set, .* or OTHER_EMULATOR_HOST"):
        startup.require_servable()


def test_a_variable_that_two_engines_need_is_each_ones(monkeypatch):
    sister = replace(OTHER, name="sister", needs=dict(catalogue.ENTRIES[0].needs))
    monkeypatch.setattr(catalogue, "ENTRIES", (*catalogue.ENTRIES, sister))
    for first in ("google", "sister"):
        profiles(monkeypatch, (first,))
        with pytest.raises(ImproperlyConfigured, match="GOOGLE_APPLICATION_CREDENTIALS is not set"):
            startup.require_servable()


def test_an_engine_that_no_profile_names_is_asked_for_nothing(monkeypatch, settings):
    profiles(monkeypatch, ("other",))
    settings.ENGINE_VARIABLES["OTHER_API_KEY"] = "secret"
    startup.require_servable()


def test_one_that_stands_in_for_others_may_lack_it(monkeypatch, settings, caplog):
    profiles(monkeypatch, ("google", "other"))
    settings.CONFIGURATION_PROBLEMS, settings.STT_EMULATOR_HOST = [], "127.0.0.1:9"
    startup.require_servable()
    assert "OTHER_API_KEY is not set" in caplog.text


def test_other_problems_keep_it_from_serving_as_ever(monkeypatch, settings):
    profiles(monkeypatch, ("other",))
    settings.CONFIGURATION_PROBLEMS = [GOOGLES, Problem("PUBLIC_URL", "PUBLIC_URL is ''.")]
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL"):
        startup.require_servable()


def test_a_database_that_does_not_answer_is_not_waited_for(monkeypatch):
    def away(answer):
        answer.set_exception(DatabaseError("away"))

    monkeypatch.setattr(startup, "_ask", away)
    assert startup._engines_of_profiles() == [("google",)]
    monkeypatch.setattr(startup, "_ask", lambda answer: None)
    monkeypatch.setattr(startup, "ASK_PROFILES_S", 0.01)
    assert startup._engines_of_profiles() == [("google",)]


def test_the_engines_are_those_of_every_profile(monkeypatch):
    monkeypatch.setattr(startup, "_ask", lambda answer: answer.set_result(["google", "other,google", ""]))
    assert startup._engines_of_profiles() == [("google",), ("other", "google")]


def refusal(monkeypatch, settings, **values):
    profiles(monkeypatch, ("google",))
    settings.STT_EMULATOR_HOST = values.get("STT_EMULATOR_HOST", "")
    environment = Environment(values)
    environment.speech_credentials()
    environment.twilio(environment.text("PUBLIC_URL"))
    settings.CONFIGURATION_PROBLEMS = environment.problems
    with pytest.raises(ImproperlyConfigured) as refused:
        require_servable()
    return str(refused.value).splitlines()


def test_all_that_is_missing_is_named_at_once_and_what_runs_without_it(monkeypatch, settings):
    *sentences, without = refusal(monkeypatch, settings)
    named = [sentence.split()[0] for sentence in sentences]
    assert named == ["GOOGLE_APPLICATION_CREDENTIALS", "TWILIO_AUTH_TOKEN", "PUBLIC_URL"]
    assert without.startswith("script/demo ")


def test_who_has_no_credentials_alone_is_shown_the_demo_too(monkeypatch, settings):
    one, without = refusal(monkeypatch, settings, TWILIO_AUTH_TOKEN="x", PUBLIC_URL="https://voice.callcentre.co.il")
    assert one.startswith("GOOGLE_APPLICATION_CREDENTIALS is not set")
    assert without.startswith("script/demo ")


def test_what_is_set_and_wrong_is_one_sentence(monkeypatch, settings):
    (one,) = refusal(monkeypatch, settings, STT_EMULATOR_HOST="127.0.0.1:9", TWILIO_AUTH_TOKEN="x", PUBLIC_URL="no")
    assert one.startswith("PUBLIC_URL is 'no'")


def test_nothing_stands_in_the_way(monkeypatch, settings):
    profiles(monkeypatch, ("google",))
    settings.CONFIGURATION_PROBLEMS, settings.STT_EMULATOR_HOST = [], "127.0.0.1:9"
    require_servable()
