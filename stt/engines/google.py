"""Google Cloud Speech v1 as an Engine (stt/engines/base.py), with Google's own client.

Owns: configuration messages, response and error translation, clients and their credentials, the choice of model.
Sources: https://cloud.google.com/speech-to-text/docs/reference/rpc and the notes beside each rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.speech_v1 import SpeechClient
from google.cloud.speech_v1.services.speech.transports import SpeechGrpcAsyncIOTransport, SpeechGrpcTransport
from google.cloud.speech_v1.types import cloud_speech

from stt.attribution.alignment import timed_words
from stt.audio import SAMPLE_RATE_HZ
from stt.engines.base import EMULATOR, Deliver, RecognitionOptions
from stt.engines.client_pool import ClientPool
from stt.engines.errors import CLIENT_FAILED, recognizer_errors, without_traceback
from stt.engines.google_models import CAPABILITIES, DEFAULT, HOST, NAME, choose_stt_model, v1_endpoint
from stt.engines.task_stream import TaskStream
from stt.events import EMULATOR_UNKNOWN, Final, Interim, RecognizerError, StreamOpened, Word

METHOD = "/google.cloud.speech.v1.Speech/StreamingRecognize"
Request = cloud_speech.StreamingRecognizeRequest.pb()
Response = cloud_speech.StreamingRecognizeResponse.pb()
"""A stream's messages as plain protobuf, written and read past the client: each costs less than half."""
NOTHING_SAID = cloud_speech.SpeechRecognitionAlternative.pb()()
MULAW = cloud_speech.RecognitionConfig.AudioEncoding.MULAW
LINEAR16 = cloud_speech.RecognitionConfig.AudioEncoding.LINEAR16
MAX_STREAMS_PER_CONNECTION = 90
"""Google's fronts take about 100; further ones hang without a word."""
PROBE_PCM, PROBE_TIMEOUT_MS = bytes(8000), 5000
"""Half a second of silence."""
PERMANENT = {"INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "UNIMPLEMENTED"}
STATUS = {status.value[0]: status.name for status in grpc.StatusCode}
"""Names of the status codes that a google.rpc.Status holds."""


def translate(error: Exception) -> RecognizerError | None:
    """An error of Google's client as a stable code; None where it is no error of the service."""
    if isinstance(error, GoogleAuthError):
        return RecognizerError("unauthenticated", str(error), permanent=True)
    if not isinstance(error, GoogleAPICallError | RetryError | grpc.RpcError):
        return None
    status = getattr(error, "grpc_status_code", None)
    if status is None and isinstance(error, grpc.RpcError):
        status = error.code() if callable(getattr(error, "code", None)) else None
    return _coded(status.name if status is not None else "UNKNOWN", str(error))


def _coded(status: str, message: str) -> RecognizerError:
    """The name of a gRPC status as a stable code: in lower case, or what the message makes plain."""
    if status == "FAILED_PRECONDITION" and EMULATOR_UNKNOWN in message:
        return RecognizerError(EMULATOR_UNKNOWN, message, permanent=True)
    if status == "INVALID_ARGUMENT" and "not supported for language" in message:
        return RecognizerError("model_not_supported", message, permanent=True)
    if status == "OUT_OF_RANGE":
        return RecognizerError("audio_timeout" if "Audio Timeout" in message else "stream_expired", message)
    return RecognizerError(status.lower(), message, permanent=status in PERMANENT)


@dataclass(slots=True)
class ChosenModel:
    """The model of requests that name none: one choice for all endpoints of a process."""

    name: str = DEFAULT


def google_at(configured: str, emulator: str) -> Callable[[str], GoogleSpeech]:
    """Makes a process's engines, each for an endpoint; "" is the ``configured`` one. See GoogleSpeech."""
    chosen = ChosenModel()
    return lambda endpoint: GoogleSpeech(v1_endpoint(endpoint or configured), emulator=emulator, chosen=chosen)


class GoogleSpeech:
    """The Engine: connections made lazily, of streams by event loop, and a client for threads."""

    capabilities = CAPABILITIES

    def __init__(self, host: str = HOST, *, emulator: str = "", chosen: ChosenModel | None = None) -> None:
        """``emulator``: host:port of a plaintext gRPC emulator; then no credentials are looked up."""
        self.name = EMULATOR if emulator else NAME
        self._host = host
        self._emulator = emulator
        self._chosen = chosen or ChosenModel()
        self._pool = ClientPool(self._channel, MAX_STREAMS_PER_CONNECTION)
        self._sync_client: SpeechClient | None = None

    @property
    def model(self) -> str:
        return self._chosen.name

    def probe(self) -> None:
        self._chosen.name, error = choose_stt_model(
            lambda model: self.recognize(PROBE_PCM, RecognitionOptions(model=model), PROBE_TIMEOUT_MS)
        )
        if error is not None:
            raise error

    def open_stream(self, deliver: Deliver, options: RecognitionOptions) -> TaskStream:
        return TaskStream(lambda stream: self._converse(stream, options), deliver, CAPABILITIES, translate)

    @recognizer_errors(translate)
    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        audio = cloud_speech.RecognitionAudio(content=pcm)
        request = cloud_speech.RecognizeRequest(config=self._config(options, LINEAR16), audio=audio)
        # The default retry would outlive the caller's deadline.
        response = self._client().recognize(request=request, retry=None, timeout=timeout_ms / 1000)
        results = cloud_speech.RecognizeResponse.pb(response).results
        return Final(words=tuple(word for result in results for word in _words(_best(result))), end_ms=None)

    async def close(self) -> None:
        for channel in self._pool.take_all():
            await channel.close()
        if self._sync_client is not None:
            self._sync_client.transport.close()  # type: ignore[no-untyped-call]
            self._sync_client = None

    async def _converse(self, stream: TaskStream, options: RecognitionOptions) -> None:
        """One StreamingRecognize call."""
        first = cloud_speech.StreamingRecognitionConfig(config=self._config(options, MULAW), interim_results=True)
        failed: list[RecognizerError] = []

        async def requests() -> AsyncIterator[Any]:
            try:
                with recognizer_errors(translate):
                    yield Request(streaming_config=cloud_speech.StreamingRecognitionConfig.pb(first))
                    # The generator is asked again once the first request is written, and that needs a connection.
                    stream.deliver(StreamOpened(0, 1))
                    async for ulaw in stream.audio():
                        yield Request(audio_content=ulaw)
            except RecognizerError as error:
                failed.append(without_traceback(error))
                raise

        try:
            with self._pool.client() as channel:
                recognize = channel.stream_stream(METHOD, Request.SerializeToString, Response.FromString)
                responses = recognize(requests())
                try:
                    async for response in responses:
                        _deliver(stream, response)
                finally:
                    responses.cancel()  # one that held an error is still open
        except asyncio.CancelledError:
            # By close(), or how grpc.aio reports a failing request generator.
            if failed:
                raise without_traceback(failed[0]) from None
            raise

    def _config(self, options: RecognitionOptions, encoding: int) -> cloud_speech.RecognitionConfig:
        return cloud_speech.RecognitionConfig(
            encoding=encoding,
            sample_rate_hertz=SAMPLE_RATE_HZ,
            language_code=options.language,
            model=options.model or self._chosen.name,
            use_enhanced=True,
            enable_word_time_offsets=True,
            enable_automatic_punctuation=options.punctuation,
            speech_contexts=[cloud_speech.SpeechContext(phrases=list(options.hints))] if options.hints else [],
        )

    @recognizer_errors(translate, CLIENT_FAILED)
    def _client(self) -> SpeechClient:
        if self._sync_client is None and self._emulator:
            channel = grpc.insecure_channel(self._emulator)
            self._sync_client = SpeechClient(transport=SpeechGrpcTransport(channel=channel))
        elif self._sync_client is None:
            self._sync_client = SpeechClient(client_options=ClientOptions(api_endpoint=self._host))
        return self._sync_client

    @recognizer_errors(translate, CLIENT_FAILED)
    def _channel(self) -> grpc.aio.Channel:
        # Channels with the same arguments would share one connection, and its limit of streams.
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        if self._emulator:
            return grpc.aio.insecure_channel(self._emulator, options=own_connection)
        return SpeechGrpcAsyncIOTransport.create_channel(f"{self._host}:443", options=own_connection)


def _deliver(stream: TaskStream, response: Any) -> None:
    """``response``: a plain StreamingRecognizeResponse. Raises RecognizerError where it holds an error."""
    # One response may hold two interims, a stable head and an unstable tail: together they are the hypothesis.
    heads: list[str] = []
    end_ms: int | None = None
    stability = 1.0
    for result in response.results:
        best = _best(result)
        if result.is_final:
            stream.deliver(Final(tuple(_words(best)), _ms(result.result_end_time), best.confidence or None))
        else:
            heads += [word.text for word in _words(best)] if best.words else best.transcript.split()
            end_ms = _ms(result.result_end_time) or end_ms
            stability = min(stability, result.stability)
    if heads:
        stream.deliver(Interim(tuple(heads), end_ms, stability))
    if response.error.code:
        raise _coded(STATUS.get(response.error.code, "UNKNOWN"), response.error.message)


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
