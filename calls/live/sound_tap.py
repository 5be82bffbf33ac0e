"""SoundTap: one media stream's sound for whoever listens in, as it is heard and played.

The media path only puts a frame beside the others, and that only while somebody listens. A task of the tap's own takes
what has gathered every EVERY_S and sends it through the channel layer, to listeners of any process: 8 kB/s of a call,
twice that while the line speaks. Where the layer does not answer, the newest second waits and older sound is dropped: a
listener hears a gap, and the call nothing of it. Nobody says that they have gone: the sound is wanted for LEASE_S at a
time (calls/process/listening_in.py).

    message = part*
    part    = track:u8 at_ms:u32 length:u16 payload:length     little-endian; at_ms is media time, payload µ-law
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Iterable
from enum import IntEnum
from time import monotonic

from channels.layers import get_channel_layer

from calls.process.listening_in import LEASE_S, group_of
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

EVERY_S = 0.2
SEND_TIMEOUT_S = 1.0
MOST_PARTS = 100
"""That wait: a second of the caller's frames, and the line's messages beside them."""
PART = struct.Struct("<BIH")
MAX_AT_MS, MAX_PART_BYTES = 2**32 - 1, 2**16 - 1


class Track(IntEnum):
    CALLER = 0
    LINE = 1
    """Sent, and played from ``at_ms`` on."""
    CLEARED = 2
    """The line's sound is not played from ``at_ms`` on; no payload."""


Part = tuple[Track, int, bytes]


class SoundTap:
    """Closed until somebody listens in. On the call's loop."""

    def __init__(self, call_sid: str) -> None:
        self._call_sid = call_sid
        self._parts: deque[Part] | None = None
        """None while nobody listens."""
        self._until_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        """No sound comes any more."""

    def put(self, track: Track, at_ms: int, ulaw: bytes) -> None:
        """The media path: constant time; never waits, and makes nobody wait."""
        if self._parts is not None:
            self._parts.append((track, at_ms, ulaw))

    def open(self) -> None:
        """Somebody listens, for LEASE_S from now on. Does nothing once the stream is over."""
        if self._is_over:
            return
        self._until_s = monotonic() + LEASE_S
        if self._parts is None:
            self._parts = deque(maxlen=MOST_PARTS)
            self._task = asyncio.get_running_loop().create_task(self._send_on(), name=f"listened {self._call_sid}")

    def close(self) -> None:
        """The stream is over."""
        self._is_over, self._until_s = True, 0.0

    async def sent(self) -> None:
        """Behind ``close``: the last of it has gone to the listeners, or was given up. EVERY_S and SEND_TIMEOUT_S at
        most. Raises nothing."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _send_on(self) -> None:
        while self._parts is not None:
            await asyncio.sleep(EVERY_S)
            if self._parts:
                parts = list(self._parts)
                self._parts.clear()
                await self._send(parts)
            if monotonic() >= self._until_s:
                self._parts = None

    async def _send(self, parts: Iterable[Part]) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                event = {"type": "listen.sound", "sound": packed(parts)}
                await get_channel_layer().group_send(group_of(self._call_sid), event)
        except Exception as error:  # noqa: BLE001 - a wall: any layer's failure is the listeners' loss only
            metrics.SOUND_UNSENT.inc()
            logger.debug("call %s: its sound is not sent: %s", self._call_sid, type(error).__name__)


def packed(parts: Iterable[Part]) -> bytes:
    """A message as listeners get it."""
    return b"".join(
        PART.pack(track, max(0, min(at_ms, MAX_AT_MS)), len(ulaw)) + ulaw
        for track, at_ms, ulaw in parts
        if len(ulaw) <= MAX_PART_BYTES
    )
