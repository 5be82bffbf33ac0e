"""What every benchmark has in common."""

import ast
import subprocess
import sys

import pytest

from benchmarks.latency_curve import SETTINGS, measure
from tests.paths import ROOT
from tests.sounds import SAMPLES
from tests.waiting import COMMAND_S

PROGRAMS = sorted(
    path for path in (ROOT / "benchmarks").glob("*.py") if 'if __name__ == "__main__"' in path.read_text("utf-8")
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_every_benchmark_reads_its_command_line(path):
    """Or ``--help`` would run it."""
    names = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
    assert "parse_args" in names


@pytest.mark.parametrize("name", ["blocked_server", "desk_pictures", "import_graph", "twin_emulator"])
def test_help_says_what_a_benchmark_does_and_runs_nothing(name, tmp_path):
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    environment = {"DEBUG": "1", "VAR_DIR": str(tmp_path), "PATH": ""}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=COMMAND_S)
    assert said.returncode == 0, said.stderr
    first = ast.get_docstring(ast.parse((ROOT / "benchmarks" / f"{name}.py").read_text("utf-8"))).splitlines()[0]
    assert said.stdout.startswith("usage: ") and first in said.stdout


def test_the_latency_curve_measures_a_call():
    measured = measure((SETTINGS[-1], 1, 0, SAMPLES, ("order",), None))
    assert (measured.score.words, measured.score.lost) == (23, 0)
    assert len(measured.turns) == 5 and measured.requests > 0
