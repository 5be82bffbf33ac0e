"""Timers by their names."""

import asyncio

from stt.streaming.timers import Timers
from tests.virtual import in_virtual_time


def test_a_timer_acts_once_at_its_time():
    async def scenario():
        timers, acted = Timers(), []
        timers.start("a", 2.0, lambda: acted.append(timers.now_s()))
        assert "a" in timers.running
        await asyncio.sleep(10)
        assert "a" not in timers.running
        return acted

    assert in_virtual_time(scenario()) == [2.0]


def test_there_is_one_of_a_name_and_the_last_counts():
    async def scenario():
        timers, acted = Timers(), []
        timers.start("a", 1.0, lambda: acted.append("first"))
        timers.start("a", 2.0, lambda: acted.append("second"))
        timers.start("b", 3.0, lambda: acted.append("other"))
        await asyncio.sleep(10)
        return acted

    assert in_virtual_time(scenario()) == ["second", "other"]


def test_a_cancelled_timer_does_not_act():
    async def scenario():
        timers, acted = Timers(), []
        for name in "abc":
            timers.start(name, 1.0, lambda: acted.append("late"))
        timers.cancel("a")
        timers.cancel("never started")
        assert set(timers.running) == {"b", "c"}
        timers.cancel_all()
        await asyncio.sleep(10)
        return acted, dict(timers.running)

    assert in_virtual_time(scenario()) == ([], {})


def test_a_timer_may_start_itself_again():
    async def scenario():
        timers, acted = Timers(), []

        def act():
            acted.append(timers.now_s())
            if len(acted) < 3:
                timers.start("a", 1.0, act)

        act()
        await asyncio.sleep(10)
        return acted

    assert in_virtual_time(scenario()) == [0.0, 1.0, 2.0]
