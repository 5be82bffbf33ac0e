"""A limit for how long a stream may take to open, where another engine can hear instead.

A handshake that hangs fails by itself only after the library's own time, 20 s for gRPC; a call would wait for it.
"""

from __future__ import annotations

import asyncio

from stt.engines.base import Deliver, OpenStream, StreamEvent, StreamingRecognizer
from stt.events import RecognizerError, StreamClosed

OPEN_WITHIN_S = 3.0
"""Beyond a handshake on a bad day (2 s is borne in docs/reliability.md)."""


class LimitedStream:
    """A stream that fails with ``deadline_exceeded`` unless it says something in time."""

    def __init__(self, open_stream: OpenStream, deliver: Deliver, within_s: float) -> None:
        self._deliver = deliver
        self._timer = asyncio.get_running_loop().call_later(within_s, self._too_late)
        self._stream: StreamingRecognizer = open_stream(self._said)
        self.feed, self.finish = self._stream.feed, self._stream.finish

    def close(self) -> None:
        self._timer.cancel()
        self._stream.close()

    def _said(self, event: StreamEvent) -> None:
        self._timer.cancel()
        self._deliver(event)

    def _too_late(self) -> None:
        self._stream.close()
        self._deliver(StreamClosed(0, RecognizerError("deadline_exceeded", "the stream did not open in time")))


def opened_within(open_stream: OpenStream, within_s: float = OPEN_WITHIN_S) -> OpenStream:
    """The same streams, each with the limit."""
    return lambda deliver: LimitedStream(open_stream, deliver, within_s)
