"""LlmEmulator: an OpenAI-compatible chat endpoint over HTTP and server-sent events, with faults as switches.

It has the standard library only, so that the demo may use it. It answers by a script (llm_script.py), and records each
request: what was asked, how much was sent, and whether and when the client closed the stream.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from calls.lab.emulator.llm_faults import ODD_CHUNKS, EmulatorHabits, LlmFault, spoiled
from calls.lab.emulator.llm_script import LlmScript, ScriptedAnswer, in_pieces

_LONGEST_REQUEST_BYTES = 2_000_000
_HEADERS_S = 30.0


@dataclass(slots=True)
class EmulatedRequest:
    """One request and what became of it."""

    body: dict[str, Any]
    key: str = ""
    fault: LlmFault = LlmFault.NONE
    pieces_sent: int = 0
    finished: bool = False
    """Everything was sent."""
    closed_by_client_at_s: float | None = None
    """Loop time at which the client was seen to have gone before the end."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


class _ClientGoneError(Exception):
    """The client closed the connection."""


class LlmEmulator:
    """``async with LlmEmulator() as emulator: ... emulator.base_url``. ``faults`` go to the next requests, one each;
    then ``fault`` holds."""

    def __init__(
        self,
        script: LlmScript | None = None,
        *,
        port: int = 0,
        fault: LlmFault = LlmFault.NONE,
        habits: EmulatorHabits | None = None,
    ) -> None:
        self.script = script or LlmScript()
        self.fault = fault
        self.habits = habits or EmulatorHabits()
        self.faults: deque[LlmFault] = deque()
        self.faults_of: dict[str, LlmFault] = {}
        """By the model that is asked, before the others."""
        self.requests: list[EmulatedRequest] = []
        self.connections = 0
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> LlmEmulator:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *raised: object) -> None:
        assert self._server is not None  # noqa: S101
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        """For LLM_BASE_URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def streams_closed_by_clients(self) -> int:
        return sum(one.closed_by_client_at_s is not None for one in self.requests)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._open.add(task)
        self.connections += 1
        try:
            while await _Answering(self, reader, writer).serve():
                pass
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            pass  # a client that left, or speaks no HTTP
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    def next_fault(self, model: str = "") -> LlmFault:
        if model in self.faults_of:
            return self.faults_of[model]
        return self.faults.popleft() if self.faults else self.fault


class _Answering:
    """One request of a connection."""

    def __init__(self, emulator: LlmEmulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._emulator = emulator
        self._habits = emulator.habits
        self._reader = reader
        self._writer = writer
        self._request = EmulatedRequest({})

    async def serve(self) -> bool:
        """Whether the connection may be used again."""
        async with asyncio.timeout(_HEADERS_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length") or 0)
            if not 0 <= length <= _LONGEST_REQUEST_BYTES:
                raise ValueError("too long")
            body = await self._reader.readexactly(length)
        if first.split(" ")[:2] != ["POST", "/v1/chat/completions"]:
            return await self._refuse(404, "There is only POST /v1/chat/completions.")
        asked = json.loads(body)
        self._request = EmulatedRequest(asked, headers.get("authorization", "").removeprefix("Bearer "))
        self._request.fault = self._emulator.next_fault(asked.get("model", ""))
        self._emulator.requests.append(self._request)
        try:
            return await self._answer()
        except (_ClientGoneError, OSError):
            self._request.closed_by_client_at_s = asyncio.get_running_loop().time()
            return False
        finally:
            self._request.over.set()

    async def _answer(self) -> bool:
        fault = self._request.fault
        if not self._request.body.get("stream"):
            return await self._refuse(400, "This stand-in streams only.")
        if fault in (LlmFault.STATUS_500, LlmFault.STATUS_429):
            return await self._refuse(int(fault), "Emulated.")
        if fault is LlmFault.SLOW_HEADERS:
            await self._rest(self._habits.slow_s)
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        if fault is LlmFault.SIGNS_OF_LIFE:
            await self._without_end(lambda: self._chunk(b": still there\n\n"))
        if fault is LlmFault.TRICKLE:
            await self._without_end(lambda: self._send({"content": "א"}))
        await self._rest(self._habits.slow_s if fault is LlmFault.SLOW_FIRST else self._habits.first_s)
        for odd in ODD_CHUNKS if self._habits.odd_chunks else ():
            self._chunk(b"data: " + json.dumps(odd).encode() + b"\n\n")
        answer = spoiled(self._emulator.script.answer(self._request.body.get("messages", [])), fault)
        ids = "call_" if self._habits.ids_repeat else f"call_{len(self._emulator.requests)}_"
        deltas = in_pieces(answer, tools_whole=self._habits.tools_whole, ids=ids)
        if fault is LlmFault.MALFORMED_TOOL:
            deltas = deltas[:-1]
        for place, delta in enumerate(deltas):
            if place == 3 and not await self._goes_on(fault):
                return False
            self._send(delta)
            await self._rest(self._habits.piece_s)
        self._send({}, finish=self._habits.finish or ("tool_calls" if answer.tools else "stop"))
        if fault is not LlmFault.NO_USAGE and self._request.body.get("stream_options", {}).get("include_usage"):
            usage = _usage(self._request.body, answer)
            if self._habits.tokens is not None:
                usage["total_tokens"] = self._habits.tokens
            self._event({"choices": [], "usage": usage})
        self._chunk(b"data: [DONE]\n\n")
        self._write(b"0\r\n\r\n")
        await self._writer.drain()
        self._request.finished = True
        return True

    async def _goes_on(self, fault: LlmFault) -> bool:
        """After the role and two pieces: what goes wrong in mid-answer."""
        if fault is LlmFault.STALL:
            await self._rest(self._habits.slow_s)
        elif fault is LlmFault.CUT_OFF:
            await self._writer.drain()
            self._writer.close()
            return False
        elif fault is LlmFault.NO_END:
            self._write(b"0\r\n\r\n")
            await self._writer.drain()
            return False
        elif fault is LlmFault.NOT_JSON:
            self._chunk(b"data: {not json\n\n")
        elif fault is LlmFault.ERROR_EVENT:
            self._event({"error": {"message": "emulated", "type": "server_error", "code": "emulated"}})
        return True

    async def _without_end(self, send: Callable[[], None]) -> None:
        while True:
            send()
            await self._rest(self._habits.trickle_s)

    async def _rest(self, seconds: float) -> None:
        """Wait, and see at once when the client leaves. Raises _ClientGoneError."""
        await self._writer.drain()
        gone = asyncio.ensure_future(self._reader.read(1))
        try:
            await asyncio.wait([gone], timeout=seconds)
            if gone.done() and (gone.exception() or gone.result() == b""):
                raise _ClientGoneError
        finally:
            gone.cancel()
            await asyncio.wait([gone])  # a reader has one waiter

    async def _refuse(self, status: int, why: str) -> bool:
        body = json.dumps({"error": {"message": why, "type": "emulated", "code": str(status)}}).encode()
        head = f"HTTP/1.1 {status} Emulated\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._write(head.encode() + body)
        await self._writer.drain()
        return True

    def _send(self, delta: dict[str, Any], finish: str | None = None) -> None:
        self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
        self._request.pieces_sent += 1

    def _event(self, event: dict[str, Any]) -> None:
        whole = {
            "id": f"chatcmpl-{len(self._emulator.requests)}",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self._request.body.get("model", ""),
            **event,
        }
        self._chunk(b"data: " + json.dumps(whole, ensure_ascii=False).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _write(self, data: bytes) -> None:
        if self._writer.is_closing():
            raise _ClientGoneError
        self._writer.write(data)


def _usage(body: dict[str, Any], answer: ScriptedAnswer) -> dict[str, int]:
    """Made up, and always the same for the same question: a token for four characters."""
    asked = len(json.dumps(body.get("messages", []), ensure_ascii=False)) // 4
    said = len(answer.text) // 4 + 8 * len(answer.tools) + 1
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
