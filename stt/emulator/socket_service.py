"""SocketEmulator: a vendor's stand-in over real WebSockets. What was said when is that of Google's stand-in
(stt/emulator/stream.py); how it is asked and said is a SocketVendor's. **It recognises no speech.**
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from aiohttp import WSMsgType, web

from stt.emulator.recordings import Library, Spoken
from stt.emulator.service import UNKNOWN, EmulatorOptions
from stt.emulator.speaker import Said, Speaker
from stt.emulator.stream import EmulatedStream, FaultyResults, spoken_in
from stt.emulator.timing import Timing
from stt.emulator.traces import load_traces
from stt.emulator.vendor_faults import VendorFaults

LONGEST_UPLOAD_BYTES = 16 << 20
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ClientOrder:
    """What a client's message wants."""

    ulaw: bytes = b""
    flush: bool = False
    """Everything that was spoken is to be said now."""
    end: bool = False
    """And nothing follows."""


class RefusedError(Exception):
    """The vendor does not take this: ``status`` as of HTTP, and its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Tongue(Protocol):
    """One stream in a vendor's protocol. No I/O."""

    def greeting(self) -> Iterable[str]: ...

    def read(self, message: str | bytes) -> ClientOrder:
        """Raises RefusedError."""

    def say(self, said: Said, heard_ms: int) -> Iterable[str]: ...

    def flushed(self, heard_ms: int) -> Iterable[str]:
        """Everything is said, as was asked."""

    def farewell(self, heard_ms: int) -> Iterable[str]: ...

    def refusal(self, refused: RefusedError) -> Iterable[str]: ...


class SocketVendor(Protocol):
    """A vendor's protocol."""

    path: str
    """Of its streams."""
    key_header: str
    refuses_in_handshake: bool
    """Over HTTP; else in a message of the socket."""
    idle_close: tuple[int, str]
    """Close code and reason after ``idle_s`` without a message."""
    idle_s: float

    def check(self, request: web.Request) -> None:
        """Raises RefusedError for what the address asks."""

    def tongue(self, request: web.Request, faults: VendorFaults) -> Tongue: ...

    def http_refusal(self, refused: RefusedError) -> web.Response: ...

    def recording(self, spoken: Sequence[Spoken], request: web.Request, faults: VendorFaults) -> web.Response:
        """The answer to an upload, where there is one."""

    @property
    def uploads(self) -> str:
        """Path of whole recordings; empty: it takes none."""

    def timing(self, base: Timing) -> Timing:
        """As late as this vendor is."""


class SocketEmulator:
    """``async with SocketEmulator(vendor, options) as emulator``: serves on ``emulator.address`` until left."""

    def __init__(self, vendor: SocketVendor, options: EmulatorOptions, faults: VendorFaults | None = None) -> None:
        self.vendor = vendor
        self.options = options
        self.faults = faults if faults is not None else VendorFaults()
        self.address = ""
        self.streams_opened = 0
        self.recognized = 0
        self.billed_s = 0
        """Audio of all streams and uploads, each rounded up to a second."""
        self._library = Library(options.folders)
        self._traces = load_traces(options.trace_folders)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> SocketEmulator:
        app = web.Application(client_max_size=LONGEST_UPLOAD_BYTES)
        app.router.add_get(self.vendor.path, self._guarded(self._stream))
        if self.vendor.uploads:
            app.router.add_post(self.vendor.uploads, self._guarded(self._recognize))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.options.port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise OSError(f"127.0.0.1:{self.options.port} cannot be listened on") from error
        self.address = "{}:{}".format(*self._runner.addresses[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _guarded(self, answer: Answer) -> Answer:
        async def handler(request: web.Request) -> web.StreamResponse:
            try:
                return await answer(request)
            except RefusedError as refused:
                return self.vendor.http_refusal(refused)

        return handler

    def _check_key(self, request: web.Request, faults: VendorFaults) -> None:
        if faults.unauthorized or not request.headers.get(self.vendor.key_header):
            raise RefusedError(401, "Invalid credentials.")
        if faults.too_many:
            raise RefusedError(429, "Too many requests. Please try again later.")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self.streams_opened += 1
        number = self.streams_opened
        faults = self.faults if not self.faults.hits or number <= self.faults.hits else VendorFaults()
        if faults.refused and request.transport is not None:
            request.transport.abort()
            return web.Response()
        refusal: RefusedError | None = None
        try:
            self._check_key(request, faults)
            self.vendor.check(request)
        except RefusedError as refused:
            if self.vendor.refuses_in_handshake:
                raise
            refusal = refused
        socket = web.WebSocketResponse(autoping=True, compress=False)
        try:
            await socket.prepare(request)
        except ConnectionError:  # the client has gone: a process that stood still finds many of them
            return web.Response()
        random = Random(f"{self.options.seed}/{number}")  # noqa: S311
        stream = EmulatedStream(self._library, Speaker(self.options.timing, random), self._traces)
        served = _Served(socket, self.vendor.tongue(request, faults), stream, faults, refusal)
        try:
            with contextlib.suppress(ConnectionError):  # the client has gone
                await served.serve(self.vendor.idle_s, self.vendor.idle_close)
        finally:
            self.billed_s += math.ceil(stream.heard_ms / 1000)
        return socket

    async def _recognize(self, request: web.Request) -> web.StreamResponse:
        self.recognized += 1
        faults = self.faults
        if faults.hang_recognize:
            await asyncio.Event().wait()
        if faults.unavailable_recognize:
            raise RefusedError(503, "The service is currently unavailable.")
        self._check_key(request, faults)
        self.vendor.check(request)
        ulaw = await request.read()
        random = Random(f"{self.options.seed}/one-shot/{self.recognized}")  # noqa: S311
        await asyncio.sleep(random.uniform(*self.options.timing.recognize_ms) / 1000)
        self.billed_s += math.ceil(len(ulaw) / 8000)
        spoken = spoken_in(self._library, ulaw)
        if spoken is None:
            raise RefusedError(400, UNKNOWN)
        return self.vendor.recording(spoken, request, faults)


class _Served:
    """One stream."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        tongue: Tongue,
        stream: EmulatedStream,
        faults: VendorFaults,
        refusal: RefusedError | None,
    ) -> None:
        self._socket = socket
        self._tongue = tongue
        self._stream = stream
        self._faults = faults
        self._refusal = refusal
        self._delivery = FaultyResults(faults.of_results)
        self._began_s = time.monotonic()
        self._results = 0

    async def serve(self, idle_s: float, idle_close: tuple[int, str]) -> None:
        await self._send(self._tongue.greeting())
        try:
            while not self._socket.closed:
                try:
                    message = await self._socket.receive(timeout=idle_s)
                except TimeoutError:
                    await self._close(*idle_close)
                    return
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    return
                order = self._tongue.read(message.data)
                if self._refusal is not None:
                    raise self._refusal
                await self._obey(order)
        except RefusedError as refused:
            await self._send(self._tongue.refusal(refused))
            await self._close(1000, "")

    async def _obey(self, order: ClientOrder) -> None:
        await self._say(self._stream.push(order.ulaw))
        if (order.flush or order.end) and self._faults.close_without_final:
            await self._close(1000, "")
            return
        if order.flush or order.end:
            await asyncio.sleep(self._stream.finish_after_ms() / 1000)
            await self._say(self._stream.finish())
            await asyncio.sleep(self._delivery.remaining_s(self._age_s))
            await self._say([], everything=True)
            await self._send(self._tongue.flushed(self._stream.heard_ms) if order.flush else ())
        if order.end and not self._faults.silent:
            await self._send(self._tongue.farewell(self._stream.heard_ms))
            await self._close(1000, "")

    async def _say(self, results: Iterable[Said], everything: bool = False) -> None:
        for said in self._delivery.due(results, math.inf if everything else self._age_s):
            if self._faults.no_word_times and said.spoken is not None:
                said = replace(said, spoken=tuple(Spoken(word.text, -1, -1) for word in said.spoken))
            await self._send(self._tongue.say(said, self._stream.heard_ms))
            if self._faults.broken_in_mid_word and said.spoken is None:
                await self._close(1011, "NET-0000")

    async def _send(self, texts: Iterable[str]) -> None:
        for text in texts:
            if self._faults.silent or self._socket.closed:
                return
            if self._faults.half_json and self._results == 0 and self._stream.heard_ms:
                self._results += 1
                text = text[: len(text) // 2]
            await self._socket.send_str(text)

    async def _close(self, code: int, reason: str) -> None:
        await self._socket.close(code=code, message=reason.encode())

    @property
    def _age_s(self) -> float:
        return time.monotonic() - self._began_s
