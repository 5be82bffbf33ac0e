"""Google Cloud Speech v2 as an Engine: chirp_3, with Google's own client. Never tried against the service.

https://cloud.google.com/speech-to-text/v2/docs/chirp_3-model. Of v1 (stt/engines/google.py) it differs so: a location
in every path, whose host must match; no word times while streaming; other statuses for what ends a stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.cloud.speech_v2 import SpeechClient
from google.cloud.speech_v2.services.speech.transports import SpeechGrpcAsyncIOTransport, SpeechGrpcTransport
from google.cloud.speech_v2.types import cloud_speech

from stt.engines import google_calls
from stt.engines.base import EMULATOR, Deliver, RecognitionOptions
from stt.engines.errors import recognizer_errors
from stt.engines.google_calls import GoogleConnections, duration_ms
from stt.engines.task_stream import TaskStream
from stt.engines.vendor_capabilities import GOOGLE_V2
from stt.events import Final, Interim, RecognizerError, Word

NAME, MODEL, DEFAULT_LOCATION = "google_v2", "chirp_3", "eu"
CAPABILITIES = GOOGLE_V2
HOST = "speech.googleapis.com"
METHOD = "/google.cloud.speech.v2.Speech/StreamingRecognize"
Request = cloud_speech.StreamingRecognizeRequest.pb()
Response = cloud_speech.StreamingRecognizeResponse.pb()
Encoding = cloud_speech.ExplicitDecodingConfig.AudioEncoding
STREAM_TIMEOUT_S = 330.0
"""The client has none of its own; a stream ends after 300 s."""


def google_v2_at(project: str, location: str = "", emulator: str = "") -> Callable[[str], GoogleSpeechV2]:
    """Makes a process's engines, each for an endpoint such as ``us-speech.googleapis.com``; "" is ``location``'s."""
    return lambda endpoint: GoogleSpeechV2(project, location_of(endpoint) or location or DEFAULT_LOCATION, emulator)


def location_of(endpoint: str) -> str:
    """``eu`` of ``eu-speech.googleapis.com``."""
    return endpoint.removesuffix(HOST).rstrip("-") if endpoint.endswith(f"-{HOST}") else ""


def translate(error: Exception) -> RecognizerError | None:
    """As v1, but for what v2 says otherwise."""
    known = google_calls.translate(error)
    if known is None:
        return None
    # https://github.com/GoogleCloudPlatform/python-docs-samples/issues/12053
    if known.code == "aborted" and "Max duration" in known.message:
        return RecognizerError("stream_expired", known.message)
    if known.code == "aborted" and "timed out" in known.message:  # https://github.com/pipecat-ai/pipecat/issues/2180
        return RecognizerError("audio_timeout", known.message)
    missing = ("does not exist in the location", "is not supported by the model")
    if known.code == "invalid_argument" and any(words in known.message for words in missing):
        return RecognizerError("model_not_supported", known.message, permanent=True)
    return known


class GoogleSpeechV2(GoogleConnections):
    """The Engine."""

    capabilities, model = CAPABILITIES, MODEL
    client_type, transport_type = SpeechClient, SpeechGrpcTransport
    aio_transport_type = SpeechGrpcAsyncIOTransport

    def __init__(self, project: str, location: str = DEFAULT_LOCATION, emulator: str = "") -> None:
        """``emulator``: see GoogleConnections."""
        super().__init__(HOST if location == "global" else f"{location}-{HOST}", emulator)
        self.name = f"{EMULATOR}:{NAME}" if emulator else NAME
        self.recognizer = f"projects/{project or EMULATOR}/locations/{location}/recognizers/_"

    def probe(self) -> None:
        self.recognize(google_calls.PROBE_PCM, RecognitionOptions(), google_calls.PROBE_TIMEOUT_MS)

    def open_stream(self, deliver: Deliver, options: RecognitionOptions) -> TaskStream:
        return TaskStream(lambda stream: self._converse(stream, options), deliver, CAPABILITIES, translate)

    @recognizer_errors(translate)
    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        config = self._config(options, Encoding.LINEAR16)
        request = cloud_speech.RecognizeRequest(recognizer=self.recognizer, config=config, content=pcm)
        response = self._client().recognize(request=request, retry=None, timeout=timeout_ms / 1000)
        results = cloud_speech.RecognizeResponse.pb(response).results
        return Final(tuple(Word(text) for result in results for text in _texts(result)), None)

    async def _converse(self, stream: TaskStream, options: RecognitionOptions) -> None:
        """One StreamingRecognize call."""
        features = cloud_speech.StreamingRecognitionFeatures(interim_results=True)
        config = cloud_speech.StreamingRecognitionConfig(
            config=self._config(options, Encoding.MULAW), streaming_features=features
        )
        first = Request(recognizer=self.recognizer, streaming_config=cloud_speech.StreamingRecognitionConfig.pb(config))
        # Which the client sets for requests, and not for streams; without it they go to no project.
        # https://github.com/googleapis/google-cloud-node/issues/8288
        route = [to_grpc_metadata((("recognizer", self.recognizer),))]  # type: ignore[no-untyped-call]

        def call(channel: grpc.aio.Channel, requests: AsyncIterator[Any]) -> Any:
            recognize = channel.stream_stream(METHOD, Request.SerializeToString, Response.FromString)
            return recognize(requests, timeout=STREAM_TIMEOUT_S, metadata=route)

        def audio(ulaw: bytes) -> Any:
            return Request(audio=ulaw)

        await google_calls.converse(stream, self._pool, call, first, audio, _deliver, translate)

    def _config(self, options: RecognitionOptions, encoding: int) -> cloud_speech.RecognitionConfig:
        decoding = cloud_speech.ExplicitDecodingConfig(encoding=encoding, sample_rate_hertz=8000, audio_channel_count=1)
        phrases = cloud_speech.PhraseSet(phrases=[{"value": hint} for hint in options.hints])
        hints = [cloud_speech.SpeechAdaptation.AdaptationPhraseSet(inline_phrase_set=phrases)] if options.hints else []
        return cloud_speech.RecognitionConfig(
            explicit_decoding_config=decoding,
            model=options.model or MODEL,
            language_codes=["iw-IL" if options.language == "he-IL" else options.language],
            features=cloud_speech.RecognitionFeatures(enable_automatic_punctuation=options.punctuation),
            adaptation=cloud_speech.SpeechAdaptation(phrase_sets=hints) if hints else None,
        )


def _deliver(stream: TaskStream, response: Any) -> None:
    """``response``: a plain StreamingRecognizeResponse; v2 has no errors within."""
    heads: list[str] = []
    end_ms: int | None = None
    for result in response.results:
        texts, ended_ms = _texts(result), duration_ms(result.result_end_offset)
        if result.is_final:
            stream.deliver(Final(tuple(map(Word, texts)), ended_ms))
        else:
            heads, end_ms = heads + texts, ended_ms or end_ms
    if heads:
        # Its stability was not seen to say anything: https://cloud.google.com/speech-to-text/v2/docs/chirp_3-model
        stream.deliver(Interim(tuple(heads), end_ms))


def _texts(result: Any) -> list[str]:
    """Words of the first alternative that has any; chirp_3 lists none with their times while streaming."""
    return next((one.transcript.split() for one in result.alternatives if one.transcript.strip()), [])
