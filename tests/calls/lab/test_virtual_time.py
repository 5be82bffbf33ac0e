import asyncio
import time

import pytest

from calls.lab.virtual_time import VirtualLoop, run_virtually


def test_an_hour_passes_at_once():
    async def hour():
        begin_s = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - begin_s

    cpu_s = time.process_time()
    assert run_virtually(hour()) == pytest.approx(3600)
    assert time.process_time() - cpu_s < 60


def test_timers_come_in_order_at_their_own_instants():
    async def timers():
        loop, came = asyncio.get_running_loop(), []
        for ms in (300, 100, 200):
            loop.call_later(ms / 1000, lambda: came.append(round(loop.time() * 1000)))
        await asyncio.sleep(1)
        return came

    assert run_virtually(timers()) == [100, 200, 300]


def test_a_loop_of_ones_own_is_closed_behind():
    loop = VirtualLoop()
    run_virtually(asyncio.sleep(1), loop)
    assert loop.is_closed() and loop.time() == pytest.approx(1)
