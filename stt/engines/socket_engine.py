"""SocketEngine: an Engine whose streams are WebSockets, one each. A vendor's class says where, and in which words."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

from stt.audio import BYTES_PER_MS, FRAME_BYTES, duration_ms, pcm_to_ulaw
from stt.engines.base import EMULATOR, Capabilities, Deliver, RecognitionOptions, StreamEvent
from stt.engines.errors import recognizer_errors
from stt.engines.socket_dialogue import SocketDialogue
from stt.engines.sockets import Address, converse, translate
from stt.engines.task_stream import TaskStream
from stt.events import Final, RecognizerError, Word

PROBE_PCM, PROBE_TIMEOUT_MS = bytes(8000), 5000
"""Half a second of silence."""
BURST_MS, PACE = 3000, 4
"""An utterance is sent as held audio is (stt/streaming/stream.py): vendors want audio "in real-time or near real-time
speed" (https://soniox.com/docs/stt/rt/error-handling), and nobody says how near. A long one goes faster, so that half
of its time is left for the answer."""


class SocketEngine:
    """The Engine but for ``address`` and ``dialogue``. Its one-shot is a stream that nobody else hears; a vendor with a
    request for whole recordings has that instead."""

    vendor: str
    """Its name where it is no emulator."""
    host: str
    model: str
    capabilities: Capabilities

    def __init__(self, api_key: str, emulator: str = "", endpoint: str = "") -> None:
        """``emulator``: host:port of a plaintext emulator, which gets no key. ``endpoint``: a host; "" is ``host``."""
        self.name = f"{EMULATOR}:{self.vendor}" if emulator else self.vendor
        self.api_key = "emulated" if emulator else api_key
        self._emulator = emulator
        self._host = endpoint or self.host

    def address(self, options: RecognitionOptions) -> Address:
        """Where a stream with these options is opened."""
        raise NotImplementedError

    def dialogue(self, options: RecognitionOptions) -> SocketDialogue:
        """What such a stream says and hears."""
        raise NotImplementedError

    def probe(self) -> None:
        self.recognize(PROBE_PCM, RecognitionOptions(), PROBE_TIMEOUT_MS)

    def open_stream(self, deliver: Deliver, options: RecognitionOptions) -> TaskStream:
        return TaskStream(
            lambda stream: converse(stream, self.address(options), self.dialogue(options)),
            deliver,
            self.capabilities,
            translate,
        )

    @recognizer_errors(translate)
    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        utterance = _Utterance(pcm_to_ulaw(pcm), timeout_ms / 2)
        asyncio.run(self._hear(utterance, options, timeout_ms / 1000))
        return Final(tuple(utterance.words), None)

    async def close(self) -> None:
        """A stream's connection ends with it: there is none to release."""

    def web(self, scheme: str = "wss") -> str:
        """``wss://host`` or ``https://host``; the emulator's address in plain text where it stands in."""
        return f"{scheme.removesuffix('s')}://{self._emulator}" if self._emulator else f"{scheme}://{self._host}"

    async def _hear(self, utterance: _Utterance, options: RecognitionOptions, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s) as bound:
                await converse(utterance, self.address(options), self.dialogue(options))
        except TimeoutError:
            if not bound.expired():
                raise
            raise RecognizerError("deadline_exceeded", f"no answer within {timeout_s:.1f} s") from None


class _Utterance:
    """What a conversation needs of a stream (stt/engines/sockets.py), for audio that is all there."""

    def __init__(self, ulaw: bytes, sent_within_ms: float) -> None:
        self.words: list[Word] = []
        self._ulaw = ulaw
        self._pace = max(PACE, math.ceil((duration_ms(ulaw) - BURST_MS) / sent_within_ms))

    async def audio(self) -> AsyncIterator[bytes]:
        burst = BURST_MS * BYTES_PER_MS
        yield self._ulaw[:burst]
        step = 4 * FRAME_BYTES
        for at in range(burst, len(self._ulaw), step):
            await asyncio.sleep(step / BYTES_PER_MS / self._pace / 1000)
            yield self._ulaw[at : at + step]

    def deliver(self, event: StreamEvent) -> None:
        if isinstance(event, Final):
            self.words += event.words
