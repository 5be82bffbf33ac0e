"""Both sides of a call as stereo: placed pieces of µ-law in, 8 kHz PCM16 or a WAV file out."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from pathlib import Path

from stt.audio import SAMPLE_RATE_HZ, ULAW_SILENCE, stereo, ulaw_to_pcm
from voiceapp.runtime.private_files import whole_file

Placed = tuple[int, bytes | bytearray]
"""Where it begins, in samples, and its µ-law."""


def track(pieces: Iterable[Placed], begin: int, end: int) -> bytes:
    """One side's µ-law between two places; silence where it has nothing."""
    found = bytearray(ULAW_SILENCE * (end - begin))
    for at, ulaw in pieces:
        first, last = max(begin, at), min(end, at + len(ulaw))
        if first < last:
            found[first - begin : last - begin] = ulaw[first - at : last - at]
    return bytes(found)


def stereo_pcm(left: Iterable[Placed], right: Iterable[Placed]) -> bytes:
    """16-bit PCM, left and right in turns; silence where a side has nothing."""
    sides = [list(left), list(right)]
    samples = max((at + len(ulaw) for side in sides for at, ulaw in side), default=0)
    left_pcm, right_pcm = (ulaw_to_pcm(track(side, 0, samples)) for side in sides)
    return stereo(left_pcm, right_pcm)


def write_stereo(path: Path, pcm: bytes) -> None:
    """What ``stereo_pcm`` gave, as a WAV file. Blocking. Raises OSError."""
    with whole_file(path) as file, wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE_HZ)
        wav.writeframes(pcm)
