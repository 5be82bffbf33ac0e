import pytest

from calls.reply.dialogue_checks import script_of
from calls.reply.dialogue_examples import results_of, summary
from calls.reply.dialogue_text import plain_of
from tests.calls.reply.dialogues import SMALL, script
from tests.paths import SAMPLES

PASSES = """
examples:
  - name: כולו
    talk:
      - {caller: אדום, step: phone, says: "אדום. מה הטלפון"}
      - {silence: true, step: phone}
      - {caller: 052 123 4567, step: confirm, says: אפס חמש שתיים}
      - {caller: כן, says: תודה}
    saved: {colour: אָדוֹם, price: 250, phone: "0521234567"}
    ends: hang_up
"""


def results(text):
    return results_of(script(SMALL + text))


def test_an_example_that_goes_as_it_says_passes():
    (result,) = results(PASSES)
    assert result.passed, str(result)
    assert summary((result,)) == "1 of 1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "caller: אדום, step: phone",
            "caller: ירוק, step: phone",
            "talk.0.step: after „ירוק” the dialogue stood at colour; the example expects phone",
        ),
        ("says: תודה", "says: שלום", "talk.3.says: after „כן” the line said תודה; the example expects שלום"),
        ("price: 250", "price: 25", "saved.price: 250 was saved; the example expects 25"),
        ("price: 250, ", "", "saved.price: 250 was saved; the example expects -"),
        ("price: 250", "price: 250, x: 1", "saved.x: - was saved; the example expects 1"),
        (
            "ends: hang_up",
            "ends: {transfer: דנה}",
            "ends: the call ended with hang_up; the example expects transfer: דנה",
        ),
        (
            "{caller: כן, says: תודה}",
            "{caller: לא}",
            "ends: the dialogue had not ended, and stood at phone; the example expects hang_up",
        ),
    ],
)
def test_an_example_that_differs_says_where(old, new, said):
    assert PASSES.count(old) == 1
    (result,) = results(PASSES.replace(old, new))
    assert not result.passed
    assert str(result) == f"examples.0.{said}"
    assert summary((result,)) == "0 of 1"


def test_nothing_can_be_said_after_the_end():
    (result,) = results(PASSES.replace("says: תודה}", "says: תודה}\n      - {caller: עוד}"))
    assert str(result) == "examples.0.talk.4: the dialogue had ended before it, with hang_up"


def test_what_differs_besides_is_told_too_but_not_what_follows_from_another_step():
    (result,) = results(PASSES.replace("says: תודה", "says: שלום").replace("price: 250", "price: 25"))
    assert [one.path for one in result.differences] == ["examples.0.talk.3.says", "examples.0.saved.price"]
    (result,) = results(PASSES.replace("step: confirm", "step: colour").replace("price: 250", "price: 25"))
    assert [one.path for one in result.differences] == ["examples.0.talk.2.step"]


@pytest.mark.parametrize("path", sorted((SAMPLES / "dialogues").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_sample_dialogues_pass_their_examples(path):
    found = results_of(script_of(plain_of(path.read_text("utf-8"))))
    assert [str(one) for one in found if not one.passed] == []
    assert len(found) >= 3


def test_the_samples_are_pointed_wherever_the_line_speaks():
    from calls.reply.aloud import without_points

    for path in (SAMPLES / "dialogues").glob("*.yaml"):
        read = script_of(plain_of(path.read_text("utf-8")))
        said = [text for step in read.steps.values() for text in (step.say, step.again)] + [read.goodbye]
        assert all(without_points(text) != text for text in said if text)


def test_each_line_of_an_example_is_read_twice_however_long_it_is(monkeypatch):
    """Once for its answer, and once as it stands when late words have come."""
    from calls.reply import dialogue

    step = "{say: x, expect: yes_no, save: k, match: {'yes': a, 'no': hang_up}}"
    talk = ", ".join(["{caller: כן, step: a}"] * 40)
    long = script(f"{{no_match: a, steps: {{a: {step}}}, examples: [{{talk: [{talk}]}}]}}")
    read, reader = [], dialogue.answer_value
    monkeypatch.setattr(dialogue, "answer_value", lambda *of: read.append(1) or reader(*of))
    (result,) = results_of(long)
    # The question keeps its value, so each look reads the words and then the late ones.
    assert result.passed and len(read) == 40 * 2 * 2
