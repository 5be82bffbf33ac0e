"""How a call's stream ends: for which reason, with which close code, and who has to know it before the socket
closes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from calls.live.call_log import CallLog
from calls.process.registry import replacing
from calls.process.services import Services
from calls.process.shared_state import ENDED_BY_US
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

CLOSE_IMPOSSIBLE = 4400
"""Our close code for what Twilio cannot have sent; daphne takes 1000 and 3000 to 4999."""
CLOSE_CODES = {
    "bad_start": CLOSE_IMPOSSIBLE,
    "foreign_start": CLOSE_IMPOSSIBLE,
    "no_start": 4408,
    "replaced": 4409,
    # 1012, service restart, is not ours to give.
    "drained": 4012,
}
"""By end reason; 1000 where the end is the call's."""
END_KNOWN_S = 1.0
"""How long a socket that we close waits until other processes can know why: Twilio asks one of them at once."""


class CallEnd:
    """One stream's. On the call's loop."""

    def __init__(
        self, call_sid: str, log: CallLog, services: Services, close: Callable[[int | None], Awaitable[None]]
    ) -> None:
        self.reason = "lost"
        self.socket_is_gone = False
        """The other side has closed the socket."""
        self._call_sid = call_sid
        self._log = log
        self._services = services
        self._close = close
        self._tasks: set[asyncio.Task[None]] = set()

    def stopped(self) -> None:
        """The audio is over: because Twilio said so, unless something else has been the reason."""
        if self.reason == "lost" and not self.socket_is_gone:
            self.reason = "stop"

    def announce(self, began: Coroutine[Any, Any, list[str]]) -> None:
        """Tell the other processes that a stream has begun (SharedState.began), so that older ones end there."""
        self._do(self._announce(began), "announce")

    def close_socket(self, reason: str, stream_sid: str) -> None:
        """We end the stream, for this reason."""
        self.reason = reason
        self._do(self._end(reason, stream_sid), "close")

    async def told_to_all(self) -> None:
        """The record is complete: wait for what is still being said and closed. Whoever has said stop and stays would
        hold a socket for ever."""
        if self.reason == "stop" and not self.socket_is_gone:
            self._do(self._end("stop", ""), "close")
        for failed in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(failed, Exception):
                metrics.PUMP_ERRORS.inc()
                logger.error("call %s: its end was not told to all", self._call_sid, exc_info=failed)

    def _do(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work, name=f"{what} {self._call_sid}"))

    async def _announce(self, began: Coroutine[Any, Any, list[str]]) -> None:
        # Redis' order decides which of two streams is the older one, and no clock.
        older = await began
        if older:
            await self._services.notices.tell(replacing(older))

    async def _end(self, reason: str, stream_sid: str) -> None:
        """Close the socket; where that ends the call, once Twilio can ask any process what follows."""
        if reason in ENDED_BY_US and stream_sid:
            loop, written = asyncio.get_running_loop(), asyncio.Event()
            self._log.end_chosen(reason, lambda: _set(loop, written))
            if not await self._services.shared.end_chosen(self._call_sid, stream_sid, reason):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_KNOWN_S):
                        await written.wait()
        await self._close(CLOSE_CODES.get(reason))


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    """From another thread."""
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(event.set)
