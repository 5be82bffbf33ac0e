"""A vendor's WebSocket as the conversation of a stream: connect, send, keep alive, half-close, read, close.

Everything that vendors over WebSockets have in common. What is theirs alone is a SocketDialogue
(stt/engines/socket_dialogue.py), pure, so that any message in any order can be tried without a socket. Keys travel in
headers; none stands in a URL, a log line or the message of an error.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from stt.engines.base import StreamEvent
from stt.engines.socket_dialogue import SocketDialogue
from stt.engines.vendor_errors import error_of_close, error_of_status
from stt.events import RecognizerError, StreamOpened

CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 0.5
"""For the vendor's answer to our close; then the connection is dropped."""
LAST_WORD_TIMEOUT_S = 10.0
"""From the half-close to the vendor's last word. Renewal and hang-up wait less, and close."""
KEEP_ALIVE_S = 4.0
"""Deepgram asks for a KeepAlive every 3 to 5 s (https://developers.deepgram.com/docs/audio-keep-alive), Soniox at
least every 20 s (https://soniox.com/docs/stt/rt/connection-keepalive)."""
MAX_MESSAGE_BYTES = 1 << 20
MAX_UNSENT_BYTES = 1 << 15
"""Beyond it sending waits for the vendor, and audio for the stream's bounded queue (stt/engines/task_stream.py)."""
SILENT_LOG = logging.getLogger(f"{__name__}.connection")
"""The library's own log: at DEBUG it would write the headers, and the key in them."""
SILENT_LOG.setLevel(logging.INFO)


class ServedStream(Protocol):
    """What a conversation needs of a stream: TaskStream has it."""

    def audio(self) -> AsyncIterator[bytes]: ...

    def deliver(self, event: StreamEvent) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where a vendor listens."""

    url: str
    """Without a key: it may be logged."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """With the key."""

    def without_keys(self, text: str) -> str:
        """The text as it may be shown: vendors quote keys in their refusals."""
        for value in self.headers.values():
            for part in value.split():
                if len(part) > MIN_KEY_LETTERS:
                    text = text.replace(part, "…")
        return text


MIN_KEY_LETTERS = 6
"""A shorter part of a header is no key but a scheme, such as ``Token``."""


def translate(error: Exception) -> RecognizerError | None:
    """An error of the library, or of a message's shape, as a stable code; None where it is none of the service's."""
    match error:
        case InvalidStatus():
            body = (error.response.body or b"").decode("utf-8", "replace")
            return error_of_status(error.response.status_code, body)
        case ConnectionClosed():
            return error_of_close(error.rcvd.code, error.rcvd.reason) if error.rcvd else error_of_close(None)
        case msgspec.MsgspecError():
            return RecognizerError("malformed_answer", f"{type(error).__name__}: {error}")
        case OSError() | InvalidHandshake():  # a time-out of connecting is an OSError
            return RecognizerError("unavailable", f"{type(error).__name__}: {error}")
    return None


async def converse(stream: ServedStream, address: Address, dialogue: SocketDialogue) -> None:
    """A whole stream over a socket of its own, from StreamOpened to the last Final. Raises RecognizerError, and what
    ``translate`` knows."""
    try:
        async with _connect(address) as socket:
            try:
                await _talk(socket, stream, dialogue)
            except asyncio.CancelledError:
                socket.transport.abort()  # nobody waits for a farewell, and the loop may be at its end
                raise
    except ExceptionGroup as group:
        raise _shown(group.exceptions[0], address) from None
    except (RecognizerError, WebSocketException, OSError, msgspec.MsgspecError) as error:
        raise _shown(error, address) from None


def _shown(error: Exception, address: Address) -> Exception:
    """The error without keys; one that nobody knows stays as it is, with its traceback."""
    known = error if isinstance(error, RecognizerError) else translate(error)
    if known is None:
        return error
    return RecognizerError(known.code, address.without_keys(known.message), permanent=known.permanent)


class _connect(connect):  # noqa: N801 - a verb, as the library's own
    """A connection to the vendor, and to nobody else: a redirect would take the key along."""

    def __init__(self, address: Address) -> None:
        super().__init__(
            address.url,
            additional_headers=address.headers,
            compression=None,  # µ-law does not shrink
            proxy=None if address.url.startswith("ws://") else True,  # an emulator is here
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=MAX_MESSAGE_BYTES,
            write_limit=MAX_UNSENT_BYTES,
            logger=SILENT_LOG,
        )

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _talk(socket: ClientConnection, stream: ServedStream, dialogue: SocketDialogue) -> None:
    loop = asyncio.get_running_loop()
    sent_s = loop.time()

    async def send(messages: Iterable[str | bytes]) -> None:
        nonlocal sent_s
        for message in messages:
            await socket.send(message)
        sent_s = loop.time()

    async def speak() -> None:
        try:
            async for ulaw in stream.audio():
                await send([dialogue.audio(ulaw)])
            last_word.reschedule(loop.time() + LAST_WORD_TIMEOUT_S)
            dialogue.half_closed = True
            await send(dialogue.ending())
        except ConnectionClosed:
            pass  # whoever reads is told, with what came before

    async def keep_alive() -> None:
        try:
            while dialogue.keep_alive:
                await asyncio.sleep(sent_s + KEEP_ALIVE_S - loop.time())
                if loop.time() - sent_s >= KEEP_ALIVE_S:
                    await send([dialogue.keep_alive])
        except ConnectionClosed:
            pass

    await send(dialogue.opening())
    stream.deliver(StreamOpened(0, 1))
    async with asyncio.TaskGroup() as beside:
        try:
            async with asyncio.timeout(None) as last_word:
                tasks = beside.create_task(speak()), beside.create_task(keep_alive())
                await _listen(socket, stream, dialogue, last_word)
        except TimeoutError:
            if not dialogue.done:
                raise RecognizerError("deadline_exceeded", "no last word after the half-close") from None
        for task in tasks:
            task.cancel()


async def _listen(
    socket: ClientConnection, stream: ServedStream, dialogue: SocketDialogue, until: asyncio.Timeout
) -> None:
    lingering = False
    async for message in socket:
        for result in dialogue.heard(message):
            stream.deliver(result)
        if dialogue.done and not dialogue.linger_s:
            return
        if dialogue.done and not lingering:
            lingering = True
            until.reschedule(asyncio.get_running_loop().time() + dialogue.linger_s)
    if not dialogue.done:
        raise RecognizerError("stream_cut", "closed before its last word")
