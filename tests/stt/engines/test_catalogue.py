"""The table of the engines: complete, light to read, and true to what each row makes."""

import re
import subprocess
import sys

import pytest

from stt.engines.catalogue import ENTRIES, by_name, variables
from tests.paths import ROOT

GIVEN = dict.fromkeys(variables(), "") | {entry.emulator: "127.0.0.1:9" for entry in ENTRIES if entry.emulator}
each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def test_names_are_the_rows_own_and_fit_a_turns_column():
    assert list(by_name()) == [entry.name for entry in ENTRIES]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,21}", entry.name) for entry in ENTRIES)


@each
def test_an_engine_can_what_its_row_says(entry):
    if not entry.emulator:
        pytest.skip("it has no emulator: its own tests make it")
    engine = entry.engine_at(GIVEN)("")
    assert engine.capabilities == entry.capabilities
    assert engine.name in ("emulator", f"emulator:{entry.name}")


@each
def test_the_first_missing_variable_is_named_unless_there_is_an_emulator(entry):
    nothing = dict.fromkeys(entry.variables, "")
    assert entry.missing(nothing) == next(iter(entry.needs), "")
    assert entry.missing(nothing | dict.fromkeys(entry.needs, "x")) == ""
    if entry.emulator:
        assert entry.missing(nothing | {entry.emulator: "127.0.0.1:9"}) == ""


def test_an_engine_is_made_once_and_when_it_is_wanted():
    made = []
    entry = type(ENTRIES[0])(
        name="toy",
        title="Toy",
        hebrew="iw-IL",
        capabilities=ENTRIES[0].capabilities,
        models=(),
        needs={},
        make=lambda values: made.append(values) or (lambda endpoint: endpoint),
    )
    engine_at = entry.engine_at({"A": "1"})
    assert made == []
    assert (engine_at("a"), engine_at("b")) == ("a", "b")
    assert made == [{"A": "1"}]


def test_reading_the_table_imports_no_vendors_library():
    heavy = ("grpc", "google.cloud", "numpy", "faster_whisper")
    code = f"import sys, stt.engines.catalogue; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
