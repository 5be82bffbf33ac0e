"""Any WAV file as what a telephone line carries: 8 kHz mono µ-law.

Reads PCM of 8 to 32 bits, floats, A-law and µ-law, any rate and any number of channels. The standard library's ``wave``
knows PCM alone. Chunks and formats: RFC 2361 and Microsoft's mmreg.h.
"""

from __future__ import annotations

import audioop
import math
import struct
from array import array
from collections.abc import Callable
from functools import cache
from pathlib import Path

from stt.audio import SAMPLE_RATE_HZ, ULAW_SILENCE, pcm_to_ulaw

PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
UNKNOWN_LENGTH = 0x7FFFF000
"""A program that could not go back to the header writes this length (espeak-ng) or more (sox: all bits set)."""
RATES_HZ = range(1000, 768_001)
"""Sample rates that are read."""
WIDTH = 4
"""A sample has this many bytes while it is worked on."""
PASS_HZ = 3600
"""The low-pass lets frequencies below this through."""
TAPS_A_SAMPLE = 16
"""The low-pass has this many taps for each sample at 8 kHz: what lies above 4 kHz would come back as noise below it."""


TAPS_A_REST = 4
"""A few taps of a sentence take a millisecond."""


class WavError(ValueError):
    """One sentence: the file's name, and why it cannot be played."""


def read_ulaw(path: Path) -> bytes:
    """The file's audio as 8 kHz mono µ-law. Blocking. Raises WavError."""
    if path.is_dir():
        raise WavError(f"{path.name}: this is a folder: name a WAV file in it.")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise WavError(f"{path.name}: there is no such file.") from error
    except OSError as error:
        raise WavError(f"{path.name}: it cannot be read ({error.strerror}).") from error
    try:
        return to_ulaw(data)
    except WavError as error:
        raise WavError(f"{path.name}: {error}") from error


def is_wav(data: bytes) -> bool:
    """These are the first bytes of a WAV file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def to_ulaw(data: bytes, rest: Callable[[], object] = lambda: None) -> bytes:
    """A WAV file's bytes as 8 kHz mono µ-law; 4 ms a second of 22 kHz sound. Raises WavError.

    ``rest`` is called again and again in between: a thread beside an event loop gives the interpreter away there.
    """
    if not data:
        raise WavError("the file is empty.")
    if not is_wav(data):
        raise WavError("this is no WAV file.")
    kind, channels, rate_hz, width, audio = _chunks(data)
    decode = DECODERS.get((kind, width))
    if decode is None:
        raise WavError(f"audio of format {kind} with {8 * width} bits is not read: PCM, float, A-law and µ-law are.")
    if not channels or rate_hz not in RATES_HZ:
        raise WavError(f"{channels} channels at {rate_hz} Hz cannot be played.")
    samples = decode(audio[: len(audio) // (width * channels) * (width * channels)])
    if not samples:
        raise WavError("it holds no audio.")
    return pcm_to_ulaw(audioop.lin2lin(_at_8_khz(_mono(samples, channels), rate_hz, rest), WIDTH, 2))


def wav_of(ulaw: bytes) -> bytes:
    """8 kHz µ-law as a WAV file of the same bytes, which every player knows."""
    form = struct.pack("<HHIIHHH", ULAW, 1, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, 1, 8, 0)
    fact = struct.pack("<I", len(ulaw))
    chunks = ((b"fmt ", form), (b"fact", fact), (b"data", ulaw + ULAW_SILENCE * (len(ulaw) % 2)))
    lengths = (len(form), len(fact), len(ulaw))
    body = b"".join(
        name + struct.pack("<I", length) + audio for (name, audio), length in zip(chunks, lengths, strict=True)
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _chunks(data: bytes) -> tuple[int, int, int, int, bytes]:
    """Format, channels, rate, bytes a sample, and the audio."""
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if name == b"data":
            if form is None:
                raise WavError("its audio comes before its format.")
            if len(body) < length < UNKNOWN_LENGTH:
                raise WavError(f"it is cut off: {length} bytes of audio are announced, {len(body)} are there.")
            return *form, body
        if name == b"fmt " and len(body) >= 16:
            kind, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind == EXTENSIBLE and len(body) >= 26:
                (kind,) = struct.unpack_from("<H", body, 24)
            form = kind, channels, rate_hz, -(-bits // 8)
        at += 8 + length + length % 2
    raise WavError("it is cut off before its audio." if form is None or at > len(data) else "it holds no audio.")


def _floats(code: str) -> Callable[[bytes], bytes]:
    def decode(audio: bytes) -> bytes:
        # min() before max(): what is no number becomes silence's neighbour, not an exception.
        scaled = (int(max(-1.0, min(1.0, value)) * 0x7FFFFFFF) for value in array(code, audio))
        return array("i", scaled).tobytes()

    return decode


def _of_width(width: int) -> Callable[[bytes], bytes]:
    return lambda audio: audioop.lin2lin(audio, width, WIDTH)


DECODERS: dict[tuple[int, int], Callable[[bytes], bytes]] = {
    # 8 bits have no sign.
    (PCM, 1): lambda audio: audioop.lin2lin(audioop.bias(audio, 1, 128), 1, WIDTH),
    **{(PCM, width): _of_width(width) for width in (2, 3, 4)},
    (FLOAT, 4): _floats("f"),
    (FLOAT, 8): _floats("d"),
    (ALAW, 1): lambda audio: audioop.alaw2lin(audio, WIDTH),
    (ULAW, 1): lambda audio: audioop.ulaw2lin(audio, WIDTH),
}
"""Samples of a format and width as WIDTH bytes each."""


def _mono(samples: bytes, channels: int) -> bytes:
    if channels == 1:
        return samples
    every = array("i", samples)
    mixed = bytes(len(samples) // channels)
    for channel in range(channels):
        mixed = audioop.add(mixed, audioop.mul(every[channel::channels].tobytes(), WIDTH, 1 / channels), WIDTH)
    return mixed


def _at_8_khz(samples: bytes, rate_hz: int, rest: Callable[[], object]) -> bytes:
    """To the nearest multiple of 8 kHz, through a low-pass, and every n-th sample of that."""
    if rate_hz == SAMPLE_RATE_HZ:
        return samples
    times = -(-rate_hz // SAMPLE_RATE_HZ)
    if rate_hz != times * SAMPLE_RATE_HZ:
        state, parts = None, []
        for at in range(0, len(samples), rate_hz * WIDTH):
            part = samples[at : at + rate_hz * WIDTH]
            part, state = audioop.ratecv(part, WIDTH, 1, rate_hz, times * SAMPLE_RATE_HZ, state)
            parts.append(part)
            rest()
        samples = b"".join(parts)
    if times == 1:
        return samples
    taps = _low_pass(times)
    edge = bytes(len(taps) // 2 * WIDTH)
    padded = array("i", edge + samples + edge)
    length = -(-len(samples) // WIDTH // times)
    out = bytes(length * WIDTH)
    for at, tap in enumerate(taps):
        # A slice a tap: all of it runs in C.
        part = padded[at : at + (length - 1) * times + 1 : times].tobytes()
        out = audioop.add(out, audioop.mul(part, WIDTH, tap), WIDTH)
        if at % TAPS_A_REST == 0:
            rest()
    return out


@cache
def _low_pass(times: int) -> list[float]:
    """A Hamming-windowed sinc, for a rate of so many times 8 kHz."""
    half = TAPS_A_SAMPLE * times // 2
    cut = 2 * PASS_HZ / (SAMPLE_RATE_HZ * times)
    taps = []
    for at in range(-half, half + 1):
        sinc = cut if at == 0 else math.sin(math.pi * cut * at) / (math.pi * at)
        taps.append(sinc * (0.54 + 0.46 * math.cos(math.pi * at / half)))
    return [tap / sum(taps) for tap in taps]
