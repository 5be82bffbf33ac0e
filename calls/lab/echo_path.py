"""The way of our own voice back into a caller's microphone: later, quieter, through the phone's codec. Pure.

A loudspeaker phone gives back what it plays. Here that is linear: one delay, one level. What a room, a loudspeaker that
distorts or the phone's own canceller make of it is not in it.
"""

from __future__ import annotations

import audioop
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from stt.audio import BYTES_PER_MS, pcm_to_ulaw, ulaw_to_pcm
from voiceapp.runtime.coded_error import CodedError

LEVELS_DB = -90.0, 0.0
DELAYS_MS = 20, 2000
"""What is played in this frame cannot come back in it."""
_TEXT = re.compile(r"(?P<db>-?\d+(?:\.\d+)?):(?P<ms>\d+)(?P<gsm>:gsm)?")

Carry = Callable[[bytes], bytes]
"""A leg of the phone's link: 16-bit PCM in whole frames, as it comes out."""


class EchoError(CodedError, ValueError):
    """``bad_echo``: it cannot be read as an echo."""


@dataclass(frozen=True, slots=True)
class Echo:
    """How a caller's phone gives our voice back."""

    level_db: float
    """Against what was played."""
    delay_ms: int
    """From the sample that is played to the one that is given back."""
    gsm: bool = False
    """Our voice goes to the phone and back through GSM 06.10."""

    @classmethod
    def read(cls, text: str) -> Self:
        """``-25:250`` or ``-25:250:gsm``. Raises EchoError."""
        found = _TEXT.fullmatch(text)
        if found is not None:
            echo = cls(float(found["db"]), int(found["ms"]), bool(found["gsm"]))
            if LEVELS_DB[0] <= echo.level_db <= LEVELS_DB[1] and DELAYS_MS[0] <= echo.delay_ms <= DELAYS_MS[1]:
                return echo
        raise EchoError(
            "bad_echo",
            f"{text!r}: write it as -25:250 or -25:250:gsm, {LEVELS_DB[0]:g} to {LEVELS_DB[1]:g} dB and "
            f"{DELAYS_MS[0]} to {DELAYS_MS[1]} ms.",
        )

    @property
    def delay_samples(self) -> int:
        return self.delay_ms * BYTES_PER_MS


class EchoPath:
    """One call's. Frames are given in their order."""

    def __init__(self, echo: Echo, to_phone: Carry = bytes, from_phone: Carry = bytes) -> None:
        self.echo = echo
        self._to_phone, self._from_phone = to_phone, from_phone
        self._factor = 10 ** (echo.level_db / 20)

    def mix(self, near_ulaw: bytes, far_ulaw: bytes) -> bytes:
        """What the line carries of a frame that the caller says, ``far_ulaw`` being what was played ``delay_ms`` before
        it. Mixed in linear PCM; what is too loud is clipped. A frame without echo is the caller's own, to the byte."""
        given_back = self._from_phone(self._quieter(self._to_phone(ulaw_to_pcm(far_ulaw))))
        if not any(given_back):
            return near_ulaw
        return pcm_to_ulaw(audioop.add(ulaw_to_pcm(near_ulaw), given_back, 2))

    def _quieter(self, pcm: bytes) -> bytes:
        """Rounded: ``audioop.mul`` alone rounds down, which makes -1 of a faint echo's every other sample."""
        wide = audioop.mul(audioop.lin2lin(pcm, 2, 4), 4, self._factor)
        return audioop.lin2lin(audioop.bias(wide, 4, 0x8000), 4, 2)
