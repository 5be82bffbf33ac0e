"""What is left to wait, in virtual time."""

import asyncio

import pytest

from calls.reply.responders.model_waits import ModelWaits, Patience
from tests.virtual import VirtualLoop

WAITS = ModelWaits(first_ms=2500, between_ms=1000, total_ms=5000)


def run(test):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(test())


def test_the_first_piece_has_its_own_wait():
    async def late():
        patience = Patience(WAITS)
        await patience.wait(asyncio.sleep(2.4))
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.sleep(0.2))
        return asyncio.get_running_loop().time()

    assert run(late) == pytest.approx(2.5, abs=0.01)


def test_a_piece_begins_the_next_wait():
    async def steady():
        patience = Patience(WAITS)
        for _ in range(5):
            await patience.wait(asyncio.sleep(0.9))
            patience.piece_came()
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.sleep(0.9))
        return asyncio.get_running_loop().time()

    assert run(steady) == pytest.approx(5.0, abs=0.01), "the whole answer is bounded"


def test_signs_of_life_are_no_piece():
    async def comments():
        patience = Patience(WAITS)
        with pytest.raises(TimeoutError):
            while True:
                await patience.wait(asyncio.sleep(0.1))
        return asyncio.get_running_loop().time()

    assert run(comments) == pytest.approx(2.5, abs=0.01)


def test_time_in_which_nobody_asks_for_more_does_not_count():
    async def slow_speaker():
        patience = Patience(WAITS)
        for _ in range(4):
            await patience.wait(asyncio.sleep(0.5))
            patience.piece_came()
            await asyncio.sleep(60)
        return True

    assert run(slow_speaker)


def test_a_model_that_is_asked_again_has_its_first_wait_again():
    async def again():
        patience = Patience(WAITS)
        await patience.wait(asyncio.sleep(2.0))
        patience.first()
        await patience.wait(asyncio.sleep(2.0))
        return True

    assert run(again)


def test_the_waits_are_the_tunings_defaults():
    from stt.tuning import Tuning

    assert (ModelWaits().first_ms, ModelWaits().total_ms) == (
        Tuning().responder_first_ms,
        Tuning().responder_total_ms,
    )
