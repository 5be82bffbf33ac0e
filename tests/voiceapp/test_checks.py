"""The deployment check says what of the environment cannot be used."""

from voiceapp.checks import UNUSABLE, check_environment
from voiceapp.environment import Environment


def test_a_placeholder_is_said_and_what_is_missing_is_not(settings):
    environment = Environment({"TWILIO_AUTH_TOKEN": "<your token>"})
    environment.twilio("https://voice.example.org")
    settings.CONFIGURATION_PROBLEMS = environment.problems
    assert [(said.id, said.obj) for said in check_environment()] == [
        (UNUSABLE, "TWILIO_AUTH_TOKEN"),
        (UNUSABLE, "PUBLIC_URL"),
    ]
    environment = Environment({})
    environment.twilio("")
    settings.CONFIGURATION_PROBLEMS = environment.problems
    assert len(environment.problems) == 2 and check_environment() == []
