"""Keys of files of calls: read, named, and never shown."""

import base64

import pytest

from tests.storage_keys import NEW, OLD
from voiceapp.environment import Environment
from voiceapp.runtime.storage_keys import StorageKey, StorageKeys


def test_a_new_key_is_read_as_it_is_printed():
    key = StorageKey.new()
    assert StorageKey.of(key.text) == key and len(key.text) == 43
    assert StorageKey.of(base64.b64encode(key.secret).decode()) == key
    assert key != StorageKey.new()


@pytest.mark.parametrize("text", ["", "secret", "A" * 42, "A" * 44, "!" * 43, "A" * 86])
def test_what_is_no_key_is_refused_and_not_repeated(text):
    with pytest.raises(ValueError) as refused:
        StorageKey.of(text)
    assert not text or text not in str(refused.value)


def test_a_key_is_known_by_a_name_that_does_not_tell_it():
    assert OLD.name != NEW.name and len(OLD.name) == 16
    shown = f"{OLD} {OLD!r} {StorageKeys([OLD])!r}"
    assert OLD.text not in shown and repr(OLD.secret) not in shown


def test_the_first_key_encrypts_and_each_decrypts():
    keys = StorageKeys([NEW, OLD])
    assert keys.newest == NEW
    assert [keys.find(key.key_id) for key in (NEW, OLD)] == [NEW, OLD]
    assert StorageKeys().newest is None and StorageKeys([NEW]).find(OLD.key_id) is None


@pytest.mark.parametrize("between", [",", " ", " ,\n"])
def test_the_environment_has_a_list_of_them(tmp_path, between):
    text = f"{NEW.text}{between}{OLD.text}"
    (tmp_path / "keys").write_text(text)
    for values in ({"STORAGE_KEYS": text}, {"STORAGE_KEYS_FILE": str(tmp_path / "keys")}):
        environment = Environment(values)
        keys = environment.storage_keys()
        assert (keys.newest, keys.find(OLD.key_id), environment.problems) == (NEW, OLD, [])


def test_a_key_that_is_none_is_a_problem_that_does_not_repeat_it():
    environment = Environment({"STORAGE_KEYS": f"{NEW.text},{OLD.text[:-3]}"})
    assert environment.storage_keys().newest is None
    (problem,) = environment.problems
    assert "manage.py storage_key" in problem.sentence and OLD.text[:-3] not in problem.sentence


def test_without_one_nothing_is_encrypted():
    environment = Environment({})
    assert environment.storage_keys().newest is None and environment.problems == []
