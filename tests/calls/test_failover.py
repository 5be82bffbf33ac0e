"""A line with two engines whose first one fails in mid-word: the second hears all of it, and the first comes back."""

import pytest

from stt.tuning import Tuning
from tests.fault_schedule import FaultSchedule, FaultWindow
from tests.traced import LIBRARY
from tests.virtual import Engine, VirtualCall, in_virtual_time

KEPT = (0, 0)
LASTING = {"half_close_ms": 0}
NEVER = 10_000.0


def call(first, *, tuning=None, times=1, before=None, others=None, pause_ms=900):
    async def run():
        second = Engine(LIBRARY, seed=2, name="second")
        one = VirtualCall(first, Tuning(**(tuning or {})), others=[second] if others is None else others)
        await one.noise(1000)
        for _ in range(times):
            for recording in LIBRARY.recordings:
                await one.recording(recording)
                await one.noise(pause_ms)
        await one.noise(1500)
        await one.hang_up()
        return one

    return in_virtual_time(run())


def lost_and_added(one):
    return one.score.lost, one.score.added


def away(from_s, to_s=NEVER, **more):
    return FaultSchedule(away=(FaultWindow(from_s, to_s),), **more)


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
@pytest.mark.parametrize("from_s", [2.0, 4.3, 6.7, 9.1])
@pytest.mark.parametrize("seed", range(3))
def test_an_engine_that_goes_away_in_mid_word_takes_no_word_with_it(tuning, from_s, seed):
    one = call(Engine(LIBRARY, seed=seed, faults=away(from_s)), tuning=tuning)
    assert lost_and_added(one) == KEPT
    assert one.notes.count("engine_failed_over") == 1
    assert "streaming_lost" not in one.notes
    assert [turn.engine for turn in one.turns.values()][-1] == "second"


@pytest.mark.parametrize("tuning", [{}, LASTING], ids=["half-closed", "lasting"])
@pytest.mark.parametrize("from_s", [0.0, 6.0, 11.0])
def test_an_engine_that_goes_deaf_is_left_with_all_that_it_missed(tuning, from_s):
    deaf = FaultSchedule(deaf=(FaultWindow(from_s, NEVER),))
    one = call(Engine(LIBRARY, faults=deaf), tuning=tuning, times=2)
    assert lost_and_added(one) == KEPT
    # Nobody but a call can find out whether it hears again: it is tried, ever more seldom.
    assert 1 <= one.notes.count("engine_failed_over") == one.notes.count("engine_back") + 1 <= 3
    assert [turn.engine for turn in one.turns.values()][-1] == "second"
