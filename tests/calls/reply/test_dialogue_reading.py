import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.dialogue_reading import MAX_EXAMPLES, MAX_LINES, MAX_TEXT, DialogueReader
from calls.reply.items import HangUp, NoteValue, PlayRecording, PlayTones, Transfer
from tests.calls.reply.dialogues import SMALL, faults, script


def in_step(text, head=""):
    return faults(f"{head}\nsteps:\n  a: {{say: x, {text}}}\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("next: hang_up", []),
        ("", ["steps.a.next missing"]),
        ("next: hang_up, colour: red", ["steps.a.colour unknown_key"]),
        ("next: [hang_up, b]", ["steps.a.next.1 after_the_end"]),
        ("next: [b, hang_up]", ["steps.a.next.1 after_the_end"]),
        ("next: {play: x}", ["steps.a.next no_way_on"]),
        ("next: []", ["steps.a.next no_way_on"]),
        ("next: {fly: x}", ["steps.a.next.fly unknown_act", "steps.a.next no_way_on"]),
        ("next: [{tones: 12x}, hang_up]", ["steps.a.next.0.tones bad_tones"]),
        ("next: [{note: {1a: x}}, hang_up]", ["steps.a.next.0.note.1a bad_name"]),
        ("next: [{note: x}, hang_up]", ["steps.a.next.0.note not_a_mapping"]),
        ("next: [{note: {a: }}, hang_up]", ["steps.a.next.0.note.a missing"]),
        ("next: {transfer: }", ["steps.a.next.transfer missing"]),
        ("next: hang_up, attempts: 2", ["steps.a.expect missing"]),
        ("expect: open, match: hang_up, next: hang_up", ["steps.a.next unknown_key"]),
        ("expect: open", ["steps.a.match missing"]),
        ("expect: yes_no, match: hang_up", ["steps.a.no_match missing"]),
        ("expect: open, match: hang_up, attempts: 0", ["steps.a.attempts out_of_range"]),
        ("expect: open, match: hang_up, attempts: 6", ["steps.a.attempts out_of_range"]),
        ("expect: open, match: hang_up, attempts: ٣", ["steps.a.attempts out_of_range"]),
        ("expect: open, match: hang_up, attempts: 5", []),
        ("expect: open, match: hang_up, secret: maybe", ["steps.a.secret not_a_flag"]),
        ("expect: open, match: hang_up, save: a b", ["steps.a.save bad_name"]),
        (
            "expect: yes_no, no_match: hang_up, match: {maybe: hang_up, else: hang_up}",
            ["steps.a.match.maybe unknown_value"],
        ),
        ('expect: yes_no, no_match: hang_up, match: {"yes": hang_up}', ["steps.a.match.no missing"]),
        ("next: hang_up, interruptible: x", ["steps.a.interruptible not_a_flag"]),
        ("next: hang_up, again: x", ["steps.a.expect missing"]),
        ("expect: open, match: hang_up, again: 🙂", ["steps.a.again no_words"]),
        ('expect: open, match: hang_up, save: a, again: "{a}"', ["steps.a.again unsaved_placeholder"]),
    ],
)
def test_a_fault_of_a_step_is_named(text, found):
    assert in_step(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{steps: {hang_up: {say: x, next: hang_up}}}", ["steps.hang_up bad_name"]),
        ("{steps: {1: {say: x, next: hang_up}}}", ["steps.1 bad_name"]),
        ("{steps: {a: {next: hang_up}}}", ["steps.a.say missing"]),
        ("{steps: {a: x}}", ["steps.a not_a_mapping", "steps.a.next missing"]),
        ("{steps: {a: {say: [x], next: hang_up}}}", ["steps.a.say not_text"]),
        ('{steps: {a: {say: "**...**", next: hang_up}}}', ["steps.a.say no_words"]),
        ('{goodbye: "🙂", steps: {a: {say: x, next: hang_up}}}', ["goodbye no_words"]),
        ('{steps: {a: {say: "", next: hang_up}}}', []),
        ("{stesp: {}}", ["stesp unknown_key", "steps missing"]),
        ("{steps: {a: {say: " + "x" * (MAX_TEXT + 1) + ", next: hang_up}}}", ["steps.a.say too_long"]),
        ('{"steps": {"a": {"say": "x\\u0007", "next": "hang_up"}}}', ["steps.a.say bad_character"]),
    ],
)
def test_a_fault_of_the_document_is_named(text, found):
    assert faults(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[{talk: [{caller: x}]}]", ["examples.0 expects_nothing"]),
        ("[{talk: [{caller: x, silence: true}], saved: {}}]", ["examples.0.talk.0 one_of"]),
        ("[{talk: [{says: x}]}]", ["examples.0.talk.0 one_of", "examples.0 expects_nothing"]),
        ("[{saved: {}, ends: bye}]", ["examples.0.ends one_of"]),
        ("[{saved: {}, ends: [{play: x}, hang_up]}]", []),
        ("[{saved: {}, today: 2026-02-30}]", ["examples.0.today not_a_day"]),
        ("{a: 1}", ["examples not_a_list"]),
        (f"[{', '.join(['{saved: {}}'] * (MAX_EXAMPLES + 1))}]", ["examples too_many"]),
        (
            f"[{{saved: {{}}, talk: [{', '.join(['{silence: true}'] * (MAX_LINES + 1))}]}}]",
            ["examples.0.talk too_many"],
        ),
    ],
)
def test_a_fault_of_an_example_is_named(text, found):
    assert faults(f"{SMALL}\nexamples: {text}") == found


def test_acts_are_read_in_order():
    value = [{"note": {"a": "1", "b": "2"}}, {"play": "x"}, {"tones": "9*"}, {"transfer": "דנה"}]
    reader = DialogueReader()
    route = reader.route(value, "next")
    assert route.acts == (
        NoteValue("a", "1"),
        NoteValue("b", "2"),
        PlayRecording("x"),
        PlayTones("9*"),
        Transfer("דנה"),
    )
    assert route.ends and not reader.faults
    assert reader.route("hang_up", "").acts == (HangUp(),)


PLAIN = st.recursive(
    st.text(max_size=6) | st.sampled_from(["hang_up", "yes_no", "digits", "choice", "a", "true", "2"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "start steps a b say again expect kind values min max check match next save secret attempts no_match "
                "silence timeout note play tones transfer "
                "examples talk caller step says saved ends today goodbye".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(PLAIN)
def test_no_document_is_an_error_of_ours(document):
    reader = DialogueReader()
    script = reader.script(document)
    assert script is not None or reader.faults


def test_an_unseen_mark_of_a_copied_text_is_left_out():
    step = script("{steps: {a: {say: \u2066שלום\u2069, next: hang_up}}}").steps["a"]
    assert step.say == "שלום"
