"""One way through a GSM 06.10 full-rate codec, as a mobile phone's radio link has it: libgsm (Debian's libgsm1)."""

from __future__ import annotations

import audioop
import ctypes
from itertools import cycle
from random import Random
from struct import pack

from calls.lab.echo_path import Echo, EchoPath
from stt.audio import SAMPLE_RATE_HZ
from voiceapp.runtime.coded_error import CodedError

LIBRARY = "libgsm.so.1"
FRAME_SAMPLES = SAMPLE_RATE_HZ * 20 // 1000
CODED_BYTES = 33
NOISE_AMPLITUDE = 4
"""No microphone and no network is silent to the bit, and the codec cannot bear it: where speech is cut off and zeros
follow, it rings for a fifth of a second with up to -26 dBFS (14 of 40 cuts); with noise of -78 dBFS in no cut of 40."""
NOISE_FRAMES = 50
"""Then it comes again."""


class GsmMissing(CodedError):
    """``gsm_missing``: libgsm is not installed here."""


class GsmLeg:
    """Codes and decodes one direction of a call. The codec predicts from what was before: one leg a direction."""

    def __init__(self) -> None:
        """Raises GsmMissing."""
        try:
            self._library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise GsmMissing("gsm_missing", f"{LIBRARY} is not here: apt install libgsm1") from error
        self._library.gsm_create.restype = ctypes.c_void_p
        random = Random(CODED_BYTES)  # noqa: S311
        samples = [round(random.gauss(0, NOISE_AMPLITUDE)) for _ in range(NOISE_FRAMES * FRAME_SAMPLES)]
        frames = (samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples), FRAME_SAMPLES))
        self._noise = cycle([pack(f"<{FRAME_SAMPLES}h", *frame) for frame in frames])
        self._coder = ctypes.c_void_p(self._library.gsm_create())
        self._decoder = ctypes.c_void_p(self._library.gsm_create())

    def __del__(self) -> None:
        for state in (getattr(self, "_coder", None), getattr(self, "_decoder", None)):
            if state is not None:
                self._library.gsm_destroy(state)

    def carry(self, pcm: bytes) -> bytes:
        """Whole frames of 160 samples of 16-bit PCM at 8 kHz, as they come out at the other end."""
        if len(pcm) % (2 * FRAME_SAMPLES):
            raise ValueError(f"{len(pcm)} bytes are no whole frames")
        return b"".join(self._carry(pcm[at : at + 2 * FRAME_SAMPLES]) for at in range(0, len(pcm), 2 * FRAME_SAMPLES))

    def _carry(self, pcm: bytes) -> bytes:
        signal = ctypes.create_string_buffer(audioop.add(pcm, next(self._noise), 2), len(pcm))
        coded = ctypes.create_string_buffer(CODED_BYTES)
        decoded = ctypes.create_string_buffer(len(pcm))
        self._library.gsm_encode(self._coder, signal, coded)
        self._library.gsm_decode(self._decoder, coded, decoded)
        return decoded.raw


def echo_path(echo: Echo) -> EchoPath:
    """Through a mobile phone's link where the echo says so. Raises GsmMissing."""
    return EchoPath(echo, GsmLeg().carry, GsmLeg().carry) if echo.gsm else EchoPath(echo)
