"""What both versions of Google's Speech API share: its errors, its connections, and one StreamingRecognize call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError

from stt.engines.errors import CLIENT_FAILED, Translate, recognizer_errors, without_traceback
from stt.engines.task_stream import TaskStream
from stt.events import EMULATOR_UNKNOWN, RecognizerError, StreamOpened
from voiceapp.runtime.client_pool import ClientPool

MAX_STREAMS_PER_CONNECTION = 90
"""Google's fronts take about 100; further ones hang without a word."""
PROBE_PCM, PROBE_TIMEOUT_MS = bytes(8000), 5000
"""Half a second of silence."""
PERMANENT = {"INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "UNIMPLEMENTED"}


def translate(error: Exception) -> RecognizerError | None:
    """An error of Google's client as a stable code; None where it is no error of the service."""
    if isinstance(error, GoogleAuthError):
        return RecognizerError("unauthenticated", str(error), permanent=True)
    if not isinstance(error, GoogleAPICallError | RetryError | grpc.RpcError):
        return None
    status = getattr(error, "grpc_status_code", None)
    if status is None and isinstance(error, grpc.RpcError):
        status = error.code() if callable(getattr(error, "code", None)) else None
    return coded(status.name if status is not None else "UNKNOWN", str(error))


def coded(status: str, message: str) -> RecognizerError:
    """The name of a gRPC status as a stable code: in lower case, or what the message makes plain."""
    if status == "FAILED_PRECONDITION" and EMULATOR_UNKNOWN in message:
        return RecognizerError(EMULATOR_UNKNOWN, message, permanent=True)
    if status == "INVALID_ARGUMENT" and "not supported for language" in message:
        return RecognizerError("model_not_supported", message, permanent=True)
    if status == "OUT_OF_RANGE":
        return RecognizerError("audio_timeout" if "Audio Timeout" in message else "stream_expired", message)
    return RecognizerError(status.lower(), message, permanent=status in PERMANENT)


class GoogleConnections:
    """Made lazily: of streams by event loop, and a client for threads. A version's engine inherits it."""

    client_type: Any
    transport_type: Any
    aio_transport_type: Any

    def __init__(self, host: str, emulator: str) -> None:
        """``emulator``: host:port of a plaintext gRPC emulator; then no credentials are looked up."""
        self.host = host
        self._emulator = emulator
        self._pool = ClientPool(self._channel, MAX_STREAMS_PER_CONNECTION)
        self._sync_client: Any = None

    async def close(self) -> None:
        for channel in self._pool.take_all():
            await channel.close()
        if self._sync_client is not None:
            self._sync_client.transport.close()
            self._sync_client = None

    @property
    def client(self) -> Any:
        """For threads. Raises RecognizerError."""
        return self._client()

    @recognizer_errors(translate, CLIENT_FAILED)
    def _client(self) -> Any:
        if self._sync_client is None and self._emulator:
            channel = grpc.insecure_channel(self._emulator)
            self._sync_client = self.client_type(transport=self.transport_type(channel=channel))
        elif self._sync_client is None:
            self._sync_client = self.client_type(client_options=ClientOptions(api_endpoint=self.host))
        return self._sync_client

    @recognizer_errors(translate, CLIENT_FAILED)
    def _channel(self) -> grpc.aio.Channel:
        # Channels with the same arguments would share one connection, and its limit of streams.
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        if self._emulator:
            return grpc.aio.insecure_channel(self._emulator, options=own_connection)
        return self.aio_transport_type.create_channel(f"{self.host}:443", options=own_connection)


Call = Callable[[grpc.aio.Channel, AsyncIterator[Any]], Any]
"""Begins the call with these requests; its responses can be iterated and cancelled."""


async def converse(
    stream: TaskStream,
    pool: ClientPool[grpc.aio.Channel],
    call: Call,
    first: Any,
    request: Callable[[bytes], Any],
    deliver: Callable[[TaskStream, Any], None],
    translate: Translate = translate,
) -> None:
    """One StreamingRecognize call.

    ``first``: the request with the configuration. ``request``: makes one of audio. ``deliver``: says what a response
    holds, and raises RecognizerError where that is an error.
    """
    failed: list[RecognizerError] = []

    async def requests() -> AsyncIterator[Any]:
        try:
            with recognizer_errors(translate):
                yield first
                # The generator is asked again once the first request is written, and that needs a connection.
                stream.deliver(StreamOpened(0, 1))
                async for ulaw in stream.audio():
                    yield request(ulaw)
        except RecognizerError as error:
            failed.append(without_traceback(error))
            raise

    try:
        with pool.client() as channel:
            responses = call(channel, requests())
            try:
                async for response in responses:
                    deliver(stream, response)
            finally:
                responses.cancel()  # one that held an error is still open
    except asyncio.CancelledError:
        # By close(), or how grpc.aio reports a failing request generator.
        if failed:
            raise without_traceback(failed[0]) from None
        raise


def duration_ms(time: Any) -> int | None:
    """A plain Duration in ms; a missing time is zero on the wire."""
    return time.seconds * 1000 + time.nanos // 1_000_000 or None
