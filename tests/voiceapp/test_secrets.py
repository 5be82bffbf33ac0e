"""Secrets in files of their own: as good as in a variable, and what is wrong with one is said in a sentence."""

import pytest
from django.conf import settings as product
from django.core import signing

from stt.engines import catalogue
from tests.storage_keys import OLD
from voiceapp.environment import Environment
from voiceapp.secret_file import MOST_BYTES


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("from the file\n")
    return path


def problem_of(environment):
    (problem,) = environment.problems
    assert problem.sentence.endswith(".") and "\n" not in problem.sentence
    return problem.sentence


def test_a_secret_is_read_from_its_file_without_the_line_end(file):
    environment = Environment({"TWILIO_AUTH_TOKEN_FILE": str(file)})
    assert environment.secret("TWILIO_AUTH_TOKEN") == "from the file"
    assert environment.problems == []


@pytest.mark.parametrize("name", [name for name in catalogue.variables() if name.endswith("_API_KEY")])
def test_engines_keys_may_stand_in_files(file, name):
    assert Environment({f"{name}_FILE": str(file)}).engine_variables()[name] == "from the file"


def test_whatever_needs_a_secret_takes_it_from_its_file(tmp_path):
    def file_with(name, text):
        path = tmp_path / name
        path.write_text(text)
        return {f"{name}_FILE": str(path)}

    environment = Environment(
        file_with("DATABASE_URL", "postgresql://u:p@h/calls")
        | file_with("REDIS_URL", "redis://:pw@h:6379/1")
        | file_with("LLM_API_KEY", "llm")
        | file_with("SECRET_KEY", "k" * 50)
        | file_with("SECRET_KEY_FALLBACKS", "old\nolder")
        | file_with("ALARM_WEBHOOK_SECRET", "hook")
        | {"ALARM_WEBHOOK_URL": "https://ops.callcentre.co.il/alarm"}
    )
    assert environment.database(tmp_path)["PASSWORD"] == "p"
    assert environment.redis_url() == "redis://:pw@h:6379/1"
    assert environment.language_model() == ("llm", "")
    assert environment.secret_key(False, tmp_path) == "k" * 50
    assert environment.secret_list("SECRET_KEY_FALLBACKS") == ["old", "older"]
    assert environment.webhook() == ("https://ops.callcentre.co.il/alarm", "hook")
    assert environment.problems == []


def test_a_secret_in_both_places_is_a_problem(file):
    environment = Environment({"SECRET_KEY": "x" * 50, "SECRET_KEY_FILE": str(file)})
    environment.secret_key(False, file.parent)
    said = problem_of(environment)
    assert said == "SECRET_KEY and SECRET_KEY_FILE are both set: set one of them."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read (No such file"),
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "is no text"),
        (b"a\0b", "no text"),
    ],
)
def test_a_file_that_gives_none_is_said_once_and_by_name(tmp_path, content, why):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    environment = Environment({"TWILIO_AUTH_TOKEN_FILE": str(path)})
    environment.twilio("https://voice.callcentre.co.il")
    said = problem_of(environment)
    assert said.startswith("TWILIO_AUTH_TOKEN_FILE names a file that ") and why in said


def test_nothing_of_an_unusable_file_is_repeated(tmp_path):
    path = tmp_path / "long"
    path.write_text("s3cret" * MOST_BYTES)
    for where in (path, tmp_path):
        environment = Environment({"SECRET_KEY_FILE": str(where)})
        environment.secret_key(False, tmp_path)
        assert "s3cret" not in problem_of(environment)


@pytest.mark.parametrize("written", ["one two", "one,two", " one ,\ntwo "])
def test_keys_of_before_are_a_list(written):
    for name in ("SECRET_KEY_FALLBACKS", "TWILIO_AUTH_TOKEN_FALLBACKS"):
        assert Environment({name: written}).secret_list(name) == ["one", "two"]


def test_the_settings_take_keys_of_before(settings):
    assert product.SECRET_KEY_FALLBACKS == product.TWILIO_AUTH_TOKEN_FALLBACKS == []
    old = signing.dumps("said", salt="x")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert signing.loads(old, salt="x") == "said"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"STORAGE_KEYS": "c2hvcnQ"}, "number 1 of 1: 5 bytes"),
        ({"STORAGE_KEYS": f"{OLD.text},key+of/öur"}, "number 2 of 2: no base64"),
        ({"STORAGE_KEYS_FILE": "/none/there"}, "cannot be read (No such file"),
    ],
)
def test_storage_keys_that_cannot_be_used_are_put_back_and_never_made_anew(values, why):
    environment = Environment(values)
    keys = environment.storage_keys()
    said = problem_of(environment)
    assert why in said and "put back the keys that this box had" in said and OLD.text not in said
    assert keys.flaw == said and keys.newest is None


def test_storage_keys_in_two_places_are_one_too_many(file):
    keys = Environment({"STORAGE_KEYS": OLD.text, "STORAGE_KEYS_FILE": str(file)}).storage_keys()
    assert keys.flaw == "STORAGE_KEYS and STORAGE_KEYS_FILE are both set: set one of them."
