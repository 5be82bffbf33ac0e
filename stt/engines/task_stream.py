"""TaskStream: a recognition stream whose whole conversation with its engine is one coroutine.

Owns what the streams of every asyncio engine have in common: the queue of audio and its bound, the cut into messages,
the task, the one StreamClosed at the end, and the silence after ``close``. The engine gives the coroutine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from stt.engines.base import Capabilities, Deliver, StreamEvent
from stt.engines.errors import Translate, recognizer_errors, without_traceback
from stt.events import RecognizerError, StreamClosed

MAX_QUEUED_MESSAGES = 1500
"""Messages waiting for a stream that does not take them: two minutes at 80 ms. Beyond it the stream has failed."""


class TaskStream:
    """A StreamingRecognizer. Its task is owned here and ends with ``close`` or the conversation."""

    def __init__(
        self,
        converse: Callable[[TaskStream], Awaitable[None]],
        deliver: Deliver,
        capabilities: Capabilities,
        translate: Translate = lambda _: None,
    ) -> None:
        """``converse`` reads ``audio()`` and says everything to ``deliver``, from StreamOpened to the last Final; it
        returns at the normal end, and may raise anything. ``translate``: see stt/engines/errors.py."""
        self._deliver = deliver
        self._message_bytes = capabilities.message_bytes
        self._messages: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED_MESSAGES)
        self._over = False
        self._task = asyncio.get_running_loop().create_task(self._run(converse, translate))

    def feed(self, ulaw: bytes) -> None:
        for start in range(0, len(ulaw), self._message_bytes):
            self._put(ulaw[start : start + self._message_bytes])

    def finish(self) -> None:
        self._put(None)

    def close(self) -> None:
        self._over = True
        self._task.cancel()

    async def audio(self) -> AsyncIterator[bytes]:
        """The messages to send, until the half-close. For ``converse``."""
        while (ulaw := await self._messages.get()) is not None:
            yield ulaw

    def deliver(self, event: StreamEvent) -> None:
        """Say it, unless the stream is over. For ``converse``."""
        if not self._over:
            self._deliver(event)

    def _put(self, message: bytes | None) -> None:
        if self._over:
            return
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            self._end(RecognizerError("stream_stuck", "the stream took no audio for two minutes"))
            self._task.cancel()

    async def _run(self, converse: Callable[[TaskStream], Awaitable[None]], translate: Translate) -> None:
        error: RecognizerError | None = None
        try:
            with recognizer_errors(translate):
                await converse(self)
        except asyncio.CancelledError:
            if self._over:
                raise
            error = RecognizerError("stream_cancelled")  # by the engine's library: it was not asked for here
        except RecognizerError as problem:
            error = without_traceback(problem)
        self._end(error)

    def _end(self, error: RecognizerError | None) -> None:
        if not self._over:
            self._over = True
            self._deliver(StreamClosed(0, error))
