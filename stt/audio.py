"""8 kHz telephone audio: the constants and the conversions that everyone shares. Pure.

Audio is ``ulaw`` (G.711 µ-law, one byte a sample, as Twilio sends it) or ``pcm`` (signed 16-bit little-endian).
"""

from __future__ import annotations

import audioop
import math
from collections.abc import Iterator

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = SAMPLE_RATE_HZ * FRAME_MS // 1000
"""Of µ-law."""
LINE_NOISE = bytes([0xFF, 0x7F, 0xFE, 0x7E, 0xFF, 0x7F, 0xFF, 0x7F])
"""The µ-law bytes of a quiet line, in their proportion: silence on a phone is noise of a few steps, never digital."""
BYTES_PER_MS = SAMPLE_RATE_HZ // 1000
"""Of µ-law."""
ULAW_SILENCE = b"\xff"
FLOOR_DBFS = -96.0
"""What digital silence is called."""


def ulaw_to_pcm(ulaw: bytes) -> bytes:
    return audioop.ulaw2lin(ulaw, 2)


def pcm_to_ulaw(pcm: bytes) -> bytes:
    return audioop.lin2ulaw(pcm, 2)


def stereo(left: bytes, right: bytes) -> bytes:
    """Two channels' PCM, of one length, as one."""
    return audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)


def dbfs(pcm: bytes) -> float:
    """Root mean square level in dB relative to full scale: 0 is the loudest, FLOOR_DBFS silence."""
    rms = audioop.rms(pcm, 2)
    return 20 * math.log10(rms / 32768) if rms else FLOOR_DBFS


def frames_of(ulaw: bytes) -> Iterator[bytes]:
    """Whole 20 ms frames; what is left over is dropped."""
    return (ulaw[at : at + FRAME_BYTES] for at in range(0, len(ulaw) - FRAME_BYTES + 1, FRAME_BYTES))


def duration_ms(ulaw: bytes) -> int:
    return len(ulaw) // BYTES_PER_MS
