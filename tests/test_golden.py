"""The code does what it did: golden records of calls (benchmarks/golden*.py say how each is renewed)."""

import json

import pytest

from benchmarks import golden, golden_whatif


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
