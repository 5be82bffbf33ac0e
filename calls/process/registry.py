"""The calls that a process runs, from the token that let them in until their record is complete."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import Protocol

from calls.core.recognition_health import RecognitionStatus
from calls.core.status import CallStatus
from calls.reply.orders import SupervisorOrder


class RunningCall(Protocol):
    """What the process knows of a call that it runs."""

    call_sid: str
    line: str
    """The number that was called."""
    loop: asyncio.AbstractEventLoop

    @property
    def stream_sid(self) -> str:
        """Empty until the stream has started."""

    @property
    def recognition_status(self) -> RecognitionStatus: ...

    def status(self, now_ms: float) -> CallStatus: ...

    def replace(self) -> None:
        """A newer stream of the call is heard. On the call's loop."""

    def supervise(self, order: SupervisorOrder) -> str | None:
        """What a supervisor has the line do: a stable code, empty when it is done; None where the stream is over. On
        the call's loop."""

    def listen_in(self) -> None:
        """Somebody listens in: the stream's sound goes to them for a while. On the call's loop."""

    def drain(self) -> asyncio.Task[None] | None:
        """The process must end: the call closes its socket, at once or when the task that is returned is over. On the
        call's loop."""


class CallRegistry:
    """By the task that pumps each: it outlives the call's socket. Iterating is safe on any thread."""

    def __init__(self) -> None:
        self._calls: dict[asyncio.Task[None], RunningCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[RunningCall]:
        return iter(list(self._calls.values()))

    @property
    def pumps(self) -> set[asyncio.Task[None]]:
        """What to wait for until the calls are over."""
        return set(self._calls)

    def add(self, pump: asyncio.Task[None], call: RunningCall) -> None:
        """The call is known until its pump ends. On the loop."""
        self._calls[pump] = call
        pump.add_done_callback(lambda done: self._calls.pop(done, None))

    def recognition_statuses(self) -> list[RecognitionStatus]:
        """How each call is heard. Any thread."""
        return [call.recognition_status for call in self]

    def replace_older(self, newest: RunningCall) -> None:
        """Another stream of the same call has begun: of two that live, only the newest is heard. On the loop."""
        for call in self:
            if call is not newest and call.call_sid == newest.call_sid:
                call.replace()

    def replaced_elsewhere(self, word: bytes) -> None:
        """Another process has begun a stream of a call, and names the older ones. Any thread; a word that is none of
        ours is passed over."""
        try:
            replaced = set(json.loads(word)["replaced"])
        except (ValueError, KeyError, TypeError):
            return
        for call in self:
            if call.stream_sid and call.stream_sid in replaced:
                with contextlib.suppress(RuntimeError):  # its loop has ended
                    call.loop.call_soon_threadsafe(call.replace)


def replacing(older: list[str]) -> bytes:
    """The word for ``replaced_elsewhere`` of the other processes."""
    return json.dumps({"replaced": older}).encode()
