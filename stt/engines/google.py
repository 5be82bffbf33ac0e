"""Google Cloud Speech v1 behind the two Protocols of stt/engines/base.py, with Google's own client.

Owns: configuration messages, response and error translation, one client per process and loop. Not: retry, batching,
turns. Options come as arguments. Sources: https://cloud.google.com/speech-to-text/docs/reference/rpc and the notes
beside each rule.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.speech_v1 import SpeechAsyncClient, SpeechClient
from google.cloud.speech_v1.services.speech.transports import SpeechGrpcAsyncIOTransport, SpeechGrpcTransport
from google.cloud.speech_v1.types import cloud_speech

from stt.attribution.alignment import timed_words
from stt.audio import SAMPLE_RATE_HZ
from stt.engines.base import EMULATOR, Deliver
from stt.engines.google_models import SttModel
from stt.events import EMULATOR_UNKNOWN, Final, Interim, RecognizerError, StreamClosed, StreamOpened, Word
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

Request = cloud_speech.StreamingRecognizeRequest.pb()
"""Plain protobuf inside of the client's messages: to make one costs half, to read one a ninth."""
Response = cloud_speech.StreamingRecognizeResponse.pb()
NOTHING_SAID = cloud_speech.SpeechRecognitionAlternative.pb()()
LONGEST_MESSAGE_BYTES = 8000
"""Google refuses stream messages beyond about 25 KB; 15 KB is called safe. One second of µ-law."""
STREAMS_A_CHANNEL = 90
"""Google's fronts take about 100 streams a connection; further ones hang without a word."""
LONGEST_QUEUE = 1500
"""Messages waiting for a stream that does not take them: two minutes at 80 ms. Beyond it the stream has failed."""
PERMANENT = {"INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "UNIMPLEMENTED"}
STATUS = {status.value[0]: status.name for status in grpc.StatusCode}
"""Names of the status codes that a google.rpc.Status holds."""
CLIENT_FAILED = "client_failed"
"""No client could be made. Google's library lets through what reading the credentials raises: IsADirectoryError,
PermissionError, AttributeError."""
ENGINE_ERROR = "engine_error"
"""Anything else that is no error of the service."""


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """Where Google is and what is asked of it."""

    endpoint: str = "speech.googleapis.com"
    emulator: str = ""
    """host:port of a plaintext gRPC emulator; then no credentials are looked up."""
    language: str = "iw-IL"
    punctuation: bool = False


class GoogleSpeech:
    """One process's access to Google: clients made lazily, one per event loop, and one for threads."""

    def __init__(self, options: GoogleOptions) -> None:
        self.options = options
        self.name = EMULATOR if options.emulator else "google"
        self._sync_client: SpeechClient | None = None
        self._channels: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Channel]] = (
            weakref.WeakKeyDictionary()
        )

    def open_stream(self, deliver: Deliver, *, model: SttModel, hints: Sequence[str] = ()) -> GoogleStream:
        """Begin a recognition stream. On the loop's thread; never blocks, failures are delivered as StreamClosed."""

        def config() -> cloud_speech.StreamingRecognitionConfig:
            return cloud_speech.StreamingRecognitionConfig(
                config=self._config(model, hints, cloud_speech.RecognitionConfig.AudioEncoding.MULAW),
                interim_results=True,
            )

        return GoogleStream(self._channel, config, deliver)

    def recognize(self, pcm: bytes, *, model: SttModel, timeout_ms: int, hints: Sequence[str] = ()) -> Final:
        """One-shot recognition of ≤ 60 s of 8 kHz PCM16. Blocking, on any thread. Raises RecognizerError."""
        with recognizer_errors():
            request = cloud_speech.RecognizeRequest(
                config=self._config(model, hints, cloud_speech.RecognitionConfig.AudioEncoding.LINEAR16),
                audio=cloud_speech.RecognitionAudio(content=pcm),
            )
            # The default retry would outlive the caller's deadline; asking again is the caller's decision.
            response = self._client().recognize(request=request, retry=None, timeout=timeout_ms / 1000)
            results = cloud_speech.RecognizeResponse.pb(response).results
            return Final(words=tuple(word for result in results for word in _words(_best(result))), end_ms=None)

    async def close(self) -> None:
        """Close this loop's channels and the threads' one."""
        for channel in self._channels.pop(asyncio.get_running_loop(), []):
            await channel.client.transport.close()
        if self._sync_client is not None:
            self._sync_client.transport.close()
            self._sync_client = None

    def _config(self, model: SttModel, hints: Sequence[str], encoding: int) -> cloud_speech.RecognitionConfig:
        return cloud_speech.RecognitionConfig(
            encoding=encoding,
            sample_rate_hertz=SAMPLE_RATE_HZ,
            language_code=self.options.language,
            model=model.name,
            use_enhanced=model.enhanced,
            enable_word_time_offsets=True,
            enable_automatic_punctuation=self.options.punctuation,
            speech_contexts=[cloud_speech.SpeechContext(phrases=list(hints))] if hints else [],
        )

    def _client(self) -> SpeechClient:
        if self._sync_client is None:
            with recognizer_errors(otherwise=CLIENT_FAILED):
                if self.options.emulator:
                    channel = grpc.insecure_channel(self.options.emulator)
                    self._sync_client = SpeechClient(transport=SpeechGrpcTransport(channel=channel))
                else:
                    self._sync_client = SpeechClient(client_options=ClientOptions(api_endpoint=self.options.endpoint))
        return self._sync_client

    def _channel(self) -> _Channel:
        """A channel of this loop with room for one more stream."""
        channels = self._channels.setdefault(asyncio.get_running_loop(), [])
        for channel in channels:
            if channel.streams < STREAMS_A_CHANNEL:
                return channel
        with recognizer_errors(otherwise=CLIENT_FAILED):
            channels.append(_Channel(self._async_client()))
        return channels[-1]

    def _async_client(self) -> SpeechAsyncClient:
        # Channels with the same arguments would share one connection, and its limit of streams.
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        if self.options.emulator:
            channel = grpc.aio.insecure_channel(self.options.emulator, options=own_connection)
        else:
            channel = SpeechGrpcAsyncIOTransport.create_channel(f"{self.options.endpoint}:443", options=own_connection)
        return SpeechAsyncClient(transport=SpeechGrpcAsyncIOTransport(channel=channel))


@dataclass(slots=True)
class _Channel:
    """One connection and how many streams are open on it."""

    client: SpeechAsyncClient
    streams: int = 0


class GoogleStream:
    """One StreamingRecognize call. Its task is owned here and ends with ``close`` or the stream."""

    def __init__(
        self,
        find_channel: Callable[[], _Channel],
        config: Callable[[], cloud_speech.StreamingRecognitionConfig],
        deliver: Deliver,
    ) -> None:
        self._config = config
        self._deliver = deliver
        self._audio: asyncio.Queue[bytes | None] = asyncio.Queue(LONGEST_QUEUE)
        self._over = False
        self._failed_request: RecognizerError | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(find_channel))

    def feed(self, ulaw: bytes) -> None:
        for start in range(0, len(ulaw), LONGEST_MESSAGE_BYTES):
            self._put(ulaw[start : start + LONGEST_MESSAGE_BYTES])

    def finish(self) -> None:
        self._put(None)

    def close(self) -> None:
        self._over = True
        self._task.cancel()

    def _put(self, item: bytes | None) -> None:
        if self._over:
            return
        try:
            self._audio.put_nowait(item)
        except asyncio.QueueFull:
            self._end(RecognizerError("stream_stuck", "the stream took no audio for two minutes"))
            self._task.cancel()

    async def _run(self, find_channel: Callable[[], _Channel]) -> None:
        error: RecognizerError | None = None
        channel: _Channel | None = None
        try:
            with recognizer_errors():
                channel = find_channel()
                channel.streams += 1
                # retry=None: the default would send a half-consumed request generator again.
                first = cloud_speech.StreamingRecognizeRequest(streaming_config=self._config())
                responses: Any = await channel.client.streaming_recognize(requests=self._requests(first), retry=None)
                try:
                    async for response in responses:
                        self._on_response(cloud_speech.StreamingRecognizeResponse.pb(response))
                finally:
                    responses.cancel()  # one that held an error is still open
        except asyncio.CancelledError:
            # Ours by close(); one that was not asked for is how grpc.aio reports a failing request generator.
            if self._over:
                raise
            error = self._failed_request or RecognizerError("stream_cancelled")
        except RecognizerError as problem:
            error = _without_frames(problem)
        finally:
            if channel is not None:
                channel.streams -= 1
        self._end(error)

    async def _requests(self, first: Any) -> AsyncIterator[cloud_speech.StreamingRecognizeRequest]:
        try:
            with recognizer_errors():
                yield first
                # The generator is asked again once the first request is written, and that needs a connection.
                if not self._over:
                    self._deliver(StreamOpened(0, 1))
                while (ulaw := await self._audio.get()) is not None:
                    yield cloud_speech.StreamingRecognizeRequest.wrap(Request(audio_content=ulaw))
        except RecognizerError as error:
            self._failed_request = _without_frames(error)
            raise

    def _on_response(self, response: Any) -> None:
        """``response``: a plain StreamingRecognizeResponse. Raises RecognizerError where it holds an error."""
        if self._over:
            return
        # One response may hold two interims, a stable head and an unstable tail: together they are the hypothesis.
        heads: list[str] = []
        end_ms: int | None = None
        stability = 1.0
        for result in response.results:
            best = _best(result)
            if result.is_final:
                confidence = best.confidence or None
                self._deliver(Final(tuple(_words(best)), _ms(result.result_end_time), confidence))
            else:
                heads += [word.text for word in _words(best)] if best.words else best.transcript.split()
                end_ms = _ms(result.result_end_time) or end_ms
                stability = min(stability, result.stability)
        if heads:
            self._deliver(Interim(tuple(heads), end_ms, stability))
        if response.error.code:
            raise coded(STATUS.get(response.error.code, "UNKNOWN"), response.error.message)

    def _end(self, error: RecognizerError | None) -> None:
        if not self._over:
            self._over = True
            self._deliver(StreamClosed(0, error))


@contextmanager
def recognizer_errors(otherwise: str = ENGINE_ERROR) -> Iterator[None]:
    """Turn whatever is raised inside into a RecognizerError; ``otherwise`` is the code of what is no service's error.

    The one wall around Google's library: what passed it would end a stream or a call's thread without a word.
    """
    try:
        yield
    except RecognizerError:
        raise
    except (GoogleAPICallError, RetryError, GoogleAuthError, grpc.RpcError) as error:
        raise translate(error) from error
    except Exception as error:
        metrics.ENGINE_ERRORS.labels(otherwise).inc()
        message = f"{type(error).__name__}: {error}"
        logger.error("[STT] %s: %s", otherwise, message, exc_info=otherwise == ENGINE_ERROR)
        raise RecognizerError(otherwise, message, permanent=otherwise == CLIENT_FAILED) from error


def translate(error: Exception) -> RecognizerError:
    """An error of Google's client as a stable code."""
    if isinstance(error, GoogleAuthError):
        return RecognizerError("unauthenticated", str(error), permanent=True)
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
        code = "audio_timeout" if "Audio Timeout" in message else "stream_expired"
        return RecognizerError(code, message)
    return RecognizerError(status.lower(), message, permanent=status in PERMANENT)


def _without_frames(error: RecognizerError) -> RecognizerError:
    """The same error as a value: a traceback would hold the stream's frames, and they it, until a collection."""
    return RecognizerError(error.code, error.message, permanent=error.permanent)


def _best(result: Any) -> Any:
    """The first alternative of a plain result that says anything; an empty one when none does."""
    return next((one for one in result.alternatives if one.words or one.transcript.strip()), NOTHING_SAID)


def _words(best: Any) -> list[Word]:
    """Words of a plain SpeechRecognitionAlternative, with their times where the engine gave them."""
    listed = [Word(info.word, _ms(info.start_time) or 0, _ms(info.end_time)) for info in best.words]
    return timed_words(best.transcript.split(), listed)


def _ms(time: Any) -> int | None:
    """A plain Duration in ms; a missing time is zero on the wire."""
    return time.seconds * 1000 + time.nanos // 1_000_000 or None
