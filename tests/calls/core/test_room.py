"""The core of a call rests on stt's pure rooms, and on nothing that knows an engine or waits."""

import ast

import pytest

from tests.paths import ROOT

ROOM = ROOT / "calls" / "core"
BENEATH = ("stt.events", "stt.audio", "stt.tuning", "stt.endpointing", "stt.attribution")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module if node.module != "calls.core" else f"calls.core.{node.names[0].name}"


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_core_imports_only_the_rooms_beneath_it(path):
    ours = {name for name in imported(path) if name.split(".")[0] in ("calls", "stt", "voiceapp")}
    assert [name for name in sorted(ours) if not name.startswith(("calls.core.", *BENEATH))] == []
