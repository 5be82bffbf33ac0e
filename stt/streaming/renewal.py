"""Renewal: from one stream to the next without a seam.

The old stream is half-closed and still owes its last word; what the new one says meanwhile waits behind it, so that
events come in the order of the streams.
"""

from __future__ import annotations

from collections.abc import Callable

from stt.engines.base import StreamEvent
from stt.events import RENEWAL_TIMEOUT, Final, RecognizerError, RecognizerEvent, StreamClosed, StreamRenewed
from stt.streaming.stream import Stream
from stt.streaming.timers import Timers

MAX_OLD_STREAM_S = 2.0
"""How long a half-closed stream may take to say its last word while the next one's results are held."""


class Renewal:
    """One call's half-closed stream, if there is one, and the events that wait behind it."""

    def __init__(self, deliver: Callable[[RecognizerEvent], None], timers: Timers) -> None:
        self.old: Stream | None = None
        """Half-closed, and still speaking."""
        self._deliver = deliver
        self._timers = timers
        self._has_settled = False
        """A final came from it since: words up to its border are given out."""
        self._behind: list[RecognizerEvent] = []

    def begin(self, old: Stream, at_ms: int) -> None:
        """Half-close a stream: words spoken before ``at_ms`` are its own, others the next one's."""
        self.old, self._has_settled = old, False
        self._deliver(StreamRenewed(old.number, at_ms))
        old.finish(self._timers.now_s())
        self._timers.start("old", MAX_OLD_STREAM_S, self._give_up)

    def move_border(self, at_ms: int) -> None:
        """The border lies here after all, while the old stream has said no final."""
        if self.old is not None and not self._has_settled:
            self._deliver(StreamRenewed(self.old.number, at_ms))

    def say(self, event: RecognizerEvent) -> None:
        """Deliver an event of the stream in use, behind the old one's last word."""
        if self.old is not None:
            self._behind.append(event)
        else:
            self._deliver(event)

    def on_event(self, old: Stream, event: StreamEvent) -> None:
        """What the old stream says. Its interims are left out: the new stream will say those words."""
        if isinstance(event, StreamClosed):
            # They hold each other: let go, it is freed at once, and not in a collection that every call waits for.
            old.recognizer = None
            self._let_go(StreamClosed(old.number, event.error, old.clock.ended_ms))
        elif isinstance(event, Final):
            self._has_settled = True
            self._deliver(old.final(event))

    def close(self) -> None:
        """End the old stream at once."""
        if self.old is not None:
            self.old.close()
            self.old = None

    def _give_up(self) -> None:
        if self.old is not None:
            old = self.old
            old.close()
            self._let_go(StreamClosed(old.number, RecognizerError(RENEWAL_TIMEOUT), old.clock.ended_ms))

    def _let_go(self, closed: StreamClosed) -> None:
        """The old stream has ended: what the new one said meanwhile follows."""
        self.old = None
        self._timers.cancel("old")
        self._deliver(closed)
        behind, self._behind = self._behind, []
        for event in behind:
            self._deliver(event)
