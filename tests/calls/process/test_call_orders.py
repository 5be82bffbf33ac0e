"""A supervisor's order reaches the process that runs the call."""

import asyncio
import threading
from types import SimpleNamespace

import msgspec
import pytest

from calls.process import call_orders
from calls.process.call_orders import NOT_REACHED, CallOrders, OrderWord
from calls.process.change_notices import ChangeNotices
from calls.process.registry import replacing
from calls.reply.orders import Order, SupervisorOrder
from tests.calls.process.test_change_notices import redis_url  # noqa: F401 - a fixture
from tests.waiting import PATIENCE_S

ORDER = SupervisorOrder("CA1", Order.SAY, "dana", "כבר בודקים.")


def running(code="", call_sid="CA1"):
    """A call on the loop that runs; ``taken`` are the orders that it was given."""
    taken = []
    loop = asyncio.get_running_loop()

    def supervise(order):
        assert asyncio.get_running_loop() is loop
        taken.append(order)
        return code

    return SimpleNamespace(call_sid=call_sid, loop=loop, supervise=supervise, taken=taken)


async def test_a_call_of_this_process_is_asked_on_its_loop():
    call, other = running("already_quiet"), running(call_sid="CA2")
    assert await asyncio.to_thread(CallOrders([other, call], "").give, ORDER) == "already_quiet"
    assert (call.taken, other.taken) == ([ORDER], [])


async def test_to_go_on_is_to_answer_again_with_the_rest_of_what_was_stopped():
    call = running()
    assert await asyncio.to_thread(CallOrders([call], "").go_on, "CA1", "dana") == ""
    assert call.taken == [SupervisorOrder("CA1", Order.RELEASE, "dana", says_rest=True)]


async def test_of_two_streams_of_a_call_the_one_that_is_not_over_is_asked():
    over, newest = running(None), running("")
    assert await asyncio.to_thread(CallOrders([over, newest], "").give, ORDER) == ""
    assert newest.taken == [ORDER]


async def test_a_call_that_nobody_runs_is_not_reached():
    assert await asyncio.to_thread(CallOrders([running(None)], "").give, ORDER) == NOT_REACHED


async def test_a_redis_that_is_away_is_no_error(caplog):
    assert await asyncio.to_thread(CallOrders([], "redis://127.0.0.1:1/0").give, ORDER) == NOT_REACHED
    assert "an order is not given on" in caplog.text and "בודקים" not in caplog.text


async def test_a_loop_that_comes_too_late_does_not_do_it_after_all(monkeypatch):
    monkeypatch.setattr(call_orders, "LOOP_S", 0.01)
    call = running()
    answer = []
    asking = threading.Thread(target=lambda: answer.append(CallOrders([call], "").give(ORDER)))
    asking.start()
    asking.join(PATIENCE_S)  # on the loop's own thread: it comes to nothing meanwhile
    await asyncio.sleep(0)
    assert (answer, call.taken) == ([NOT_REACHED], [])


def test_a_call_whose_loop_has_ended_is_not_reached():
    loop = asyncio.new_event_loop()
    loop.close()
    assert CallOrders([SimpleNamespace(call_sid="CA1", loop=loop)], "").give(ORDER) == NOT_REACHED


async def test_an_order_that_fails_is_an_answer_too(caplog):
    call = running()
    call.supervise = lambda order: [].pop()
    assert await asyncio.to_thread(CallOrders([call], "").give, ORDER) == "not_answering"
    assert "IndexError" in caplog.text


async def test_another_process_runs_the_call_and_says_what_came_of_it(redis_url):  # noqa: F811
    call = running("too_many_sentences")
    console, server = CallOrders([], redis_url), CallOrders([call], redis_url)
    notices = ChangeNotices(redis_url)
    notices.listeners.append(server.heard)
    notices.wait(PATIENCE_S)  # it listens from now on
    listening = asyncio.create_task(asyncio.to_thread(notices.wait, PATIENCE_S))
    assert await asyncio.to_thread(console.give, ORDER) == "too_many_sentences"
    assert call.taken == [ORDER]
    notices.announce()
    await listening


async def test_an_order_that_is_come_to_late_is_left(redis_url, caplog):  # noqa: F811
    call = running()
    server = CallOrders([call], redis_url)
    word = OrderWord(ORDER, "order:late", until_s=1.0)  # in 1970
    await asyncio.to_thread(server.heard, msgspec.json.encode(word))
    assert call.taken == [] and "came too late" in caplog.text


async def test_an_order_of_an_older_process_has_no_time(redis_url):  # noqa: F811
    call = running()
    word = {"order": msgspec.to_builtins(ORDER), "answer_to": "order:old"}
    await asyncio.to_thread(CallOrders([call], redis_url).heard, msgspec.json.encode(word))
    assert call.taken == [ORDER]


@pytest.mark.parametrize("word", [b"", b"{", b"[]", b'{"order": 1}', replacing(["MZ1"])])
def test_words_that_are_no_orders_are_passed_over(word):
    CallOrders([], "").heard(word)
