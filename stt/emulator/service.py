"""The gRPC service: Google's messages, rules and refusals around stt/emulator/speaker.py."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import grpc
from google.cloud.speech_v1.types import cloud_speech

from stt.audio import FRAME_BYTES, pcm_to_ulaw
from stt.emulator.recordings import Library, Spoken, Tracker
from stt.emulator.speaker import Said, Speaker
from stt.emulator.timing import UNKIND, Faults, Limits, Timing
from stt.emulator.traces import Trace, TracePlayer, load_traces
from stt.events import EMULATOR_UNKNOWN

Request = cloud_speech.StreamingRecognizeRequest.pb()
Response = cloud_speech.StreamingRecognizeResponse.pb()
RecognizeRequest = cloud_speech.RecognizeRequest.pb()
RecognizeResponse = cloud_speech.RecognizeResponse.pb()
MULAW = cloud_speech.RecognitionConfig.AudioEncoding.MULAW
LINEAR16 = cloud_speech.RecognitionConfig.AudioEncoding.LINEAR16
HEBREW = {"iw-IL", "he-IL"}
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE.value[0]
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


class SpeechEmulator:
    """``async with SpeechEmulator(options) as emulator``: serves on ``emulator.address`` until left."""

    def __init__(self, options: EmulatorOptions, faults: Faults | None = None) -> None:
        self.options = options
        self.faults = faults if faults is not None else Faults()
        self.address = ""
        self.streams_opened = 0
        self.recognized = 0
        self.billed_s = 0
        """Audio of all streams and requests, each rounded up to a second, as Google bills it."""
        self._library = Library(options.folders)
        self._traces = load_traces(options.trace_folders)
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> SpeechEmulator:
        server = grpc.aio.server(
            options=[
                ("grpc.max_concurrent_streams", self.options.limits.streams_a_connection),
                ("grpc.so_reuseport", 0),
            ]
        )
        handlers = {
            "StreamingRecognize": grpc.stream_stream_rpc_method_handler(
                self.streaming_recognize, Request.FromString, Response.SerializeToString
            ),
            "Recognize": grpc.unary_unary_rpc_method_handler(
                self.recognize, RecognizeRequest.FromString, RecognizeResponse.SerializeToString
            ),
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.cloud.speech.v1.Speech", handlers),)
        )
        try:
            port = server.add_insecure_port(f"127.0.0.1:{self.options.port}")
        except RuntimeError as error:
            raise OSError(f"127.0.0.1:{self.options.port} cannot be listened on") from error
        await server.start()
        self._server, self.address = server, f"127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            await self._server.stop(grace=0)

    async def streaming_recognize(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """One recognition stream."""
        self.streams_opened += 1
        random = Random(f"{self.options.seed}/{self.streams_opened}")  # noqa: S311
        if self.faults.handshake_ms:
            await asyncio.sleep(self.faults.handshake_ms / 1000)
        if self.faults.unavailable_opens > 0:
            self.faults.unavailable_opens -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
        if self.faults.exhausted_opens > 0:
            self.faults.exhausted_opens -= 1
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Resource has been exhausted (e.g. check quota).")
        config = await self._configured(requests, context)
        faults = self.faults if not self.faults.hits or self.streams_opened <= self.faults.hits else Faults()
        timing = self.options.timing
        if faults.half_close_ignored:
            timing = replace(timing, p_half_close_forces=0.0)
        speaker = Speaker(timing, random, finals=not faults.no_finals)
        stream = EmulatedStream(self._library, speaker, self._traces)
        mouth = _Mouth(faults)
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
                        yield Response(error={"code": UNAVAILABLE, "message": "The service is currently unavailable."})
                    continue
                results = stream.push(audio)
                if stream.heard_ms / 1000 > age_s + self.options.limits.ahead_s:
                    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Audio is sent faster than real time.")
                for said in mouth.says(results, age_s):
                    yield _response(said, config, faults)
        finally:
            self.billed_s += math.ceil(stream.heard_ms / 1000)
        if in_band:
            return
        await asyncio.sleep(stream.finish_after_ms() / 1000)
        for said in mouth.says(stream.finish(), time.monotonic() - started_s):
            yield _response(said, config, faults)
        await asyncio.sleep(mouth.last_word_s(time.monotonic() - started_s))
        for said in mouth.says([], math.inf):
            yield _response(said, config, faults)

    async def _fail_in_mid_stream(self, faults: Faults, age_s: float, context: Any) -> None:
        limit_s = self.options.limits.longest_stream_s
        if age_s > limit_s:
            await context.abort(
                grpc.StatusCode.OUT_OF_RANGE,
                f"Exceeded maximum allowed stream duration of {limit_s:.0f} seconds.",
            )
        if faults.unavailable_after_s and age_s >= faults.unavailable_after_s:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
        if faults.exhausted_after_s and age_s >= faults.exhausted_after_s:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Resource has been exhausted (e.g. check quota).")

    async def recognize(self, request: Any, context: Any) -> Any:
        """One-shot recognition."""
        self.recognized += 1
        if self.faults.hang_recognize:
            await asyncio.Event().wait()
        if self.faults.unavailable_recognize:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
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
        tracker = Tracker(self._library)
        spoken: list[Spoken] = []
        for frame in _frames(ulaw):
            spoken += tracker.push(frame)
        if tracker.knows_nothing:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, UNKNOWN)
        words = tuple(word for word in spoken if word.start_ms + word.end_ms <= 2 * tracker.heard_ms)
        response = RecognizeResponse()
        if words:
            _say_final(response.results.add(), words, request.config, self.faults)
        return response

    async def _configured(self, requests: AsyncIterator[Any], context: Any) -> Any:
        first: Any = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("streaming_request") != "streaming_config":
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                "Malformed orders. Request must start with a streaming_config.",
            )
        await self._check(first.streaming_config.config, context)
        return first.streaming_config.config

    async def _check(self, config: Any, context: Any) -> None:
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


class _Mouth:
    """What a stream's faults make of its results: silence, delay, repetition."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._late: deque[tuple[float, Said]] = deque()
        self._last_word: Spoken | None = None

    def says(self, results: Iterable[Said], age_s: float) -> list[Said]:
        """What is really said at this age of the stream."""
        faults = self._faults
        now: list[Said] = []
        for said in results:
            if faults.deaf or (faults.deaf_after_s and age_s >= faults.deaf_after_s):
                continue
            if said.spoken is None:
                # What is said of the next segment comes behind the final of this one.
                self._late.append((self._late[-1][0] if self._late else age_s, said))
                continue
            said = self._with_repetition(said, said.spoken)
            for times in range(2 if faults.repeat_finals else 1):
                due_s = age_s + faults.late_finals_ms / 1000 + 0.3 * times
                self._late.append((due_s, said))
        while self._late and self._late[0][0] <= age_s:
            now.append(self._late.popleft()[1])
        return [replace(said, end_ms=0) for said in now] if faults.no_ends else now

    def last_word_s(self, age_s: float) -> float:
        """How long until everything is said."""
        return max(0.0, self._late[-1][0] - age_s) if self._late else 0.0

    def _with_repetition(self, said: Said, spoken: tuple[Spoken, ...]) -> Said:
        before, self._last_word = self._last_word, spoken[-1]
        if not self._faults.finals_repeat_words or before is None:
            return said
        again = (before, *spoken)
        return Said(tuple(word.text for word in again), said.end_ms, spoken=again)


class EmulatedStream:
    """Audio of one stream, as frames, through the tracker into the speaker. No sockets, no clock."""

    def __init__(self, library: Library, speaker: Speaker, traces: Mapping[str, Trace]) -> None:
        self._tracker = Tracker(library)
        self._speaker = speaker
        self._traces = traces
        self._player = TracePlayer()
        self._rest = b""

    @property
    def heard_ms(self) -> int:
        return self._tracker.heard_ms

    def push(self, ulaw: bytes) -> list[Said]:
        said: list[Said] = []
        ulaw = self._rest + ulaw
        for frame in _frames(ulaw):
            words = self._tracker.push(frame)
            if words:
                self._expect(words)
            said += self._player.hear(self._tracker.heard_ms)
            said += self._speaker.hear(self._tracker.heard_ms)
        self._rest = ulaw[len(ulaw) // FRAME_BYTES * FRAME_BYTES :]
        return said

    def finish_after_ms(self) -> float:
        """The stream is half-closed: how long until ``finish`` is to be called."""
        after_ms, forced = self._speaker.finish_after_ms(self._tracker.heard_ms)
        return after_ms if forced else max(after_ms, self._player.finish_after_ms(self._tracker.heard_ms))

    def finish(self) -> list[Said]:
        heard_ms = self._tracker.heard_ms
        return self._player.finish(heard_ms) + self._speaker.finish(heard_ms)

    def _expect(self, words: Sequence[Spoken]) -> None:
        begun = self._tracker.begun
        if begun is not None and (trace := self._traces.get(begun[0].name)) is not None:
            self._player.expect(trace, begun[1])
        else:
            self._speaker.expect(words)


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort always raises")


def _frames(ulaw: bytes) -> list[bytes]:
    return [ulaw[i : i + FRAME_BYTES] for i in range(0, len(ulaw) - FRAME_BYTES + 1, FRAME_BYTES)]


def _response(said: Said, config: Any, faults: Faults) -> Any:
    response = Response()
    if said.spoken is not None:
        result = response.results.add(is_final=True)
        _say_final(result, said.spoken, config, faults)
        _set_ms(result.result_end_time, said.end_ms)
        return response
    head = len(said.words) - said.tail
    for words, stability in ((said.words[:head], 0.9), (said.words[head:], 0.1)):
        if words:
            result = response.results.add(stability=stability)
            if faults.empty_alternatives:
                result.alternatives.add()
            if faults.no_transcripts:
                result.alternatives.add(words=[{"word": word} for word in words])
            else:
                result.alternatives.add(transcript=" ".join(words))
            _set_ms(result.result_end_time, said.end_ms)
    return response


def _say_final(result: Any, spoken: Sequence[Spoken], config: Any, faults: Faults) -> None:
    texts = [word.text for word in spoken]
    if config.enable_automatic_punctuation:
        texts[-1] += "."
    if faults.empty_alternatives:
        result.alternatives.add()
    best = result.alternatives.add(confidence=0.9)
    if not faults.no_transcripts:
        best.transcript = " ".join(texts)
    if config.enable_word_time_offsets:
        for entry in _listed([Spoken(t, w.start_ms, w.end_ms) for t, w in zip(texts, spoken, strict=True)], faults):
            info = best.words.add(word=entry.text)
            _set_ms(info.start_time, entry.start_ms)
            _set_ms(info.end_time, entry.end_ms)
    if faults.empty_alternatives:
        result.alternatives.add(transcript=" ".join(reversed(texts)), confidence=0.1)


def _listed(spoken: list[Spoken], faults: Faults) -> list[Spoken]:
    """The entries of a final's word list."""
    if faults.no_word_lists:
        return []
    if faults.short_word_lists:
        return spoken[: (len(spoken) + 1) // 2]
    if faults.gaps_in_word_lists:
        return [*spoken[:1], *spoken[1:][-1:]]
    if faults.joined_words:
        pairs = [spoken[i : i + 2] for i in range(0, len(spoken), 2)]
        return [Spoken(" ".join(w.text for w in pair), pair[0].start_ms, pair[-1].end_ms) for pair in pairs]
    return spoken


def _set_ms(duration: Any, ms: int) -> None:
    duration.seconds, duration.nanos = ms // 1000, ms % 1000 * 1_000_000
