"""Google Cloud Text-to-Speech v1 as voices (calls/reply/voice.py), with Google's own client.

Chirp 3 HD voices stream; Standard and Wavenet voices answer at once with the whole sound. Owns requests, responses,
clients and their credentials. Sources: https://cloud.google.com/text-to-speech/docs/reference/rpc and the notes
beside each rule.

A piece is a stream of its own: configuration, text and half-close go out together on a connection that is open, so it
costs no round trip more than a stream an answer. Google marks no end of a piece within a stream: only the half-close
makes sure that the last words are out, and says so. A stream that is never idle cannot be ended for 5 s of idleness.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

import grpc
from google.api_core.exceptions import InternalServerError
from google.cloud.texttospeech_v1 import TextToSpeechAsyncClient
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechGrpcAsyncIOTransport
from google.cloud.texttospeech_v1.types import cloud_tts

from calls.reply.voice import EMULATOR, AnswerVoice, Voice, VoiceError
from calls.reply.voices.google_errors import is_lost, voice_errors
from stt.audio import SAMPLE_RATE_HZ
from stt.wavfile import is_wav, to_ulaw
from voiceapp.runtime.client_pool import ClientPool

HOST = "texttospeech.googleapis.com"
LANGUAGE = "he-IL"
STREAMING = f"{LANGUAGE}-Chirp3-HD-"
"""The only voices that stream: https://cloud.google.com/text-to-speech/docs/create-audio-text-streaming"""
CHIRP = (
    "Aoede Kore Leda Zephyr Charon Fenrir Orus Puck Achernar Achird Algenib Algieba Alnilam Autonoe Callirrhoe".split()
)
VOICES = (
    *(STREAMING + name for name in CHIRP),
    *(f"{LANGUAGE}-{kind}-{letter}" for kind in ("Wavenet", "Standard") for letter in "ABCD"),
)
"""https://cloud.google.com/text-to-speech/docs/list-voices-and-types; another one of the language is accepted."""
PRICES = {"Chirp3": 30.0, "Wavenet": 16.0, "Standard": 4.0}
"""List prices of a million characters, USD, by what the voice's name says; free ones are not counted. They are of
https://cloud.google.com/text-to-speech/pricing as others quoted it in 2024 and 2025: not verified on the page."""
MAX_STREAMS_PER_CONNECTION = 90
"""Google's fronts take about 100; further ones hang without a word."""
UNARY_S = 10.0
"""Longer than any bound of ours (calls/reply/voices/guarded.py): the server must not work on for ever."""
MULAW = cloud_tts.AudioEncoding.MULAW


class GoogleVoices:
    """The family. Clients are made lazily, for each event loop."""

    name = "google"
    voices = VOICES

    def __init__(self, *, emulator: str = "", has_credentials: bool = False, host: str = HOST) -> None:
        """``emulator``: host:port of a plaintext gRPC emulator; then no credentials are looked up."""
        self._emulator = emulator
        self._has_credentials = has_credentials
        self._host = host
        self._pool = ClientPool(self._client, MAX_STREAMS_PER_CONNECTION)

    def unusable(self) -> str:
        if self._emulator or self._has_credentials:
            return ""
        return "GOOGLE_APPLICATION_CREDENTIALS is not set, nor is TTS_EMULATOR_HOST."

    def voice(self, name: str) -> Voice:
        if not name.startswith(f"{LANGUAGE}-"):
            raise VoiceError(
                "voice_raised", f"Google has no Hebrew voice {name!r}; there is, for example: {VOICES[0]}."
            )
        return GoogleVoice(name, EMULATOR if self._emulator else self.name, self._pool)

    def check(self, text: str) -> None:
        """It reads whatever is written."""

    def warm_up(self) -> None:
        """A connection belongs to a loop: the first piece makes it."""

    async def close(self) -> None:
        for client in self._pool.take_all():
            await client.transport.close()  # type: ignore[no-untyped-call]

    def _client(self) -> TextToSpeechAsyncClient:
        # Channels with the same arguments would share one connection, and its limit of streams.
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        if self._emulator:
            channel = grpc.aio.insecure_channel(self._emulator, options=own_connection)
        else:
            channel = TextToSpeechGrpcAsyncIOTransport.create_channel(f"{self._host}:443", options=own_connection)
        return TextToSpeechAsyncClient(transport=TextToSpeechGrpcAsyncIOTransport(channel=channel))


class GoogleVoice:
    """The Voice of one name."""

    def __init__(self, google_name: str, family: str, pool: ClientPool[TextToSpeechAsyncClient]) -> None:
        self.name = f"{family}:{google_name}"
        self.price_per_million = next(
            (price for kind, price in PRICES.items() if kind in google_name), PRICES["Chirp3"]
        )
        self._selected = cloud_tts.VoiceSelectionParams(language_code=LANGUAGE, name=google_name)
        self._pool = pool
        self._say: Callable[[TextToSpeechAsyncClient, str], AsyncGenerator[bytes, None]] = (
            self._streamed if google_name.startswith(STREAMING) else self._whole
        )

    def for_answer(self) -> AbstractAsyncContextManager[AnswerVoice]:
        return nullcontext(self)

    async def speak(self, text: str) -> AsyncIterator[bytes]:
        with voice_errors(), self._pool.client() as client:
            async with aclosing(self._say(client, text)) as chunks:
                async for ulaw in chunks:
                    yield ulaw

    async def _streamed(self, client: TextToSpeechAsyncClient, text: str) -> AsyncGenerator[bytes, None]:
        """Headerless, as it is synthesised. A refusal whose reason was lost is asked for once more: that is no retry of
        what was taken, and tells a used-up quota from a failure."""
        for again in (False, True):
            try:
                async with aclosing(self._stream(client, text)) as chunks:
                    async for ulaw in chunks:
                        yield ulaw
                return
            except InternalServerError as error:
                if again or not is_lost(error):
                    raise

    async def _stream(self, client: TextToSpeechAsyncClient, text: str) -> AsyncGenerator[bytes, None]:
        audio = cloud_tts.StreamingAudioConfig(audio_encoding=MULAW, sample_rate_hertz=SAMPLE_RATE_HZ)
        config = cloud_tts.StreamingSynthesizeConfig(voice=self._selected, streaming_audio_config=audio)

        async def requests() -> AsyncIterator[cloud_tts.StreamingSynthesizeRequest]:
            yield cloud_tts.StreamingSynthesizeRequest(streaming_config=config)
            yield cloud_tts.StreamingSynthesizeRequest(input=cloud_tts.StreamingSynthesisInput(text=text))

        # retry=None: the default would send a half-consumed request generator again.
        responses: Any = await client.streaming_synthesize(requests=requests(), retry=None)
        try:
            async for response in responses:
                yield response.audio_content
        finally:
            responses.cancel()  # one that is left early is still synthesised, and charged

    async def _whole(self, client: TextToSpeechAsyncClient, text: str) -> AsyncGenerator[bytes, None]:
        response = await client.synthesize_speech(
            request=cloud_tts.SynthesizeSpeechRequest(
                input=cloud_tts.SynthesisInput(text=text),
                voice=self._selected,
                audio_config=cloud_tts.AudioConfig(audio_encoding=MULAW, sample_rate_hertz=SAMPLE_RATE_HZ),
            ),
            retry=None,
            timeout=UNARY_S,
        )
        # Unary µ-law comes as a WAV file, with whatever chunks its writer liked.
        sound = response.audio_content
        yield to_ulaw(sound) if is_wav(sound) else sound
