"""Share: what the ledger holds for one utterance at a moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """What the ledger holds for one utterance at this moment."""

    words: tuple[str, ...]
    settled: bool
    """All come from finals, one-shots or closed streams: no word can change any more but by times or later evidence."""
    heard_to_ms: int | None
    """Media time up to which the engine has listened, by the newest result with a known end; None: unknown."""
    stream: int | None = None
    """The newest stream that gave some of them; None: no stream did."""

    @property
    def text(self) -> str:
        return " ".join(self.words)
