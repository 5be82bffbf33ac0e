"""The core of a call rests on the lowest room and stt's pure ones, and on nothing that knows an engine or waits."""

import ast

import pytest

from tests.paths import ROOT

ROOM = ROOT / "calls" / "core"
BENEATH = (
    "voiceapp.runtime",
    "stt.events",
    "stt.audio",
    "stt.tuning",
    "stt.word_times",
    "stt.endpointing",
    "stt.attribution",
    # What engines are called on rows.
    "stt.engines.base",
    # What a process remembers of half-closing, and of silences: pure, and knows no engine.
    "stt.engines.half_close",
    "stt.engines.kept_finals",
    "stt.engines.result_gaps",
)


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


@pytest.mark.parametrize("path", sorted(ROOM.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_core_has_a_test_module_of_its_name(path):
    assert (ROOT / "tests" / "calls" / "core" / f"test_{path.name}").is_file()


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_a_module_of_the_core_is_read_at_one_sitting(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    long = {node.name for node in functions if node.end_lineno - node.lineno >= 40}
    assert long <= {"__init__"} and (not long or path.stem == "session"), "the session's constructor wires its nouns"


def attributes(node):
    """Those that a class assigns to itself, or declares."""
    assigned = {
        target.attr
        for inner in ast.walk(node)
        for target in (inner.targets if isinstance(inner, ast.Assign) else [getattr(inner, "target", None)])
        if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self"
    }
    is_enum = any(getattr(base, "id", "") in ("Enum", "StrEnum") for base in node.bases)
    declared = {one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and not is_enum}
    return assigned | declared


RECORDS = {"Turn"}
"""What is stored, field by field."""


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_a_class_of_the_core_has_few_attributes(path):
    classes = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    many = {node.name for node in classes if len(attributes(node)) > 12}
    assert many <= RECORDS
