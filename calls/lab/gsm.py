"""One way through a GSM 06.10 full-rate codec, as a mobile phone's radio link has it: libgsm (Debian's libgsm1)."""

from __future__ import annotations

import ctypes

from calls.lab.echo_path import Echo, EchoPath
from stt.audio import SAMPLE_RATE_HZ
from voiceapp.runtime.coded_error import CodedError

LIBRARY = "libgsm.so.1"
FRAME_SAMPLES = SAMPLE_RATE_HZ * 20 // 1000
CODED_BYTES = 33


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
        signal = ctypes.create_string_buffer(pcm, len(pcm))
        coded = ctypes.create_string_buffer(CODED_BYTES)
        decoded = ctypes.create_string_buffer(len(pcm))
        self._library.gsm_encode(self._coder, signal, coded)
        self._library.gsm_decode(self._decoder, coded, decoded)
        return decoded.raw


def echo_path(echo: Echo) -> EchoPath:
    """Through a mobile phone's link where the echo says so. Raises GsmMissing."""
    return EchoPath(echo, GsmLeg().carry, GsmLeg().carry) if echo.gsm else EchoPath(echo)
