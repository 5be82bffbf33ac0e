"""A stand-in for Google Text-to-Speech v1 over real gRPC: its rules and refusals, and faults as switches.

It synthesises tones, or espeak-ng's speech: what is measured against it is *emulated*.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NoReturn

import grpc
from google.cloud.texttospeech_v1.types import cloud_tts

from calls.lab.emulator.sound import ToneSound
from stt.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, ulaw_to_pcm
from stt.emulator.switches import Switches

StreamingRequest = cloud_tts.StreamingSynthesizeRequest.pb()
StreamingResponse = cloud_tts.StreamingSynthesizeResponse.pb()
SynthesizeRequest = cloud_tts.SynthesizeSpeechRequest.pb()
SynthesizeResponse = cloud_tts.SynthesizeSpeechResponse.pb()
MULAW, LINEAR16, PCM = (int(getattr(cloud_tts.AudioEncoding, name)) for name in ("MULAW", "LINEAR16", "PCM"))
STREAMING_VOICES = "he-IL-Chirp3-HD-"
MOST_BYTES = 5000
"""Of a request's text (https://cloud.google.com/text-to-speech/quotas)."""
EXHAUSTED_TEXT = "Resource has been exhausted (e.g. check quota)."
UNAVAILABLE_TEXT = "The service is currently unavailable."
IDLE_TEXT = "Stream aborted due to long duration elapsed without input sent."


@dataclass(frozen=True, slots=True)
class TtsOptions:
    port: int = 0
    """0: any free one."""
    seed: int = 1
    first_chunk_ms: int = 200
    """From the text to the first sound. Assumed, not measured."""
    speed: float = 10.0
    """How many times faster than it is spoken the rest is synthesised. Assumed."""
    chunk_ms: int = 100
    """Sound of one response."""
    idle_limit_s: float = 5.0
    """A stream without input for so long is aborted (livekit/agents#2406)."""
    streams_a_connection: int = 100
    sound: Callable[[str], Awaitable[bytes]] = field(default_factory=ToneSound)
    """8 kHz µ-law of a text."""


@dataclass(slots=True)
class TtsFaults(Switches):
    """What goes wrong on purpose. Counters are used up; 0 is never."""

    hits: int = 0
    """Only the first so many requests have the faults below that are no counters; 0: all of them."""
    exhausted: int = 0
    """So many further requests fail with RESOURCE_EXHAUSTED."""
    unavailable: int = 0
    """So many further requests fail with UNAVAILABLE."""
    late_ms: int = 0
    """The first sound is so much later."""
    empty: bool = False
    """A normal end, without sound."""
    cut_off_ms: int = 0
    """UNAVAILABLE after so much sound of a text."""
    exhausted_after_ms: int = 0
    """RESOURCE_EXHAUSTED after so much sound of a text."""
    stall_ms: int = 0
    """Nothing comes any more after so much sound of a text, and no end."""
    idle_abort_s: float = 0.0
    """A stream without input is aborted after this instead of 5 s."""
    odd_chunks: bool = False
    """Responses of any length, some of one byte, some empty."""
    no_wav_header: bool = False
    """Unary µ-law comes bare, as the documentation of other encodings says."""
    odd_wav_header: bool = False
    """With chunks before the sound, and without its length."""


class TtsEmulator:
    """``async with TtsEmulator(options) as emulator``: serves on ``emulator.address`` until left."""

    def __init__(self, options: TtsOptions | None = None, faults: TtsFaults | None = None) -> None:
        self.options = options if options is not None else TtsOptions()
        self.faults = faults if faults is not None else TtsFaults()
        self.faults_of: dict[str, TtsFaults] = {}
        """By the voice's name; the others have ``faults``."""
        self.address = ""
        self.requests = 0
        """Streams, and texts synthesised at once."""
        self.open = 0
        """Of them, those that go on."""
        self.cancelled = 0
        """Those that their client gave up."""
        self.given_up_at_s: float | None = None
        """Loop time at which the last of them was seen to be."""
        self.given_up = asyncio.Event()
        self.characters = 0
        """As Google would charge them."""
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> TtsEmulator:
        server = grpc.aio.server(
            options=[
                ("grpc.max_concurrent_streams", self.options.streams_a_connection),
                ("grpc.so_reuseport", 0),
            ]
        )
        handlers = {
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(
                self.streaming_synthesize, StreamingRequest.FromString, StreamingResponse.SerializeToString
            ),
            "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(
                self.synthesize_speech, SynthesizeRequest.FromString, SynthesizeResponse.SerializeToString
            ),
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.cloud.texttospeech.v1.TextToSpeech", handlers),)
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

    async def streaming_synthesize(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """A configuration, then texts; each is spoken as it comes, and nothing marks its end."""
        first: Any = await anext(aiter(requests), None)
        voice = "" if first is None else first.streaming_config.voice.name
        faults = await self._begun(voice, context)
        try:
            config = await self._configured(first, context)
            async for text in self._texts(requests, faults, context):
                await self._check_text(text, context)
                async for ulaw in self._spoken(text, faults, context):
                    sound = ulaw if config.streaming_audio_config.audio_encoding == MULAW else ulaw_to_pcm(ulaw)
                    yield StreamingResponse(audio_content=sound)
        except asyncio.CancelledError:
            self.cancelled += 1
            self.given_up_at_s = asyncio.get_running_loop().time()
            self.given_up.set()
            raise
        finally:
            self.open -= 1

    async def synthesize_speech(self, request: Any, context: Any) -> Any:
        """A text at once."""
        faults = await self._begun(request.voice.name, context)
        try:
            audio = request.audio_config
            if not request.voice.name.startswith("he-IL-"):
                await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, f"Voice '{request.voice.name}' does not exist.")
            if audio.audio_encoding not in (MULAW, LINEAR16) or audio.sample_rate_hertz != SAMPLE_RATE_HZ:
                await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "Only 8 kHz MULAW and LINEAR16 are emulated.")
            await self._check_text(request.input.text, context)
            ulaw = b"".join([part async for part in self._spoken(request.input.text, faults, context)])
            return SynthesizeResponse(audio_content=_as_wav(ulaw, audio.audio_encoding, faults))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.open -= 1

    async def _begun(self, voice: str, context: Any) -> TtsFaults:
        """Count a request, and refuse it where its turn is to be refused. Returns the faults that it has."""
        self.requests += 1
        faults = self.faults_of.get(voice, self.faults)
        for counter, code, text in (
            ("exhausted", grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED_TEXT),
            ("unavailable", grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT),
        ):
            if getattr(faults, counter) > 0:
                setattr(faults, counter, getattr(faults, counter) - 1)
                # grpc.aio makes "Internal error from Core" of a refusal that overtakes its client's headers.
                await context.send_initial_metadata(())
                await _abort(context, code, text)
        self.open += 1
        return faults if not faults.hits or self.requests <= faults.hits else TtsFaults()

    async def _configured(self, first: Any, context: Any) -> Any:
        if first is None or first.WhichOneof("streaming_request") != "streaming_config":
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "The first request must hold a streaming_config.")
        config = first.streaming_config
        if not config.voice.name.startswith(STREAMING_VOICES):
            await _abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "Only Chirp 3 HD voices are supported for streaming synthesis.",
            )
        audio = config.streaming_audio_config
        if audio.audio_encoding not in (MULAW, PCM) or audio.sample_rate_hertz != SAMPLE_RATE_HZ:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "Only 8 kHz MULAW and PCM are emulated.")
        return config

    async def _texts(self, requests: AsyncIterator[Any], faults: TtsFaults, context: Any) -> AsyncIterator[str]:
        """The texts of a stream until its half-close."""
        messages = aiter(requests)
        while True:
            try:
                async with asyncio.timeout(faults.idle_abort_s or self.options.idle_limit_s):
                    message = await anext(messages, None)
            except TimeoutError:
                await _abort(context, grpc.StatusCode.ABORTED, IDLE_TEXT)
            if message is None:
                return
            yield message.input.text

    async def _check_text(self, text: str, context: Any) -> None:
        if len(text.encode()) > MOST_BYTES:
            await _abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"Either `input.text` or `input.ssml` is longer than the limit of {MOST_BYTES} bytes.",
            )

    async def _spoken(self, text: str, faults: TtsFaults, context: Any) -> AsyncIterator[bytes]:
        """The sound of a text, as it is synthesised."""
        self.characters += len(text)
        ulaw = b"" if faults.empty else await self.options.sound(text)
        await asyncio.sleep((self.options.first_chunk_ms + faults.late_ms) / 1000)
        sent_ms = 0.0
        for part in self._parts(ulaw, faults):
            yield part
            sent_ms += len(part) / BYTES_PER_MS
            if faults.cut_off_ms and sent_ms >= faults.cut_off_ms:
                await _abort(context, grpc.StatusCode.UNAVAILABLE, UNAVAILABLE_TEXT)
            if faults.exhausted_after_ms and sent_ms >= faults.exhausted_after_ms:
                await _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, EXHAUSTED_TEXT)
            if faults.stall_ms and sent_ms >= faults.stall_ms:
                await asyncio.Event().wait()
            await asyncio.sleep(len(part) / BYTES_PER_MS / 1000 / self.options.speed)

    def _parts(self, ulaw: bytes, faults: TtsFaults) -> Iterator[bytes]:
        random = Random(f"{self.options.seed}/{self.requests}")
        while ulaw:
            size = (
                random.choice([0, 1, 7, 333, 1600, 4001]) if faults.odd_chunks else self.options.chunk_ms * BYTES_PER_MS
            )
            yield ulaw[:size]
            ulaw = ulaw[size:]


def _as_wav(ulaw: bytes, encoding: int, faults: TtsFaults) -> bytes:
    """As Google's unary answers come: a WAV file, for µ-law as well."""
    if faults.no_wav_header or not ulaw:
        return ulaw if encoding == MULAW else ulaw_to_pcm(ulaw)
    kind, width, sound = (7, 1, ulaw) if encoding == MULAW else (1, 2, ulaw_to_pcm(ulaw))
    form = struct.pack("<HHIIHH", kind, 1, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * width, width, 8 * width)
    chunks = [(b"fmt ", form + (b"\0\0" if kind == 7 else b""))]
    length = len(sound)
    if faults.odd_wav_header:
        chunks += [(b"fact", struct.pack("<I", len(ulaw))), (b"LIST", b"INFOISFT\x04\0\0\0emu\0")]
        length = 0xFFFFFFFF
    head = b"".join(name + struct.pack("<I", len(body)) + body for name, body in chunks)
    body = b"WAVE" + head + b"data" + struct.pack("<I", length) + sound
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body


async def _abort(context: Any, code: grpc.StatusCode, message: str) -> NoReturn:
    await context.abort(code, message)
    raise AssertionError("abort always raises")
