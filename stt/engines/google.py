"""Google Cloud Speech v1 as an Engine (stt/engines/base.py), with Google's own client.

Owns: configuration messages, responses, the choice of model; the rest is in stt/engines/google_calls.py.
Sources: https://cloud.google.com/speech-to-text/docs/reference/rpc and the notes beside each rule.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.cloud.speech_v1 import SpeechClient
from google.cloud.speech_v1.services.speech.transports import SpeechGrpcAsyncIOTransport, SpeechGrpcTransport
from google.cloud.speech_v1.types import cloud_speech

from stt.audio import SAMPLE_RATE_HZ
from stt.engines.base import EMULATOR, Deliver, RecognitionOptions
from stt.engines.errors import recognizer_errors
from stt.engines.google_calls import (
    PROBE_PCM,
    PROBE_TIMEOUT_MS,
    GoogleConnections,
    coded,
    converse,
    duration_ms,
    translate,
)
from stt.engines.google_models import CAPABILITIES, DEFAULT, HOST, NAME, choose_stt_model, v1_endpoint
from stt.engines.task_stream import TaskStream
from stt.events import Final, Interim, Word
from stt.word_times import timed_words

METHOD = "/google.cloud.speech.v1.Speech/StreamingRecognize"
Request = cloud_speech.StreamingRecognizeRequest.pb()
Response = cloud_speech.StreamingRecognizeResponse.pb()
"""A stream's messages as plain protobuf, written and read past the client: each costs less than half."""
NOTHING_SAID = cloud_speech.SpeechRecognitionAlternative.pb()()
MULAW = cloud_speech.RecognitionConfig.AudioEncoding.MULAW
LINEAR16 = cloud_speech.RecognitionConfig.AudioEncoding.LINEAR16
STATUS = {status.value[0]: status.name for status in grpc.StatusCode}
"""Names of the status codes that a google.rpc.Status holds."""


@dataclass(slots=True)
class ChosenModel:
    """The model of requests that name none: one choice for all endpoints of a process."""

    name: str = DEFAULT


def google_at(configured: str, emulator: str) -> Callable[[str], GoogleSpeech]:
    """Makes a process's engines, each for an endpoint; "" is the ``configured`` one. See GoogleSpeech."""
    chosen = ChosenModel()
    return lambda endpoint: GoogleSpeech(v1_endpoint(endpoint or configured), emulator=emulator, chosen=chosen)


class GoogleSpeech(GoogleConnections):
    """The Engine."""

    capabilities = CAPABILITIES
    client_type, transport_type = SpeechClient, SpeechGrpcTransport
    aio_transport_type = SpeechGrpcAsyncIOTransport

    def __init__(self, host: str = HOST, *, emulator: str = "", chosen: ChosenModel | None = None) -> None:
        """``emulator``: host:port of a plaintext gRPC emulator; then no credentials are looked up."""
        self.name = EMULATOR if emulator else NAME
        super().__init__(host, emulator)
        self._chosen = chosen or ChosenModel()

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

    async def _converse(self, stream: TaskStream, options: RecognitionOptions) -> None:
        """One StreamingRecognize call."""
        config = cloud_speech.StreamingRecognitionConfig(config=self._config(options, MULAW), interim_results=True)
        first = Request(streaming_config=cloud_speech.StreamingRecognitionConfig.pb(config))

        def call(channel: grpc.aio.Channel, requests: AsyncIterator[Any]) -> Any:
            return channel.stream_stream(METHOD, Request.SerializeToString, Response.FromString)(requests)

        def audio(ulaw: bytes) -> Any:
            return Request(audio_content=ulaw)

        await converse(stream, self._pool, call, first, audio, _deliver)

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


def _deliver(stream: TaskStream, response: Any) -> None:
    """``response``: a plain StreamingRecognizeResponse. Raises RecognizerError where it holds an error."""
    # One response may hold two interims, a stable head and an unstable tail: together they are the hypothesis.
    heads: list[str] = []
    end_ms: int | None = None
    stability = 1.0
    for result in response.results:
        best = _best(result)
        if result.is_final:
            stream.deliver(Final(tuple(_words(best)), duration_ms(result.result_end_time), best.confidence or None))
        else:
            heads += [word.text for word in _words(best)] if best.words else best.transcript.split()
            end_ms = duration_ms(result.result_end_time) or end_ms
            stability = min(stability, result.stability)
    if heads:
        stream.deliver(Interim(tuple(heads), end_ms, stability))
    if response.error.code:
        raise coded(STATUS.get(response.error.code, "UNKNOWN"), response.error.message)


def _best(result: Any) -> Any:
    """The first alternative of a plain result that says anything; an empty one when none does."""
    return next((one for one in result.alternatives if one.words or one.transcript.strip()), NOTHING_SAID)


def _words(best: Any) -> list[Word]:
    """Words of a plain SpeechRecognitionAlternative, with their times where the engine gave them."""
    listed = [Word(info.word, duration_ms(info.start_time) or 0, duration_ms(info.end_time)) for info in best.words]
    return timed_words(best.transcript.split(), listed)
