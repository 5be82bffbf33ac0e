"""A number and what it counts; and that nobody writes plurals by hand."""

import re

import pytest

from tests.paths import ROOT
from voiceapp.runtime.counted import counted

# Constants are more than one, and so are the newest of something.
BY_HAND = re.compile(
    r"(?<!newest )"
    r"(?:\{(?![\w.]*[A-Z]{3})[\w.()\[\]]+\}|%d) (?:calls|turns|files|streams|journals|phrases|recordings)\b"
)


@pytest.mark.parametrize(("count", "said"), [(0, "0 calls"), (1, "1 call"), (2, "2 calls"), (1000, "1000 calls")])
def test_one_is_one_and_all_others_are_many(count, said):
    assert counted(count, "call") == said


def test_a_verb_goes_with_its_number():
    assert [counted(count, "file is", "files are") for count in (1, 2)] == ["1 file is", "2 files are"]


@pytest.mark.parametrize("room", ["calls/management", "stt/management", "calls/storage", "voiceapp"])
def test_what_a_command_or_a_log_counts_agrees_with_its_number(room):
    found = [
        f"{path.relative_to(ROOT)}: {one}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for one in BY_HAND.findall(path.read_text("utf-8"))
    ]
    assert found == []
