"""Which queue a reviewer works through, as it stands in an address: the doubtful calls, or a sample."""

from __future__ import annotations

from dataclasses import dataclass

from voiceapp.runtime.whole_number import whole_number

DOUBT = "doubt"
_SAMPLE = "sample-"
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Mode:
    """``sample``: its key; None: the doubtful calls."""

    sample: int | None = None

    @property
    def text(self) -> str:
        return DOUBT if self.sample is None else f"{_SAMPLE}{self.sample}"


def read_mode(text: str) -> Mode:
    """What is not known is the doubtful calls."""
    return Mode(whole_number(text.removeprefix(_SAMPLE), 1, _MOST) if text.startswith(_SAMPLE) else None)
