"""What the environment may say, and what the operator is told when it may not."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.paths import ROOT
from tests.waiting import COMMAND_S
from voiceapp.environment import Environment
from voiceapp.management.commands import serve

GOOD = {"STT_EMULATOR_HOST": "127.0.0.1:9", "TWILIO_AUTH_TOKEN": "t"}


def problems(**values):
    environment = Environment({**GOOD, **values})
    environment.tuning()
    environment.speech_credentials()
    environment.twilio(environment.text("PUBLIC_URL", "https://voice.callcentre.co.il"))
    environment.webhook()
    environment.language_model()
    environment.redis_url()
    if "VAR_DIR" in values:
        environment.var_dir(Path("/nowhere"))
    environment.database(Path("/nowhere"))
    environment.flag("DEBUG", False)
    environment.number("PORT", 8000, 1, 65535, "")
    environment.number("PHRASE_CACHE_MB", 200, 0, 1_000_000, "MB")
    environment.address("HOST", "127.0.0.1")
    environment.choice("LOG_FORMAT", "text", "json")
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
        ("PHRASE_CACHE_MB", "plenty"),
        ("PHRASE_CACHE_MB", "-1"),
        ("HOST", "my-laptop"),
        ("LOG_FORMAT", "xml"),
        ("PORT", "8000²"),
        ("PORT", "٨٠٠٠"),
        ("STT_BATCH_MS", "٨٠"),
        ("PUBLIC_URL", "voice.example.org"),
        ("TWILIO_AUTH_TOKEN", ""),
        ("TWILIO_AUTH_TOKEN", "your_auth_token"),
        ("TWILIO_AUTH_TOKEN", "<token>"),
        ("TWILIO_AUTH_TOKEN", "changeme"),
        ("LLM_API_KEY", "xxxxxxxx"),
        ("PUBLIC_URL", "https://voice.example.org"),
        ("PUBLIC_URL", "https://EXAMPLE.com"),
        ("PUBLIC_URL", "http://calls.invalid:8000"),
        ("LLM_BASE_URL", "https://api.example.com/v1"),
        ("ALARM_WEBHOOK_URL", "https://ops.example.org/alarm"),
        ("DEBUG", "perhaps"),
        ("PUBLIC_URL", "https://[::1"),
        ("PUBLIC_URL", "https://voice.example.org:port"),
        ("ALARM_WEBHOOK_URL", "ops.example.org/alarm"),
        ("ALARM_WEBHOOK_URL", "https://[::1"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://127.0.0.1:abc/0"),
        ("REDIS_URL", "redis://127.0.0.1:6379/calls"),
        ("REDIS_URL", "redis://[::1"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0?patience=5"),
        ("ALARM_WEBHOOK_URL", "http://["),
        ("ALARM_WEBHOOK_URL", "http://h:99999/"),
        ("PORT", "80000"),
        ("PUBLIC_URL", "https://[x"),
        ("PUBLIC_URL", "https://h:port/"),
        ("PUBLIC_URL", "https://h:0/"),
        ("PUBLIC_URL", "https://user:pw@h"),
        ("PUBLIC_URL", "http://h#f"),
        ("PUBLIC_URL", "http://h?a=b"),
        ("PUBLIC_URL", "https://voice\nexample.org"),
        ("PUBLIC_URL", "https:///twilio"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://h:port/n"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite://host/path"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://h:abc"),
        ("VAR_DIR", "/etc/passwd"),
        ("VAR_DIR", "/proc/x"),
        ("VAR_DIR", "/proc/\0"),
        ("VAR_DIR", "x" * 300),
    ],
)
def test_a_bad_value_is_named_in_one_sentence(variable, value):
    (problem,) = problems(**{variable: value})
    assert problem.variable == variable
    assert variable in problem.sentence
    assert problem.sentence.count("\n") == 0
    assert problem.sentence.endswith(".") and " ." not in problem.sentence
    assert ":pw" not in problem.sentence


VARIABLES = re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
ODD_TEXT = st.one_of(
    st.text(),
    st.from_regex(r"(https?|redis|unix|sqlite|postgresql):/{0,3}[\[\]@:?#%/.a\n0-9]{0,12}", fullmatch=True),
    st.from_regex(r"(/proc|/etc/passwd|/dev/null)/[\x00-~]{0,9}", fullmatch=True),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(VARIABLES, ODD_TEXT)))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
def test_no_text_of_any_variable_raises(tmp_path, values):
    environment = Environment(values)
    if values.get("VAR_DIR", "").startswith(("/proc", "/etc", "/dev")):
        environment.var_dir(tmp_path)
    environment.secret_key(True, tmp_path)
    environment.tuning()
    environment.speech_credentials()
    environment.twilio(environment.text("PUBLIC_URL"))
    environment.webhook()
    environment.database(tmp_path)
    environment.redis_url()
    for name in VARIABLES:
        environment.flag(name, False)
        environment.number(name, 1, 1, 9, "")
        environment.address(name, "127.0.0.1")
    assert all(problem.variable in problem.sentence for problem in environment.problems)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PUBLIC_URL", "https://[x"),
        ("PUBLIC_URL", "https://h:port/"),
        ("VAR_DIR", "/etc/passwd"),
        ("DATABASE_URL", "postgresql://"),
        ("ALARM_WEBHOOK_URL", "http://["),
        ("REDIS_URL", "redis://h:abc"),
    ],
)
def test_a_command_and_a_server_say_a_bad_value_in_one_sentence(tmp_path, variable, value):
    inherited = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    mine = {"ENV_FILE": "", "DEBUG": "1", "VAR_DIR": str(tmp_path), **GOOD, variable: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", "0"],
        cwd=ROOT,
        env={**inherited, **mine},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{variable} is" in done.stderr.splitlines()[-1]


def test_a_kept_secret_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "secret_key").mkdir()
    environment = Environment({})
    assert environment.secret_key(True, tmp_path)
    assert [problem.variable for problem in environment.problems] == ["SECRET_KEY"]


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1", "rediss://user:p%40ss@redis:6380/3", "unix:///run/redis.sock?db=1"]
)
def test_an_address_of_redis_is_taken_as_it_is(url):
    environment = Environment({"REDIS_URL": url})
    assert (environment.redis_url(), environment.problems) == (url, [])


def test_one_that_is_none_is_not_used_and_its_password_not_told():
    environment = Environment({"REDIS_URL": "redis://:secret@redis:6379/calls"})
    assert environment.redis_url() == ""
    assert "secret" not in environment.problems[0].sentence


def test_no_credentials_and_no_emulator_is_a_problem(tmp_path):
    (problem,) = problems(STT_EMULATOR_HOST="")
    assert problem.variable == "GOOGLE_APPLICATION_CREDENTIALS"
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "none.json"))
    assert "cannot be read" in problem.sentence


KEY = {"type": "service_account", "client_email": "a@example.org", "token_uri": "https://example.org"}


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("", "empty or no JSON"),
        (b"\xff\xfe", "empty or no JSON"),
        ("[]", "holds no credentials"),
        ("{}", "holds no credentials"),
        ('"key"', "holds no credentials"),
        ('{"type": 1}', "holds no credentials"),
        ("[" * 60_000, "empty or no JSON"),
        ('{"type": "service_account"}', "cannot be used"),
        ('{"type": "nonsense"}', "cannot be used"),
        ('{"type": "external_account"}', "cannot be used"),
        ('{"type": "external_account", "credential_source": 5}', "cannot be used"),
        ('{"type": "authorized_user"}', "cannot be used"),
        ('{"type": "authorized_user", "client_id": 5, "client_secret": [], "refresh_token": {}}', "cannot be used"),
        ('{"type": "impersonated_service_account"}', "cannot be used"),
        (json.dumps(KEY), "cannot be used"),
        (json.dumps({**KEY, "private_key": 5}), "cannot be used"),
        (json.dumps({**KEY, "private_key": "no key"}), "cannot be used"),
    ],
)
def test_a_file_that_is_no_key_is_told_in_one_sentence(tmp_path, content, flaw):
    path = tmp_path / "key.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(path))
    assert problem.variable == "GOOGLE_APPLICATION_CREDENTIALS"
    assert flaw in problem.sentence
    assert problem.sentence.count("\n") == 0


def test_a_directory_is_no_key_and_nor_is_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path))
    assert "names a directory" in problem.sentence

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "key.json"
    path.write_text("{}")
    monkeypatch.setattr("builtins.open", refuse)
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(path))
    assert "cannot be read (Permission denied)" in problem.sentence


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.mark.parametrize("wrong", [{"client_email": 5}, {"token_uri": 5}, {"token_uri": None}])
def test_a_key_whose_fields_are_no_text_is_told(tmp_path, pem, wrong):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({**KEY, "private_key": pem, **wrong}))
    (problem,) = problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(path))
    assert "cannot be used" in problem.sentence


def test_a_good_key_is_no_problem(tmp_path, pem):
    path = tmp_path / "key.json"
    path.write_text(json.dumps({**KEY, "private_key": pem}))
    assert problems(STT_EMULATOR_HOST="", GOOGLE_APPLICATION_CREDENTIALS=str(path)) == []


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
    (problem,) = problems(ALARM_WEBHOOK_URL="https://ops.callcentre.co.il/alarm")
    assert problem.variable == "ALARM_WEBHOOK_SECRET"
    assert problems(ALARM_WEBHOOK_URL="https://ops.callcentre.co.il/alarm", ALARM_WEBHOOK_SECRET="s") == []


@pytest.mark.parametrize(("value", "host"), [("", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::", "::")])  # noqa: S104
def test_nobody_outside_reaches_the_server_unless_host_says_so(value, host):
    assert Environment({"HOST": value}).address("HOST", "127.0.0.1") == host


def test_the_server_listens_where_host_says(settings):
    parser = serve.Command().create_parser("manage.py", "serve")
    assert parser.parse_args([]).host == settings.HOST
    assert parser.parse_args(["--host", "0.0.0.0"]).host == "0.0.0.0"  # noqa: S104


def test_of_processes_that_start_together_all_have_one_key(tmp_path, monkeypatch):
    """One process is in the middle of making it when another one starts."""
    others, drawn = [], ["mine", "the other's"]

    def draw(length):
        key = drawn.pop(0)
        if key == "mine":
            others.append(Environment(GOOD).secret_key(True, tmp_path))
        return key

    monkeypatch.setattr("voiceapp.environment.secrets.token_urlsafe", draw)
    mine = Environment(GOOD)
    assert mine.secret_key(True, tmp_path) == others[0] == "the other's"
    assert mine.problems == []
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_language_models_address_is_an_address():
    assert Environment({"LLM_BASE_URL": "http://127.0.0.1:9/v1/", "LLM_API_KEY": "k"}).language_model() == (
        "k",
        "http://127.0.0.1:9/v1",
    )
    assert Environment({}).language_model() == ("", "")
    (problem,) = problems(LLM_BASE_URL="user:secret@nowhere")
    assert problem.variable == "LLM_BASE_URL" and "secret" not in problem.sentence
