"""Which half of a trial a call belongs to."""

import subprocess
import sys

import pytest

from calls.lines.allocation import Arm, arm_of
from tests.paths import ROOT

CALLS = [f"CA{i:032x}" for i in range(20_000)]


@pytest.mark.parametrize("share", [1, 20, 50, 99])
def test_b_gets_its_share(share):
    b = sum(arm_of(call, 7, share) is Arm.B for call in CALLS)
    assert abs(b / len(CALLS) - share / 100) < 4 * (share / 100 * (1 - share / 100) / len(CALLS)) ** 0.5


def test_every_process_says_the_same():
    program = "from calls.lines.allocation import arm_of; print(*[arm_of(f'CA{i}', 3, 50) for i in range(64)])"
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert said[0] == said[1] == [arm_of(f"CA{i}", 3, 50) for i in range(64)]
    assert said[0][:6] == ["b", "a", "b", "a", "b", "a"]  # and the same tomorrow


def test_one_trial_says_nothing_of_the_next():
    same = sum(arm_of(call, 1, 50) is arm_of(call, 2, 50) for call in CALLS)
    assert abs(same / len(CALLS) - 0.5) < 0.02


def test_a_larger_share_moves_calls_only_one_way():
    assert all(arm_of(call, 1, 60) is Arm.B for call in CALLS if arm_of(call, 1, 50) is Arm.B)
