"""A turn: one utterance and its words, and the arithmetic of its latencies. Pure.

The row of a Turn is the Transcript (calls/storage/models.py). Latencies are milliseconds and None where there is no
anchor, never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


class Source(StrEnum):
    """Where a turn's text came from."""

    FINAL = "final"
    """The stream's final result."""
    EARLY = "early"
    """A strong partial at the end of speech."""
    PARTIAL = "partial"
    """The last partial when STT_TIMEOUT_MS ran out."""
    FALLBACK = "fallback"
    """The one-shot recogniser."""
    NONE = "none"
    """Speech, but no engine gave words; ``code`` says why."""


class EndReason(StrEnum):
    """Why an utterance ended."""

    SILENCE = "silence"
    NO_FRAMES = "no_frames"
    """No frame came for hangover + 300 ms of wall time."""
    TOO_LONG = "too_long"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class Turn:
    """What was heard in one utterance, as handed on and stored."""

    number: int
    """From 1, in the order in which the utterances began (one that the VAD missed takes the next free number)."""
    started_ms: int
    """Media time of the first voiced frame."""
    ended_ms: int
    """Media time at which the last voiced frame ends."""
    text: str
    """As first handed on."""
    source: Source
    revised_text: str | None = None
    """What later results made of it; None when nothing changed, "" when it was revised to nothing."""
    end_reason: EndReason = EndReason.SILENCE
    vad_missed: bool = False
    """The recogniser heard words where the endpointer heard no speech."""
    rule: str = ""
    """Which rule decided: for example ``covering_final``, ``strong_partial``, ``timeout``, ``one_shot``."""
    code: str = ""
    """Stable code of what went wrong; empty when nothing did."""
    engine: str = ""
    model: str = ""
    attempts: int = 0
    """Attempts that the stream in use needed to open."""
    partial_ms: int | None = None
    """First voiced frame's arrival to the first partial."""
    final_ms: int | None = None
    """End of speech (last voiced frame's arrival) to the text accepted."""
    total_ms: int | None = None
    """End of speech to the first frame of the answer sent; None without a responder."""
    loop_lag_ms: float | None = None
    """p95 of the event loop's lag while the turn was under way."""
    speaker: str = "caller"
    """``caller`` or ``agent``."""
    revision: int = 0
    """Counts amendments; the highest wins in storage."""
    echo: bool = False
    """Its words are the line's own, given back (calls/core/own_words.py): it is never answered."""

    @property
    def heard_text(self) -> str:
        return self.text if self.revised_text is None else self.revised_text

    @property
    def asks(self) -> bool:
        """It has words of the caller's: it may be answered."""
        return bool(self.heard_text.strip()) and not self.echo

    def revised(self, text: str) -> Turn:
        """This turn with late words; back to None when the words are again those handed on."""
        return replace(self, revised_text=None if text == self.text else text, revision=self.revision + 1)

    def masked(self, mask: Callable[[str], str]) -> Turn:
        """This turn with its words masked."""
        revised = None if self.revised_text is None else mask(self.revised_text)
        return replace(self, text=mask(self.text), revised_text=revised)

    def latency_line(self) -> str:
        """The one [LATENCY] log line of this turn, without its words."""

        def ms(value: int | None, absent: str = "n/a") -> str:
            return absent if value is None else f"{value}ms"

        return (
            f"[LATENCY] turn={self.number} source={self.source} rule={self.rule or 'n/a'}"
            f" partial={ms(self.partial_ms)} final={ms(self.final_ms)} total={ms(self.total_ms, 'handed over')}"
        )


def elapsed_ms(start_ms: float | None, end_ms: float | None) -> int | None:
    """Whole milliseconds from one monotonic instant to another, None when either anchor is missing."""
    if start_ms is None or end_ms is None:
        return None
    return max(0, round(end_ms - start_ms))
