"""A call's interims are coalesced in the loop's time."""

import asyncio

from stt.events import Interim
from stt.streaming.interims import Interims
from stt.streaming.timers import Timers
from tests.virtual import in_virtual_time


class Said:
    def __init__(self, window_ms=100):
        self.timers = Timers()
        self.events = []
        self.interims = Interims(window_ms, self.timers, self.say)

    def say(self, event):
        self.events.append((round(self.timers.now_s() * 1000), event.words[0]))

    def put(self, word):
        self.interims.put(Interim((word,), None))


def test_the_newest_is_said_when_the_window_ends():
    async def scenario():
        said = Said()
        for word in "abc":
            said.put(word)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        said.put("d")
        return said.events

    assert in_virtual_time(scenario()) == [(0, "a"), (100, "c"), (1030, "d")]


def test_flushing_says_what_waits_at_once():
    async def scenario():
        said = Said()
        for word in "ab":
            said.put(word)
        said.interims.flush()
        said.interims.flush()
        said.put("c")
        await asyncio.sleep(1)
        return said.events

    assert in_virtual_time(scenario()) == [(0, "a"), (0, "b"), (0, "c")]


def test_what_is_dropped_is_not_said():
    async def scenario():
        said = Said()
        for word in "ab":
            said.put(word)
        said.interims.drop()
        assert not said.timers.running
        await asyncio.sleep(1)
        return said.events

    assert in_virtual_time(scenario()) == [(0, "a")]
