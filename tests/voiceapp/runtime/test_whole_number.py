"""Whole numbers from outside."""

import ast

import pytest

from tests.paths import ROOT
from voiceapp.runtime.whole_number import whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), ("-3", -3), ("24", 24)])
def test_a_number_within_the_bounds_is_taken(text, number):
    assert whole_number(text, -3, 24) == number


@pytest.mark.parametrize(
    "text", ["", "²", "٣", "1²", "1e9", "1.5", "1_0", " 1", "1\n", "+1", "--1", "0x1", "\0", "25", "-4", "9" * 5000]
)
def test_anything_else_is_none(text):
    assert whole_number(text, -3, 24) is None


def test_nobody_asks_a_text_whether_it_has_digits():
    asked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("calls", "stt", "voiceapp")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("isdigit", "isdecimal", "isnumeric")
    ]
    assert asked == []
