"""The code does what it did: golden records of random calls (benchmarks/golden.py says how they are renewed)."""

import pytest

from benchmarks import golden


@pytest.mark.parametrize("first", range(0, golden.CALLS, 50))
def test_every_action_of_a_random_call_is_as_it_was(first):
    expected = golden.kept()[first : first + 50]
    played = golden.records([one["seed"] for one in expected])
    for before, now in zip(expected, played, strict=True):
        # The turns first: they can be read.
        assert now["turns"] == before["turns"], f"python -m benchmarks.golden --seed {before['seed']}"
        assert {name: now[name] for name in before} == before, f"python -m benchmarks.golden --seed {before['seed']}"
