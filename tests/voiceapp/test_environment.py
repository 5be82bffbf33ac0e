"""What the environment may say, and what the operator is told when it may not."""

import pytest

from voiceapp.environment import Environment

GOOD = {"STT_EMULATOR_HOST": "127.0.0.1:9", "TWILIO_AUTH_TOKEN": "t"}


def problems(**values):
    environment = Environment({**GOOD, **values})
    environment.tuning()
    environment.speech_credentials()
    environment.twilio(environment.text("PUBLIC_URL", "https://voice.example.org"))
    environment.webhook()
    environment.flag("DEBUG", False)
    environment.number("PORT", 8000, 1, 65535, "")
    return environment.problems


def test_a_good_environment_has_no_problem():
    assert problems() == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STT_BATCH_MS", "5"),
        ("STT_TIMEOUT_MS", "soon"),
        ("VAD_HANGOVER_MS", "-1"),
        ("STT_PARTIAL_DEBOUNCE_MS", "9999"),
        ("ENABLE_STREAMING_STT", "maybe"),
        ("PORT", "0"),
        ("PUBLIC_URL", "voice.example.org"),
        ("TWILIO_AUTH_TOKEN", ""),
        ("DEBUG", "perhaps"),
        ("ALARM_WEBHOOK_URL", "ops.example.org/alarm"),
    ],
)
def test_a_bad_value_is_named_in_one_sentence(variable, value):
    (problem,) = problems(**{variable: value})
    assert problem.variable == variable
    assert variable in problem.sentence
    assert problem.sentence.count("\n") == 0


def test_no_credentials_and_no_emulator_is_a_problem(tmp_path):
    (problem,) = problems(STT_EMULATOR_HOST="")
    assert problem.variable == "GOOGLE_APPLICATION_CREDENTIALS"
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "none.json"))
    assert "cannot be read" in problem.sentence


@pytest.mark.parametrize("value", ["false", "0", "no", "No"])
def test_streaming_can_be_switched_off(value):
    assert Environment({"ENABLE_STREAMING_STT": value}).tuning().streaming is False


def test_streaming_is_on_by_default():
    assert Environment({}).tuning().streaming is True


def test_the_users_parameters_are_the_defaults():
    tuning = Environment({}).tuning()
    assert (tuning.stt_batch_ms, tuning.stt_partial_debounce_ms) == (80, 120)
    assert (tuning.stt_timeout_ms, tuning.vad_hangover_ms) == (450, 220)
    assert (tuning.stt_attempts, tuning.stt_retry_ms) == (3, 200)


def test_a_postgres_url_is_read_with_its_escapes(tmp_path):
    url = "postgresql://user:p%40ss@db.example.org:5433/voice"
    database = Environment({"DATABASE_URL": url}).database(tmp_path)
    assert (database["NAME"], database["PASSWORD"], database["PORT"]) == ("voice", "p@ss", "5433")


def test_a_webhook_without_a_secret_is_told():
    (problem,) = problems(ALARM_WEBHOOK_URL="https://ops.example.org/alarm")
    assert problem.variable == "ALARM_WEBHOOK_SECRET"
    assert problems(ALARM_WEBHOOK_URL="https://ops.example.org/alarm", ALARM_WEBHOOK_SECRET="s") == []
