"""The code does what it did: golden records of calls (benchmarks/golden*.py say how each is renewed)."""

import json

import pytest

from benchmarks import golden, golden_stored, golden_whatif


@pytest.mark.parametrize("first", range(0, golden.CALLS, 50))
def test_every_action_of_a_random_call_is_as_it_was(first):
    expected = golden.kept()[first : first + 50]
    played = golden.records([one["seed"] for one in expected])
    for before, now in zip(expected, played, strict=True):
        # The turns first: they can be read.
        assert now["turns"] == before["turns"], f"python -m benchmarks.golden --seed {before['seed']}"
        assert {name: now[name] for name in before} == before, f"python -m benchmarks.golden --seed {before['seed']}"


def test_what_if_says_of_the_sample_calls_what_it_said():
    for before, now in zip(golden_whatif.kept(), golden_whatif.records(), strict=True):
        assert json.loads(json.dumps(now)) == before
        assert now["own"]["turns"] == now["heard"]


def test_what_was_stored_is_read_as_it_was(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    now = golden_stored.read(tmp_path)
    before = golden_stored.kept()
    assert now.keys() == before.keys()
    for name, text in now.items():
        assert text == before[name], f"python -m benchmarks.golden_stored, {name}"


def test_what_is_stored_now_has_every_field_that_it_had(tmp_path):
    """Fields may come; none goes or is renamed."""
    golden_stored.write(tmp_path)
    for before in golden_stored.STORED.iterdir():
        now = tmp_path / before.name
        if before.suffix == ".vrec":
            assert now.read_bytes() == before.read_bytes()
            continue
        lines, lines_before = ([*map(json.loads, path.read_bytes().splitlines())] for path in (now, before))
        for i, (line, line_before) in enumerate(zip(lines, lines_before, strict=True)):
            assert golden_stored.holds(line, line_before), f"{before.name}, line {i + 1}: {line}"
