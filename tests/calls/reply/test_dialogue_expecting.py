import pytest

from calls.reply.dialogue_expecting import LENGTHS, expect_of
from calls.reply.dialogue_reading import DialogueReader
from calls.reply.items import DigitsCheck, ExpectationKind


def read(value):
    reader = DialogueReader()
    expect, spoken = expect_of(reader, value, "expect")
    return expect, spoken, [f"{fault.path} {fault.code}" for fault in reader.faults]


@pytest.mark.parametrize("kind", [kind for kind in ExpectationKind if kind is not ExpectationKind.CHOICE])
def test_a_kind_is_enough(kind):
    expect, _, faults = read(str(kind))
    assert expect.kind is kind and not faults


def test_values_are_matched_without_points_and_said_with_them():
    expect, spoken, faults = read({"kind": "choice", "values": {"אָדוֹם": ["אֲדֻמָּה"], "כחול": []}})
    assert expect.choices == (("אדום", ("אדמה",)), ("כחול", ()))
    assert spoken["אדום"] == "אָדוֹם" and not faults


def test_values_may_be_a_list():
    assert read({"kind": "choice", "values": ["א", "ב"]})[0].choices == (("א", ()), ("ב", ()))


@pytest.mark.parametrize(("check", "lengths"), LENGTHS.items())
def test_digits_have_the_lengths_of_their_check(check, lengths):
    expect, _, faults = read({"kind": "digits"} | ({"check": str(check)} if check else {}))
    assert (expect.min_digits, expect.max_digits, expect.check) == (*lengths, check) and not faults


def test_digits_may_say_their_lengths():
    expect, _, faults = read({"kind": "digits", "min": "4", "max": "6"})
    assert (expect.min_digits, expect.max_digits, expect.check, faults) == (4, 6, DigitsCheck.NONE, [])


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("phone", "expect unknown_kind"),
        ({}, "expect unknown_kind"),
        ({"kind": ["x"]}, "expect unknown_kind"),
        ([], "expect not_a_mapping"),
        ({"kind": "date", "min": "1"}, "expect.min unknown_key"),
        ({"kind": "digits", "check": "iban"}, "expect.check unknown_check"),
        ({"kind": "digits", "min": "0"}, "expect.min out_of_range"),
        ({"kind": "digits", "min": "5", "max": "4"}, "expect.max out_of_range"),
        ({"kind": "digits", "max": "25"}, "expect.max out_of_range"),
        ({"kind": "choice"}, "expect.values missing"),
        ({"kind": "choice", "values": {}}, "expect.values missing"),
        ({"kind": "choice", "values": {"a": "b"}}, "expect.values.a not_a_list"),
        ({"kind": "choice", "values": {"a": ["c"], "b": ["c"]}}, "expect.values.b value_twice"),
        ({"kind": "choice", "values": {"a": [""]}}, "expect.values.a missing"),
        ({"kind": "choice", "values": [["a"]]}, "expect.values. missing"),
    ],
)
def test_a_fault_is_named(value, fault):
    assert fault in read(value)[2]
