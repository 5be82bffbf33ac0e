import pytest

from calls.reply.dialogue_checks import script_of, strangers
from calls.reply.dialogue_faults import DialogueInvalid
from calls.reply.dialogue_format import Route
from calls.reply.items import HangUp
from tests.calls.reply.dialogues import SMALL, faults, script


def changed(old, new):
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


def test_the_small_dialogue_passes():
    assert faults(SMALL) == []
    assert script().start == "colour"
    assert script().steps["bye"].next == Route((*script().steps["bye"].next.acts[:2], HangUp()))


def test_the_message_has_the_path_to_the_fault():
    with pytest.raises(DialogueInvalid) as refused:
        script(changed("expect: yes_no", "expect: perhaps"))
    assert refused.value.code == "dialogue_invalid"
    assert str(refused.value).startswith(
        "dialogue_invalid: steps.confirm.expect: there is no kind perhaps; there are: "
    )


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("match: confirm", "match: nowhere", ["steps.phone.match unknown_step"]),
        ("goodbye: להתראות", "start: nowhere", ["start unknown_step"]),
        ("no_match: person", "no_match: nowhere", ["steps.colour.no_match unknown_step"]),
        ("next: {transfer: דנה}", "next: confirm", ["steps.confirm.say unsaved_placeholder"]),
        ('{"yes": bye, "no": phone}', "phone", ["steps.bye unreachable"]),
        ("    silence: person\n", "    timeout: colour\n", ["steps.phone.timeout must_end"]),
        ("    silence: person\n", "    timeout: person\n", []),
        ("say: רגע", "say: רגע {name}", ["steps.person.say unknown_placeholder"]),
        ("say: רגע", "say: רגע {phone}", ["steps.person.say unsaved_placeholder"]),
        ("say: תודה", "say: תודה {phone}, {price:shekels}", ["steps.bye.say unsaved_placeholder"]),
        ("say: תודה", "say: תודה {phone:roman}", ["steps.bye.say bad_placeholder"]),
        ("say: תודה", "say: תודה {phone", ["steps.bye.say bad_placeholder"]),
        ("say: תודה", "say: תודה {}", ["steps.bye.say bad_placeholder"]),
        ("goodbye: להתראות", "goodbye: להתראות {colour}", ["goodbye unsaved_placeholder"]),
    ],
)
def test_a_fault_between_steps_is_named(old, new, found):
    now = faults(changed(old, new))
    assert set(found) <= set(now) and bool(found) == bool(now)


def test_steps_that_never_reach_the_end_are_named():
    text = """
steps:
  a: {say: x, expect: open, match: b}
  b: {say: y, expect: open, match: a}
"""
    assert faults(text) == ["steps.a no_way_to_the_end", "steps.b no_way_to_the_end"]


def test_steps_that_go_round_without_a_question_are_named():
    text = """
steps:
  a: {say: x, expect: yes_no, match: b, no_match: hang_up}
  b: {say: y, next: c}
  c: {say: z, next: b}
"""
    assert {"steps.b.next endless", "steps.c.next endless"} <= set(faults(text))
    assert "steps.a.next endless" not in faults(text)


def test_a_value_is_known_where_every_way_has_saved_it():
    text = """
steps:
  a: {say: x, expect: yes_no, match: {"yes": b, "no": [{note: {x: 1}}, c]}, no_match: hang_up}
  b: {say: y, expect: open, save: x, match: c}
  c: {say: "{x}", next: hang_up}
"""
    assert faults(text) == []
    assert faults(text.replace(", save: x", "")) == ["steps.c.say unsaved_placeholder"]


def test_a_step_that_only_a_failed_hand_over_leads_to_is_reached():
    text = "{transfer_failed: b, steps: {a: {say: x, next: {transfer: y}}, b: {say: z, next: hang_up}}}"
    assert faults(text) == []
    assert faults(text.replace("transfer_failed: b, ", "")) == ["steps.b unreachable"]


@pytest.mark.parametrize("document", ["", [], {}, {"steps": {}}, {"steps": ""}, {"steps": []}, "x"])
def test_what_is_no_dialogue_is_refused(document):
    with pytest.raises(DialogueInvalid):
        script_of(document)


def test_examples_name_steps_that_there_are():
    assert faults(SMALL + "\nexamples: [{talk: [{caller: x, step: y}]}]") == ["examples.0.talk.0.step unknown_step"]


def test_whom_no_line_lists_is_told_once_with_a_path():
    hand_over = script("{transfer_failed: {transfer: b}, steps: {a: {say: x, next: {transfer: y}}}}")
    assert strangers(hand_over, {"b", "y"}) == []
    assert [(one.path, one.named["person"]) for one in strangers(hand_over, ())] == [
        ("steps.a.next", "y"),
        ("transfer_failed", "b"),
    ]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_way_of_thousands_of_steps_is_checked_without_going_it_for_each(backwards):
    steps = [f"s{at}: {{say: x, next: s{at + 1}}}" for at in range(2500)] + ["s2500: {say: x, next: hang_up}"]
    written = ", ".join(reversed(steps) if backwards else steps)
    text = f"{{start: s0, steps: {{{written}}}}}"
    assert faults(text) == []
    assert "steps.s7.next endless" in faults(text.replace("next: hang_up", "next: s7"))
