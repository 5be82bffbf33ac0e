"""The gRPC service: Google's rules and refusals around the streams of stt/emulator/stream.py."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import grpc
from google.cloud.speech_v1.types import cloud_speech

from stt.audio import pcm_to_ulaw
from stt.emulator.grpc_serving import serving
from stt.emulator.recordings import Library
from stt.emulator.responses import RecognizeResponse, StreamingResponse, one_shot_response, streaming_response
from stt.emulator.speaker import Speaker
from stt.emulator.stream import EmulatedStream, FaultyResults, spoken_in
from stt.emulator.timing import UNKIND, Faults, Limits, Timing
from stt.emulator.traces import load_traces
from stt.events import EMULATOR_UNKNOWN

StreamingRequest = cloud_speech.StreamingRecognizeRequest.pb()
RecognizeRequest = cloud_speech.RecognizeRequest.pb()
MULAW = cloud_speech.RecognitionConfig.AudioEncoding.MULAW
LINEAR16 = cloud_speech.RecognitionConfig.AudioEncoding.LINEAR16
HEBREW = {"iw-IL", "he-IL"}
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE.value[0]
UNAVAILABLE_TEXT = "The service is currently unavailable."
EXHAUSTED_TEXT = "Resource has been exhausted (e.g. check quota)."
DENIED_TEXT = "Permission denied on resource project."
UNKNOWN = f"{EMULATOR_UNKNOWN}: this emulator recognises no speech, and knows no recording with this audio."
"""Refused, though a real engine would answer: so nobody takes it for a caller who said nothing."""
MODELS = {"default", "command_and_search", ""}


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    folders: Sequence[Path] = ()
    port: int = 0
    """0: any free one."""
    seed: int = 1
    timing: Timing = UNKIND
    limits: Limits = field(default_factory=Limits)
    trace_folders: Sequence[Path] = ()
    """Recordings with a trace here are answered as the real engine once answered them."""
    word_times: bool = True
    """Else it says of no word when it was spoken, whatever it is asked for: as many engines do."""


class SpeechEmulator:
    """``async with SpeechEmulator(options) as emulator``: serves on ``emulator.address`` until left."""

    def __init__(self, options: EmulatorOptions, faults: Faults | None = None) -> None:
        self.options = options
        self.faults = faults if faults is not None else Faults()
        self.address = ""
        self.streams_opened = 0
        self.recognized = 0
        self._denies = False
        """Nobody is served any more (``denied_after_s``)."""
        self.billed_s = 0
        """Audio of all streams and requests, each rounded up to a second, as Google bills it."""
        self._library = Library(options.folders)
        self._traces = load_traces(options.trace_folders)
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> SpeechEmulator:
        handlers = {
            "StreamingRecognize": grpc.stream_stream_rpc_method_handler(
                self.streaming_recognize, StreamingRequest.FromString, StreamingResponse.SerializeToString
            ),
            "Recognize": grpc.unary_unary_rpc_method_handler(
                self.recognize, RecognizeRequest.FromString, RecognizeResponse.SerializeToString
            ),
        }
        streams = ("grpc.max_concurrent_streams", self.options.limits.streams_a_connection)
        services = {"google.cloud.speech.v1.Speech": handlers}
        self._server, self.address = await serving(services, self.options.port, [streams])
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            await self._server.stop(grace=0)

    async def streaming_recognize(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """One recognition stream."""
        self.streams_opened += 1
        random = Random(f"{self.options.seed}/{self.streams_opened}")  # noqa: S311
        config = await self._opened(requests, context)
        faults = self.faults if not self.faults.hits or self.streams_opened <= self.faults.hits else Faults()
        stream, delivery = self._stream(random, faults), FaultyResults(faults)
        in_band = False
        started_s = time.monotonic()
        try:
            async for audio in self._audio(requests, context):
                age_s = time.monotonic() - started_s
                if faults.end_after_s and age_s >= faults.end_after_s:
                    return
                await self._fail_in_mid_stream(faults, age_s, context)
                if faults.error_in_band_after_s and age_s >= faults.error_in_band_after_s:
                    if not in_band:
                        in_band = True
                        yield StreamingResponse(error={"code": UNAVAILABLE, "message": UNAVAILABLE_TEXT})
                    continue
                results = stream.push(audio)
                if stream.heard_ms / 1000 > age_s + self.options.limits.ahead_s:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Audio is sent faster than real time.")
                for said in delivery.due(results, age_s):
                    yield streaming_response(said, config, faults)
        finally:
            self.billed_s += math.ceil(stream.heard_ms / 1000)
        if in_band:
            return
        await asyncio.sleep(stream.finish_after_ms() / 1000)
        for said in delivery.due(stream.finish(), time.monotonic() - started_s):
            yield streaming_response(said, config, faults)
        await asyncio.sleep(delivery.remaining_s(time.monotonic() - started_s))
        for said in delivery.due([], math.inf):
            yield streaming_response(said, config, faults)

    async def _opened(self, requests: AsyncIterator[Any], context: Any) -> Any:
        """The stream's RecognitionConfig, once the handshake has gone as its faults say."""
        if self.faults.handshake_ms:
            await asyncio.sleep(self.faults.handshake_ms / 1000)
        if self.faults.unavailable_opens > 0:
            self.faults.unavailable_opens -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)
        if self.faults.exhausted_opens > 0:
            self.faults.exhausted_opens -= 1
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED_TEXT)
        first: Any = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("streaming_request") != "streaming_config":
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                "Malformed orders. Request must start with a streaming_config.",
            )
        await self._check(first.streaming_config.config, context)
        return self._followed(first.streaming_config.config)

    def _stream(self, random: Random, faults: Faults) -> EmulatedStream:
        timing = self.options.timing
        if faults.half_close_ignored:
            timing = replace(timing, p_half_close_forces=0.0)
        if faults.half_close_loses_word:
            timing = replace(timing, p_forced_loses_word=1.0)
        return EmulatedStream(self._library, Speaker(timing, random, finals=not faults.no_finals), self._traces)

    async def _fail_in_mid_stream(self, faults: Faults, age_s: float, context: Any) -> None:
        limit_s = self.options.limits.longest_stream_s
        if age_s > limit_s:
            await context.abort(
                grpc.StatusCode.OUT_OF_RANGE,
                f"Exceeded maximum allowed stream duration of {limit_s:.0f} seconds.",
            )
        if faults.unavailable_after_s and age_s >= faults.unavailable_after_s:
            await context.abort(grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)
        if faults.denied_after_s and age_s >= faults.denied_after_s:
            self._denies = True
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, DENIED_TEXT)
        if faults.exhausted_after_s and age_s >= faults.exhausted_after_s:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED_TEXT)

    async def recognize(self, request: Any, context: Any) -> Any:
        """One-shot recognition."""
        self.recognized += 1
        if self.faults.hang_recognize:
            await asyncio.Event().wait()
        if self.faults.unavailable_recognize:
            await context.abort(grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)
        await self._check(request.config, context)
        ulaw = request.audio.content
        if request.config.encoding == LINEAR16:
            ulaw = pcm_to_ulaw(ulaw)
        if len(ulaw) > self.options.limits.longest_recognize_s * 8000:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                "Sync input too long. For audio longer than 1 min use LongRunningRecognize with a 'uri' parameter.",
            )
        random = Random(f"{self.options.seed}/one-shot/{self.recognized}")  # noqa: S311
        await asyncio.sleep(random.uniform(*self.options.timing.recognize_ms) / 1000)
        self.billed_s += math.ceil(len(ulaw) / 8000)
        words = spoken_in(self._library, ulaw)
        if words is None:
            await _abort(context, grpc.StatusCode.FAILED_PRECONDITION, UNKNOWN)
        return one_shot_response(words, self._followed(request.config), self.faults)

    def _followed(self, config: Any) -> Any:
        """What of a request's RecognitionConfig this engine does."""
        if not self.options.word_times:
            config.enable_word_time_offsets = False
        return config

    async def _check(self, config: Any, context: Any) -> None:
        if self._denies:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, DENIED_TEXT)
        problem = ""
        if config.model == "phone_call" and config.language_code in HEBREW:
            problem = f"The phone_call model is currently not supported for language : {config.language_code}"
        elif config.model not in MODELS:
            problem = f"Incorrect model specified: {config.model}."
        elif config.language_code not in HEBREW:
            problem = f"Language {config.language_code} is not known to this emulator."
        elif (hints := [text for one in config.speech_contexts for text in one.phrases]) and self._refuses(hints):
            problem = "Invalid recognition 'config': bad phrases in speech_contexts."
        elif config.encoding not in (MULAW, LINEAR16) or config.sample_rate_hertz != 8000:
            problem = "Invalid recognition 'config': bad encoding or sample rate."
        if problem:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)

    def _refuses(self, hints: Sequence[str]) -> bool:
        limits = self.options.limits
        return (
            self.faults.hints_refused
            or len(hints) > limits.phrases
            or max(map(len, hints)) > limits.phrase_characters
            or sum(map(len, hints)) > limits.phrases_characters
        )

    async def _audio(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[bytes]:
        """Audio messages until the half-close, each within Google's limits."""
        messages = aiter(requests)
        while True:
            try:
                async with asyncio.timeout(self.options.limits.audio_timeout_s):
                    message = await anext(messages, None)
            except TimeoutError:
                await _abort(
                    context,
                    grpc.StatusCode.OUT_OF_RANGE,
                    "Audio Timeout Error: Long duration elapsed without audio. Send audio close to real time.",
                )
            if message is None:
                return
            if len(message.audio_content) > self.options.limits.longest_message_bytes:
                await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "Audio chunk exceeds the message size limit.")
            yield message.audio_content


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort always raises")
