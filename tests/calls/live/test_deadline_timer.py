"""The timer of a session's deadlines."""

import asyncio

from calls.live.deadline_timer import DeadlineTimer


class Loop:
    """Takes timers and runs none."""

    def __init__(self):
        self.timers = []

    def call_later(self, delay_s, ask):
        timer = Timer(round(delay_s * 1000), ask)
        self.timers.append(timer)
        return timer


class Timer:
    def __init__(self, delay_ms, ask):
        self.delay_ms, self.ask, self.cancelled = delay_ms, ask, False

    def cancel(self):
        self.cancelled = True


def armed(loop):
    return [timer.delay_ms for timer in loop.timers if not timer.cancelled]


def test_an_earlier_deadline_takes_the_timers_place_and_a_later_one_waits():
    loop = Loop()
    timer = DeadlineTimer(loop, lambda: None)
    timer.arm(1500.0, 1000.0)
    timer.arm(1800.0, 1000.0)
    assert armed(loop) == [500]
    timer.arm(1200.0, 1000.0)
    assert armed(loop) == [200]


def test_without_a_deadline_nobody_asks():
    loop = Loop()
    timer = DeadlineTimer(loop, lambda: None)
    timer.arm(1500.0, 1000.0)
    timer.arm(None, 1000.0)
    assert armed(loop) == []


def test_a_deadline_that_has_passed_is_now():
    loop = Loop()
    DeadlineTimer(loop, lambda: None).arm(500.0, 1000.0)
    assert armed(loop) == [0]


async def test_it_asks_once_and_can_be_armed_again():
    loop, asked = asyncio.get_running_loop(), asyncio.Queue()
    timer = DeadlineTimer(loop, lambda: asked.put_nowait(True))
    for _ in range(2):
        timer.arm(0.0, 0.0)
        await asyncio.wait_for(asked.get(), 5)
    timer.arm(1e9, 0.0)
    timer.cancel()
    assert asked.empty()
