"""Many callers at once that cost little: what they will send is made before they call, one pacer sends for all.

A thousand tasks that sleep 20 ms each would measure themselves. Here every message is a masked WebSocket frame before
the first call is placed, sockets are plain, and one task walks through the callers in the order of their phases. How
late it was is kept: a run whose sender was late says nothing of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from twilio.request_validator import RequestValidator
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.simulator import SimulatedCall
from calls.lab.twilio_messages import CONNECTED, connect_of, media_message, start_message, stop_message
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.emulator.recordings import Clip

LEAD_MS, PAUSE_MS, TAIL_MS = 1000, 900, 2000
"""Line noise lasts this long before the first recording, between two, and behind the last."""
FIRST_MS = 100
"""Twilio's first timestamp is never 0."""
PHASES = FRAME_MS
"""Callers send in this many groups, a millisecond apart: as fine as an event loop's timer."""
NOISE_FRAMES = 256
"""So many different frames of line noise are repeated in every pause."""
MAX_PLACED_AT_ONCE = 8
"""No more calls than this are being set up at the same time."""
SETTLE_S = 3.0
"""The load counts as steady this long after the last call was placed."""
SEND_BUFFER_BYTES = 1 << 18
"""A socket holds this much that the server has not read, some fifteen seconds of a call: only a stall fills it."""

Reading = TypeVar("Reading")


@dataclass(slots=True, eq=False)
class Caller:
    """One call: all that it will send, and its socket."""

    call: SimulatedCall
    report: CallReport
    wire: list[bytes] = field(default_factory=list)
    """A masked WebSocket frame for each 20 ms, and the stop behind them."""
    protocol: ClientProtocol | None = None
    sock: socket.socket | None = None
    speaks: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Hung up, or hung up on."""

    def prepare(self, frames: Sequence[bytes]) -> None:
        """Make the messages of 20 ms µ-law frames."""
        stream_sid = self.begin_stream()
        self.wire = [
            masked(media_message(stream_sid, index, FIRST_MS + index * FRAME_MS, ulaw))
            for index, ulaw in enumerate(frames)
        ]
        self.wire.append(masked(stop_message(self.report.call_sid, stream_sid, len(frames))))

    def begin_stream(self) -> str:
        """Its StreamSid."""
        stream_sid = "MZ" + secrets.token_hex(16)
        self.report.streams.append(stream_sid)
        return stream_sid

    @property
    def frames(self) -> int:
        """How many messages it sends, 20 ms apart: its frames and the stop."""
        return len(self.wire)

    def next_message(self) -> bytes:
        """What is sent in the next 20 ms."""
        return self.wire[self.report.frames_sent]

    def heard(self, text: str) -> None:
        """The server says something."""

    async def place(self) -> None:
        """Ring, and do what the TwiML says. Raises CallRefused, OSError."""
        stream, _ = connect_of(await self.call.ring(self.report.call_sid))
        if stream is None:
            raise CallRefused("no_stream")
        self.sock = sock = await self._shake_hands(stream.get("url"))
        loop = asyncio.get_running_loop()
        for message in (CONNECTED, start_message(self.report.call_sid, self.report.streams[0], stream)):
            await loop.sock_sendall(sock, masked(message))
        loop.add_reader(sock, self._listen)
        self.speaks = True

    def send_next(self) -> None:
        """The next 20 ms. Hangs up behind the last, and on a server that reads nothing any more."""
        assert self.sock is not None  # noqa: S101 - it speaks
        data = self.next_message()
        self.report.frames_sent += 1
        try:
            taken = self.sock.send(data) == len(data)
        except OSError:
            taken = False
        if not taken:
            self.report.refusals.append("blocked")
        if not taken or self.report.frames_sent == self.frames:
            self._end()

    def _end(self) -> None:
        self.speaks = False
        self.over.set()

    def close(self) -> None:
        if self.sock is not None:
            asyncio.get_running_loop().remove_reader(self.sock)
            self.sock.close()
            self.sock = None

    async def _shake_hands(self, public_url: str) -> socket.socket:
        loop = asyncio.get_running_loop()
        base = urlsplit(self.call.line.base_url)
        self.protocol = protocol = ClientProtocol(parse_uri(f"ws://{base.netloc}{urlsplit(public_url).path}"))
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        await loop.sock_connect(sock, (base.hostname, base.port))
        request = protocol.connect()
        signature = RequestValidator(self.call.line.auth_token).compute_signature(public_url, {})
        request.headers["X-Twilio-Signature"] = signature
        protocol.send_request(request)
        await loop.sock_sendall(sock, b"".join(protocol.data_to_send()))
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            received = await loop.sock_recv(sock, 65_536)
            protocol.receive_data(received) if received else protocol.receive_eof()
        if protocol.handshake_exc is not None:
            sock.close()
            raise CallRefused("socket_refused")
        return sock

    def _listen(self) -> None:
        """Take what the server says, so that it never waits, and answer its pings."""
        assert self.sock is not None and self.protocol is not None  # noqa: S101 - as long as it is a reader
        try:
            received = self.sock.recv(65_536)
        except OSError:
            received = b""
        if not received:
            self._end()
            self.close()
            return
        self.protocol.receive_data(received)
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self.report.close_code = self.protocol.close_code
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self.heard(bytes(event.data).decode())
        with contextlib.suppress(OSError):
            self.sock.send(b"".join(self.protocol.data_to_send()))


class Load:
    """All callers of a run."""

    def __init__(
        self,
        line: Line,
        recordings: Sequence[Clip],
        *,
        calls: int,
        seconds: float,
        seed: int,
        pause_ms: int = PAUSE_MS,
        kinds: Mapping[int, tuple[type[Caller], Line]] = MappingProxyType({}),
    ) -> None:
        """Every caller says as many of the recordings as ``seconds`` hold, each beginning with another one.

        ``kinds``: callers of another kind, by their index, and the line that they call.
        """
        random = Random(seed)
        noise = [bytes(random.choices(LINE_NOISE, k=FRAME_BYTES)) for _ in range(NOISE_FRAMES)]
        self.late_ms: list[float] = []
        """While the load was steady: each millisecond's group of frames against its schedule."""
        self.callers: list[Caller] = []
        for index in range(calls):
            report = CallReport("CA" + secrets.token_hex(16))
            kind, called = kinds.get(index, (Caller, line))
            caller = kind(SimulatedCall(called, (), from_number=f"+9725{seed:03}{index:05}"), report)
            turned = random.sample(recordings, len(recordings))
            caller.prepare(_script(turned, noise, round(seconds * 1000 / FRAME_MS), pause_ms, report))
            self.callers.append(caller)

    async def run(self, read: Callable[[], Reading]) -> tuple[Reading, Reading]:
        """Place all calls and play them to their ends; what ``read`` says when the load has become steady, and when the
        first caller hangs up. Raises CallRefused, OSError."""
        pace = asyncio.create_task(self._pace())
        over = [asyncio.create_task(caller.over.wait()) for caller in self.callers]
        try:
            await _at_most(MAX_PLACED_AT_ONCE, [caller.place() for caller in self.callers])
            await asyncio.sleep(SETTLE_S)
            self.late_ms.clear()
            before = read()
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
            after, late_ms = read(), self.late_ms.copy()
            await asyncio.wait(over)
        finally:
            for task in (pace, *over):
                task.cancel()
            await asyncio.gather(pace, *over, return_exceptions=True)
            for caller in self.callers:
                caller.close()
        self.late_ms = late_ms
        await _at_most(MAX_PLACED_AT_ONCE, [self._hang_up(caller) for caller in self.callers])
        return before, after

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        groups = [self.callers[phase::PHASES] for phase in range(PHASES)]
        began_s, tick = loop.time(), 0
        while True:
            due_s = began_s + tick / 1000
            delay_s = due_s - loop.time()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            self.late_ms.append((loop.time() - due_s) * 1000)
            for caller in groups[tick % PHASES]:
                if caller.speaks:
                    caller.send_next()
            tick += 1

    async def _hang_up(self, caller: Caller) -> None:
        with contextlib.suppress(CallRefused, OSError):
            form = {"CallSid": caller.report.call_sid, "CallStatus": "completed"}
            await caller.call.post("/twilio/status", form)


def _script(
    recordings: Sequence[Clip], noise: Sequence[bytes], frames: int, pause_ms: int, report: CallReport
) -> list[bytes]:
    """So many frames of recordings and line noise; notes in the report what is played when."""
    some_noise = cycle(noise)
    script = list(islice(some_noise, LEAD_MS // FRAME_MS))
    for recording in recordings:
        said = [
            recording.ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
            for begin in range(0, len(recording.ulaw), FRAME_BYTES)
        ]
        if len(script) + len(said) > frames - TAIL_MS // FRAME_MS:
            continue
        begin_ms = FIRST_MS + len(script) * FRAME_MS
        script += said
        report.played.append((recording.name, begin_ms, FIRST_MS + len(script) * FRAME_MS))
        script += islice(some_noise, pause_ms // FRAME_MS)
    return script[:frames] + list(islice(some_noise, max(0, frames - len(script))))


def masked(message: str) -> bytes:
    """A WebSocket frame of it."""
    return Frame(Opcode.TEXT, message.encode()).serialize(mask=True)


async def _at_most(count: int, work: Sequence[Coroutine[Any, Any, None]]) -> None:
    turns = asyncio.Semaphore(count)

    async def one(coroutine: Coroutine[Any, Any, None]) -> None:
        async with turns:
            await coroutine

    await asyncio.gather(*(one(coroutine) for coroutine in work))
