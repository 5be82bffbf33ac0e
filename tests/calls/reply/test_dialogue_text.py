import json

import pytest
import yaml

from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_format import MAX_BYTES
from calls.reply.dialogue_text import MAX_LEVELS, plain_of


def fault(text):
    with pytest.raises(DialogueInvalid) as refused:
        plain_of(text)
    (found,) = refused.value.faults
    return found


def test_words_numbers_and_times_stay_as_they_are_written():
    text = "{yes: no, on: off, at: 14:30, phone: 0521234567, price: 49.90, day: 2026-03-15, none: null, empty: }"
    assert plain_of(text) == {
        "yes": "no",
        "on": "off",
        "at": "14:30",
        "phone": "0521234567",
        "price": "49.90",
        "day": "2026-03-15",
        "none": "null",
        "empty": "",
    }


def test_json_says_the_same():
    document = {"a": ["x", 2, 4.50, True, False, None], "b": {"c": "שלום"}}
    assert plain_of(json.dumps(document)) == {"a": ["x", "2", "4.5", "true", "false", ""], "b": {"c": "שלום"}}
    assert plain_of('{"a": NaN}') == {"a": "NaN"}


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x",
        "a: &x [1]",
        "a: !!python/object:os.system 1",
        "!!set {a, b}",
        "a: !x 1",
        "a: *x",
        "? &x a\n: 1",
    ],
)
def test_anchors_aliases_and_tags_are_refused(text):
    assert fault(text).code == "alias"


def test_an_alias_bomb_is_refused_at_its_first_line():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert str(fault(bomb)) == "line 1: anchors, aliases and tags are not read"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: 1\nb: 2\na: 3", "a"),
        ("steps: {x: {say: 1, say: 2}}", "steps.x.say"),
        ('{"steps": {"x": [{"say": 1, "say": 2}]}}', "steps.x.0.say"),
        ("<<: {a: 1}\n<<: {a: 2}", "<<"),
    ],
)
def test_a_key_that_stands_twice_is_named(text, path):
    assert (fault(text).path, fault(text).code) == (path, "duplicate")


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "{a: " * 20_000, '{"a":' * 16_000 + "1" + "}" * 16_000, "- " * 40_000, '{"a": ' + "[" * 90_000],
)
def test_what_is_too_deep_is_refused_early(text):
    assert fault(text).code in ("too_deep", "syntax")


def test_as_deep_as_allowed_is_read():
    assert plain_of("[" * MAX_LEVELS + "]" * MAX_LEVELS)
    assert fault("[" * (MAX_LEVELS + 1) + "]" * (MAX_LEVELS + 1)).code == "too_deep"


def test_bytes_are_counted_not_letters():
    assert plain_of("a: " + "x" * (MAX_BYTES - 3))
    assert fault("a: " + "ש" * (MAX_BYTES // 2)).code == "too_large"


@pytest.mark.parametrize(
    "text", ["a: [", "a: 'x", "\x00", "a: \x07", '{"a": }', "a: b: c", "\t- x: 1\n  y", "--- a\n--- b"]
)
def test_what_is_neither_yaml_nor_json_is_said_with_its_place(text):
    assert fault(text).code == "syntax"


def test_keys_are_words():
    assert fault("? [a]\n: 1").code == "not_a_mapping"


def test_an_empty_document_is_an_empty_text():
    assert plain_of("") == "" == plain_of("# nothing\n")


def test_the_loader_makes_nothing_but_texts():
    # What PyYAML promises of its BaseLoader.
    assert yaml.load("[1, true, 2026-01-01, ~]", Loader=yaml.BaseLoader) == ["1", "true", "2026-01-01", "~"]  # noqa: S506
