"""CallOrders: a supervisor's order reaches the process that runs the call, and what came of it comes back.

First this process's own calls are asked, on their loop. Else the order is published where every process listens
(calls/process/change_notices.py), and the one that runs the call puts its answer under a key that the order names. A
word that Redis loses is an order that nobody has taken: whoever gave it is told so. One that a process comes to when
its answer is no longer waited for is not obeyed: what a supervisor was told has failed does not happen after all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import uuid4

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from calls.process.change_notices import CHANNEL, TIMEOUT_S
from calls.process.registry import RunningCall
from calls.reply.orders import NOT_ANSWERING, Order, SupervisorOrder

logger = logging.getLogger(__name__)

LOOP_S = 0.5
"""So long a call's loop may take to come to an order."""
TAKEN_S = 2.5
"""So long another process may take to begin with an order."""
ANSWER_S = TAKEN_S + LOOP_S
"""So long its answer is waited for."""
KEPT_S = 10
"""An answer that nobody has fetched by then is dropped."""
NOT_REACHED = "call_not_reached"
"""No process has said that it runs the call: it has ended, or Redis is away."""


@dataclass(frozen=True, slots=True)
class OrderWord:
    """An order as it is published."""

    order: SupervisorOrder
    answer_to: str
    """The key under which the answer is waited for."""
    until_s: float = float("inf")
    """By Redis's clock: who comes to it later leaves it. An older process does not say."""


class CallOrders:
    """One process's. On any thread but those of loops that run calls."""

    def __init__(self, calls: Iterable[RunningCall], redis_url: str) -> None:
        """``redis_url``: empty where there is one process alone."""
        self._calls, self._redis_url = calls, redis_url

    def give(self, order: SupervisorOrder) -> str:
        """Returns a stable code; empty when it is done, or will be. Blocking, LOOP_S + TIMEOUT_S + ANSWER_S at most;
        never raises."""
        code = self._give_here(order)
        if code is None and self._redis_url:
            code = self._give_elsewhere(order)
        return NOT_REACHED if code is None else code

    def quiet(self, call_sid: str, by: str) -> str:
        """Have what answers the call be quiet; as ``give``."""
        return self.give(SupervisorOrder(call_sid, Order.QUIET, by))

    def go_on(self, call_sid: str, by: str) -> str:
        """...answer again, and first say to its end what ``quiet`` stopped."""
        return self.give(SupervisorOrder(call_sid, Order.RELEASE, by, says_rest=True))

    def heard(self, word: bytes) -> None:
        """Another process has published a word; one that is no order, or is for none of our calls, is passed over. On
        the thread that listens."""
        try:
            said = msgspec.json.decode(word, type=OrderWord)
        except msgspec.DecodeError:
            return
        call_sid = said.order.call_sid
        if not any(call.call_sid == call_sid for call in self._calls):
            return
        try:
            with self._redis(TIMEOUT_S) as redis:
                if _now_s(redis) > said.until_s:
                    logger.warning("call %s: an order came too late, and is left", call_sid)
                    return
                code = self._give_here(said.order)
                if code is None:
                    return
                with redis.pipeline() as both:
                    both.lpush(said.answer_to, code)
                    both.expire(said.answer_to, KEPT_S)
                    both.execute()
        except (RedisError, OSError, ValueError) as error:
            logger.warning("call %s: who gave an order is not answered: %s", call_sid, type(error).__name__)

    def _give_here(self, order: SupervisorOrder) -> str | None:
        """None: it is no call of this process."""
        own = (call for call in self._calls if call.call_sid == order.call_sid)
        return next((code for call in own if (code := _on_its_loop(call, order)) is not None), None)

    def _give_elsewhere(self, order: SupervisorOrder) -> str | None:
        try:
            with self._redis(ANSWER_S + TIMEOUT_S) as redis:
                word = OrderWord(order, f"order:{uuid4().hex}", _now_s(redis) + TAKEN_S)
                redis.publish(CHANNEL, msgspec.json.encode(word))
                answer = redis.blpop([word.answer_to], timeout=ANSWER_S)
        except (RedisError, OSError, ValueError) as error:
            logger.warning("call %s: an order is not given on: %s", order.call_sid, type(error).__name__)
            return None
        return None if answer is None else answer[1].decode()

    def _redis(self, timeout_s: float) -> Redis:
        return Redis.from_url(self._redis_url, socket_connect_timeout=TIMEOUT_S, socket_timeout=timeout_s)


def _now_s(redis: Redis) -> float:
    """Redis's clock: the processes' own may differ."""
    seconds, microseconds = redis.time()
    return float(seconds + microseconds / 1e6)


def _on_its_loop(call: RunningCall, order: SupervisorOrder) -> str | None:
    """None: its stream is over, or its loop has not come to it in time, and never will."""
    done: Future[str | None] = Future()

    def obey() -> None:
        if done.set_running_or_notify_cancel():
            code: str | None = NOT_ANSWERING
            try:
                code = call.supervise(order)
            finally:
                done.set_result(code)

    try:
        call.loop.call_soon_threadsafe(obey)
        return done.result(LOOP_S)
    except TimeoutError:
        return None if done.cancel() else done.result()
    except RuntimeError:
        return None  # its loop has ended
