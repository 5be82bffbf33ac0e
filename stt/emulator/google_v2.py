"""An emulator of Google Cloud Speech v2 over real gRPC: chirp_3's manners around the streams of stt/emulator/stream.py.
**It recognises no speech.**
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Any, NoReturn

import grpc
from google.cloud.location import locations_pb2
from google.cloud.speech_v2.types import cloud_speech, locations_metadata

from stt.audio import pcm_to_ulaw
from stt.emulator.grpc_serving import serving
from stt.emulator.recordings import Library
from stt.emulator.service import EXHAUSTED_TEXT, UNAVAILABLE_TEXT, UNKNOWN, EmulatorOptions
from stt.emulator.speaker import Said, Speaker
from stt.emulator.stream import EmulatedStream, FaultyResults, spoken_in
from stt.emulator.timing import Timing
from stt.emulator.traces import load_traces
from stt.emulator.vendor_faults import VendorFaults

StreamingRequest = cloud_speech.StreamingRecognizeRequest.pb()
StreamingResponse = cloud_speech.StreamingRecognizeResponse.pb()
RecognizeRequest = cloud_speech.RecognizeRequest.pb()
RecognizeResponse = cloud_speech.RecognizeResponse.pb()
LINEAR16 = cloud_speech.ExplicitDecodingConfig.AudioEncoding.LINEAR16
STREAM_S, IDLE_S = 300.0, 10.0
LONGEST_CHUNK_BYTES = 25_600
"""https://github.com/GoogleCloudPlatform/python-docs-samples/issues/12053"""
MODELS = {"eu": ("chirp_3",), "us": ("chirp_3",), "global": ()}
"""That hear iw-IL, by location, for ``GetLocation``."""
NOT_OVER_GRPC = ("half_json", "no_word_times")
"""Faults that it cannot have: its messages are not JSON, and its words never have times."""


class GoogleV2Emulator:
    """``async with GoogleV2Emulator(options) as emulator``: serves on ``emulator.address`` until left."""

    def __init__(self, options: EmulatorOptions, faults: VendorFaults | None = None) -> None:
        self.options = options
        self.faults = faults if faults is not None else VendorFaults()
        for name in NOT_OVER_GRPC:
            if getattr(self.faults, name):
                raise ValueError(f"unknown_fault: {name} (of Google's v2)")
        self.address = ""
        self.streams_opened = 0
        self.recognized = 0
        self.billed_s = 0
        self._library = Library(options.folders)
        self._traces = load_traces(options.trace_folders)
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> GoogleV2Emulator:
        speech = {
            "StreamingRecognize": grpc.stream_stream_rpc_method_handler(
                self._streaming_recognize, StreamingRequest.FromString, StreamingResponse.SerializeToString
            ),
            "Recognize": grpc.unary_unary_rpc_method_handler(
                self._recognize, RecognizeRequest.FromString, RecognizeResponse.SerializeToString
            ),
        }
        locations = {
            "GetLocation": grpc.unary_unary_rpc_method_handler(
                self._get_location,
                locations_pb2.GetLocationRequest.FromString,
                locations_pb2.Location.SerializeToString,
            )
        }
        services = {"google.cloud.speech.v2.Speech": speech, "google.cloud.location.Locations": locations}
        self._server, self.address = await serving(services, self.options.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            await self._server.stop(grace=0)

    async def _streaming_recognize(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        self.streams_opened += 1
        number = self.streams_opened
        faults = self.faults if not self.faults.hits or number <= self.faults.hits else VendorFaults()
        await _refuse(faults, context)
        await self._check_first(await anext(aiter(requests), None), context)
        random = Random(f"{self.options.seed}/{number}")  # noqa: S311
        stream = EmulatedStream(self._library, Speaker(self.options.timing, random), self._traces)
        delivery, began_s = FaultyResults(faults.of_results), time.monotonic()
        try:
            async for audio in _audio(requests, context, began_s):
                for said in delivery.due(stream.push(audio), time.monotonic() - began_s):
                    if not faults.silent:
                        yield _response(said)
                        if faults.broken_in_mid_word and said.spoken is None:
                            await _abort(context, grpc.StatusCode.INTERNAL, "Internal error encountered.")
        finally:
            self.billed_s += math.ceil(stream.heard_ms / 1000)
        if faults.silent:
            await asyncio.Event().wait()
        if faults.close_without_final:
            return
        await asyncio.sleep(stream.finish_after_ms() / 1000)
        results = delivery.due(stream.finish(), time.monotonic() - began_s)
        for said in results:
            yield _response(said)
        await asyncio.sleep(delivery.remaining_s(time.monotonic() - began_s))
        for said in delivery.due([], math.inf):
            yield _response(said)

    async def _check_first(self, first: Any, context: Any) -> None:
        if first is None or first.WhichOneof("streaming_request") != "streaming_config":
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "Request must start with a streaming_config.")
        routes = dict(context.invocation_metadata()).get("x-goog-request-params", "")
        if "recognizer=" not in routes:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "Invalid resource field value in the request.")
        await self._check(first.recognizer, first.streaming_config.config, context)

    async def _recognize(self, request: Any, context: Any) -> Any:
        self.recognized += 1
        if self.faults.hang_recognize:
            await asyncio.Event().wait()
        if self.faults.unavailable_recognize:
            await _abort(context, grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)
        await self._check(request.recognizer, request.config, context)
        ulaw = request.content
        if request.config.explicit_decoding_config.encoding == LINEAR16:
            ulaw = pcm_to_ulaw(ulaw)
        random = Random(f"{self.options.seed}/one-shot/{self.recognized}")  # noqa: S311
        await asyncio.sleep(random.uniform(*self.options.timing.recognize_ms) / 1000)
        self.billed_s += math.ceil(len(ulaw) / 8000)
        spoken = spoken_in(self._library, ulaw)
        if spoken is None:
            await _abort(context, grpc.StatusCode.FAILED_PRECONDITION, UNKNOWN)
        response = RecognizeResponse()
        if spoken:
            response.results.add().alternatives.add(transcript=" ".join(word.text for word in spoken))
        return response

    async def _get_location(self, request: Any, context: Any) -> Any:
        """Models by language, as https://cloud.google.com/speech-to-text/v2/docs/locations says it is asked."""
        place = request.name.rpartition("/")[2]
        if place not in MODELS:
            await _abort(
                context, grpc.StatusCode.NOT_FOUND, f"Location {place} is not found or access is unauthorized."
            )
        feature = locations_metadata.ModelFeature(feature="recognizer", release_state="PREVIEW")
        models = {name: locations_metadata.ModelFeatures(model_feature=[feature]) for name in MODELS[place]}
        languages = {"iw-IL": locations_metadata.ModelMetadata(model_features=models)} if models else {}
        known = locations_metadata.LocationsMetadata(languages=locations_metadata.LanguageMetadata(models=languages))
        location = locations_pb2.Location(name=request.name, location_id=place)
        location.metadata.Pack(locations_metadata.LocationsMetadata.pb(known))
        return location

    async def _check(self, recognizer: str, config: Any, context: Any) -> None:
        place = _location(recognizer)
        decoding, languages = config.explicit_decoding_config, list(config.language_codes)
        problem = ""
        if place is None:
            problem = "Invalid resource field value in the request."
        elif config.model not in MODELS.get(place, ()):
            problem = f'The model "{config.model}" does not exist in the location named "{place}".'
        elif languages != ["iw-IL"]:
            problem = f'The language "{",".join(languages)}" is not supported by the model "{config.model}".'
        elif (decoding.sample_rate_hertz, decoding.audio_channel_count) != (8000, 1):
            problem = "Audio encoding is not known to this emulator."
        if problem:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, problem)


def chirp_timing(base: Timing) -> Timing:
    """About 2.4 s to the final of a short utterance (https://github.com/livekit/agents/issues/4804) and few hypotheses;
    how few, and what a half-close gains, is assumed."""
    return replace(
        base,
        first_interim_ms=(900, 1500),
        interim_every_ms=(700, 1500),
        final_median_ms=2400.0,
        final_p95_ms=2900.0,
        final_p99_ms=3500.0,
        p_two_results=0.0,
    )


def _response(said: Said) -> Any:
    response = StreamingResponse()
    result = response.results.add(is_final=said.spoken is not None, language_code="iw-IL")
    result.alternatives.add(transcript=" ".join(said.words))
    result.result_end_offset.seconds, ms = divmod(said.end_ms, 1000)
    result.result_end_offset.nanos = ms * 1_000_000
    return response


async def _audio(requests: AsyncIterator[Any], context: Any, began_s: float) -> AsyncIterator[bytes]:
    """Audio until the half-close, within v2's limits."""
    messages = aiter(requests)
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                message = await anext(messages, None)
        except TimeoutError:
            text = "Stream timed out after receiving no more client requests."
            await _abort(context, grpc.StatusCode.ABORTED, text)
        if message is None:
            return
        if time.monotonic() - began_s > STREAM_S:
            await _abort(context, grpc.StatusCode.ABORTED, "Max duration of 5 minutes reached for stream.")
        if len(message.audio) > LONGEST_CHUNK_BYTES:
            text = f"Audio chunk can be of a maximum of {LONGEST_CHUNK_BYTES} bytes."
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, text)
        yield message.audio


async def _refuse(faults: VendorFaults, context: Any) -> None:
    if faults.unauthorized:
        text = "Request had invalid authentication credentials."
        await _abort(context, grpc.StatusCode.UNAUTHENTICATED, text)
    if faults.too_many:
        await _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED_TEXT)
    if faults.refused:
        await _abort(context, grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)


def _location(recognizer: str) -> str | None:
    """``eu`` of ``projects/p/locations/eu/recognizers/_``; None for any other path."""
    match recognizer.split("/"):
        case ["projects", _, "locations", place, "recognizers", "_"]:
            return place
    return None


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort always raises")
