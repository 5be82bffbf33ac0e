"""The listening side of a simulated stream: what the server says goes to a Playout, whose marks go back in time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

import websockets

from calls.lab.call_report import CallReport
from calls.lab.playout import Playout
from calls.lab.server_messages import ServerAudio, read_server_message
from calls.lab.twilio_messages import mark_echo
from stt.audio import SAMPLE_RATE_HZ


@dataclass(slots=True)
class CallClock:
    """The call's time while a stream is open, in samples."""

    began_samples: int
    """The call's time at the stream's first frame."""
    speed: float
    """Times real time."""
    _began_s: float | None = None

    def start(self) -> float:
        """The stream's first frame is due now; the instant by ``time.perf_counter``."""
        self._began_s = time.perf_counter()
        return self._began_s

    def now_samples(self) -> int:
        if self._began_s is None:
            return self.began_samples
        return self.began_samples + int((time.perf_counter() - self._began_s) * SAMPLE_RATE_HZ * self.speed)

    def seconds_until(self, samples: int) -> float:
        return max(0.0, (samples - self.now_samples()) / SAMPLE_RATE_HZ / self.speed)


@dataclass(slots=True)
class Listener:
    """One stream's. ``run`` ends with the connection."""

    connection: Any
    stream_sid: str
    playout: Playout
    clock: CallClock
    report: CallReport
    marks: int = 0
    """So many went back."""
    frames: int = 0
    """So many the caller has sent on this stream: messages of both kinds are numbered together."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Play what the server says and send marks back, until the connection is closed by either side."""
        returning = asyncio.create_task(self._return_marks())
        try:
            async for data in self.connection:
                self._receive(data)
        except websockets.ConnectionClosed:
            pass
        finally:
            self.end()
            returning.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await returning

    def end(self) -> None:
        """The stream is over: nothing is played any more, what still comes is ignored."""
        self.playout.end(self.clock.now_samples())

    def _receive(self, data: str | bytes) -> None:
        message, fault = read_server_message(data, self.stream_sid)
        now_samples = self.clock.now_samples()
        if fault is not None:
            self.playout.faults.append(replace(fault, at_samples=now_samples))
        if message is None:
            return
        if isinstance(message, ServerAudio):
            self.report.heard_bytes += len(message.ulaw)
        self.playout.receive(message, now_samples)
        self._changed.set()

    async def _return_marks(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                now_samples = self.clock.now_samples()
                self.playout.advance(now_samples)
                for name in self.playout.due_marks(now_samples):
                    message = mark_echo(self.stream_sid, name, self.frames + self.marks)
                    self.marks += 1
                    self.report.marks.append(name)
                    await self.connection.send(message)
                # No await between here and the wait: nothing can change unseen.
                due_samples = self.playout.next_samples
                self._changed.clear()
                wait_s = None if due_samples is None else self.clock.seconds_until(due_samples)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._changed.wait()
