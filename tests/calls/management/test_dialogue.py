"""manage.py dialogue check"""

import io

import pytest
from django.core.management import CommandError, call_command

from calls.models import Dialogue, PhoneLine
from stt.models import TuningProfile
from tests.calls.reply.dialogues import SMALL
from tests.paths import SAMPLES

BOOKING = SAMPLES / "dialogues" / "booking.yaml"


def check(*arguments):
    """What it printed, and what it failed with."""
    out, failed = io.StringIO(), ""
    try:
        call_command("dialogue", "check", *arguments, stdout=out)
    except CommandError as error:
        failed = str(error)
        assert error.returncode == 1
    return out.getvalue(), failed


def test_a_dialogue_whose_examples_pass():
    assert check(str(BOOKING)) == ("7 of 7 examples pass\n", "")


def test_an_example_that_differs_is_named_with_its_place(tmp_path):
    path = tmp_path / "changed.yaml"
    path.write_text(BOOKING.read_text("utf-8").replace("צֶבַע, אוֹ פֶן?", "פֶן?").replace("step: day}", "step: hour}", 1))
    out, failed = check(str(path))
    line = next(n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if "step: hour}" in text)
    where = f"הכול במכה אחת: line {line}: examples.0.talk.2.step"
    said = "after „052 123 4567” the dialogue stood at day; the example expects hour"
    assert out == f"{where}: {said}\n6 of 7 examples pass\n"
    assert failed.startswith("examples_failed")


def test_every_difference_of_an_example_is_a_line(tmp_path):
    path = tmp_path / "changed.yaml"
    example = '{name: אחת, talk: [{caller: אדום, step: phone, says: אחרת}], saved: {price: "25"}, ends: hang_up}'
    path.write_text(f"{SMALL}\nexamples: [{example}]\n")
    out, _ = check(str(path))
    assert [line.split(": ")[2] for line in out.splitlines()[:-1]] == [
        "examples.0.talk.0.says",
        "examples.0.saved.colour",
        "examples.0.saved.price",
        "examples.0.ends",
    ]
    assert out.endswith("\n0 of 1 examples pass\n")


def test_a_dialogue_without_examples_says_so(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    assert check(str(path)) == ("the dialogue is valid; it has no examples\n", "")


def test_every_fault_is_named(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(SMALL.replace("expect: yes_no", "expect: perhaps").replace("attempts: 3", "attempts: 9"))
    _, failed = check(str(path))
    first, second = failed.splitlines()
    lines = path.read_text("utf-8").splitlines()
    attempts, kind = (n for n, text in enumerate(lines, 1) if "attempts: 9" in text or "expect: perhaps" in text)
    assert first == f"dialogue_invalid: line {attempts}: steps.phone.attempts: 9 is not from 1 to 5"
    assert second.startswith(f"dialogue_invalid: line {kind}: steps.confirm.expect: there is no kind perhaps")


@pytest.mark.parametrize(
    ("content", "code"), [(None, "not_read"), (b"\xff", "not_read"), (b"x" * 100_001, "dialogue_invalid")]
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, content, code):
    path = tmp_path / "file.yaml"
    if content is not None:
        path.write_bytes(content)
    assert check(str(path))[1].startswith(code)


@pytest.mark.django_db
def test_a_lines_dialogue():
    profile = TuningProfile.objects.create(name="default")
    line = PhoneLine.objects.create(number="+97231234567", name="x", profile=profile)
    assert check("--line", "03-1234567")[1].startswith("no_dialogue")
    line.dialogue = Dialogue.objects.create(name="x", text=BOOKING.read_text("utf-8"))
    line.save()
    assert check("--line", "03-1234567") == ("7 of 7 examples pass\n", "")
    assert check("--line", "03-1234568")[1].startswith("unknown_line")
