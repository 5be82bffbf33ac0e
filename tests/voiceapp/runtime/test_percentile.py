"""One percentile for everyone."""

import ast

import pytest

from tests.paths import ROOT
from voiceapp.runtime.percentile import percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3, 1, 2], 0.5, 2), ([1], 0.9, 1), (range(100), 0.95, 95), ([1.5, 2.5], 1.0, 2.5), ([1, 2], 0.0, 1)],
)
def test_a_percentile_is_one_of_the_values(values, share, expected):
    assert percentile(values, share) == expected


def test_no_values_have_no_percentile():
    assert percentile([], 0.5) is None


def test_nobody_works_it_out_for_themselves():
    """An index that is a share of a length."""
    own = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("calls", "stt", "voiceapp", "benchmarks")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "percentile.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Subscript) and "int(len(" in ast.unparse(node.slice)
    ]
    assert own == []
