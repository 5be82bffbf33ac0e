"""Whole calls with engines of three habits: what half-closing does not gain is found out while they run."""

from dataclasses import replace
from functools import cache

import pytest

from benchmarks import half_closing
from stt.emulator.timing import UNKIND
from stt.engines.half_close import RestReason, Standing
from stt.engines.kept_finals import KEPT
from tests.traced import LIBRARY
from tests.virtual import in_virtual_time

GOOD, NOTHING, LOSES = half_closing.HABITS
CALLS = 3
"""On each line."""


@pytest.fixture(autouse=True)
def samples(monkeypatch):
    monkeypatch.setattr(half_closing, "recordings", lambda _: (LIBRARY, LIBRARY.recordings))


@cache
def measured(habit, half_close, seed=1):
    return in_virtual_time(half_closing.process(habit, half_close, CALLS, None, seed))


def p50(one):
    return sorted(one.final_ms)[len(one.final_ms) // 2]


def test_a_good_engine_is_left_alone_and_its_words_come_as_soon():
    auto, on, off = (measured(GOOD, half_close) for half_close in ("auto", "on", "off"))
    assert (auto.rests, auto.status.standing) == (0, Standing.FORCING)
    assert auto.status.forced.count == KEPT and auto.status.natural.count >= 4
    assert p50(auto) <= p50(on) + 40 < p50(off) - 400
    # One utterance in twenty makes no half-close, two in twenty a comparison.
    assert auto.a_minute() <= 1.05 * on.a_minute()
    assert (auto.lost, auto.added) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_one_that_forces_nothing_is_found_out_within_sixty_utterances(seed):
    auto = measured(NOTHING, "auto", seed)
    assert auto.utterances <= 60
    assert auto.status.reason is RestReason.GAINS_LITTLE
    assert (auto.lost, auto.added) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_one_that_loses_the_last_word_is_found_out_within_sixty_utterances(seed):
    auto, on = measured(LOSES, "auto", seed), measured(LOSES, "on", seed)
    assert auto.utterances <= 60
    assert auto.status.reason is RestReason.LACKS_WORDS
    assert 0 < auto.lost <= 60 and auto.lost < on.lost / 3


@pytest.mark.parametrize("habit", [NOTHING, LOSES])
def test_after_that_it_costs_what_never_half_closing_costs(habit):
    auto, off = measured(habit, "auto"), measured(habit, "off")
    # What was under way when it was found out is still made.
    from_s = auto.rested_s + 5
    assert auto.a_minute(from_s) <= 1.05 * off.a_minute(from_s)


def test_a_share_of_the_quota_that_is_used_is_a_rest():
    async def busy():
        memory, requests = half_closing.HalfClosing(half_closing.Random(1)), half_closing.RequestRate()
        engine = half_closing.Engine(LIBRARY, timing=replace(UNKIND))
        tuning = half_closing.Tuning(half_close_requests=3)
        one = half_closing.MeasuredCall(engine, tuning, half_closing=memory, requests=requests)
        for recording in LIBRARY.recordings[:6]:
            requests.add(one.now_ms)
            await one.recording(recording)
            await one.noise(1500)
        await one.hang_up()
        return one

    one = in_virtual_time(busy())
    assert one.notes.count(RestReason.QUOTA_USED) == 1
    assert one.session.counters["half_close_rested"] >= 3
    assert (one.score.lost, one.score.added) == (0, 0)
