"""Both sides of a call as stereo: placed pieces of µ-law in, 8 kHz PCM16 or a WAV file out."""

from __future__ import annotations

import audioop
import wave
from collections.abc import Iterable
from pathlib import Path

from stt.audio import SAMPLE_RATE_HZ, ULAW_SILENCE, ulaw_to_pcm

Placed = tuple[int, bytes | bytearray]
"""Where it begins, in samples, and its µ-law."""


def stereo_pcm(left: Iterable[Placed], right: Iterable[Placed]) -> bytes:
    """16-bit PCM, left and right in turns; silence where a side has nothing."""
    sides = [list(left), list(right)]
    samples = max((at + len(ulaw) for side in sides for at, ulaw in side), default=0)
    tracks = []
    for side in sides:
        track = bytearray(ULAW_SILENCE * samples)
        for at, ulaw in side:
            track[at : at + len(ulaw)] = ulaw
        tracks.append(ulaw_to_pcm(bytes(track)))
    return audioop.add(audioop.tostereo(tracks[0], 2, 1, 0), audioop.tostereo(tracks[1], 2, 0, 1), 2)


def write_stereo(path: Path, pcm: bytes) -> None:
    """What ``stereo_pcm`` gave, as a WAV file. Blocking. Raises OSError."""
    with path.open("wb") as file, wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE_HZ)
        wav.writeframes(pcm)
