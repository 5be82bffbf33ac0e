"""A caller's turn's times as its row draws them: parts with their words, their places and their colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import AnswerTimes
from calls.core.turns import Source
from calls.desk.answers import STAGES, TICK_MS
from calls.desk.review.turn_times import Party, TurnTimes
from calls.storage.models import Transcript

PARTIES = {Party.CALLER: _("the caller"), Party.ENGINE: _("the engine"), Party.US: _("us")}
LABELS = {
    **STAGES,
    "speech": _("the end of the speech"),
    "hangover": _("the silence that ends it"),
    Source.FINAL.value: _("waiting for the final"),
    Source.EARLY.value: _("waiting for a strong partial"),
    Source.PARTIAL.value: _("time-out, then the last partial"),
    Source.FALLBACK.value: _("the stream, then the one-shot"),
    Source.NONE.value: _("waiting for words that did not come"),
}
FIRST_PARTIAL = _("first partial, from the beginning of speech")
SCALE_MS = 4000
"""A bar's whole length; one that is longer is drawn to its own end."""


@dataclass(frozen=True, slots=True)
class BarPart:
    """One colour of the bar."""

    name: str
    party: str
    label: str
    ms: int
    from_percent: float
    percent: float


@dataclass(frozen=True, slots=True)
class LatencyBar:
    parts: tuple[BarPart, ...]
    partial_ms: int | None
    """Beginning of speech to the first partial."""
    partial_percent: float | None
    """Where the first partial came."""
    ticks_percent: tuple[float, ...]
    """Each second from the end of speech on."""
    text: str
    """All of it, for who does not see it."""

    @property
    def partial_label(self) -> str:
        return str(FIRST_PARTIAL)

    @classmethod
    def of(cls, times: TurnTimes) -> LatencyBar | None:
        """None where no time of the turn was measured."""
        if times.final_ms is None and times.partial_ms is None:
            return None
        total_ms = sum(part.ms for part in times.parts)
        scale_ms = max(SCALE_MS, total_ms)
        parts, at_ms = [], 0
        for part in times.parts:
            label = str(LABELS.get(part.name, part.name))
            party = str(PARTIES[part.party])
            parts.append(
                BarPart(part.name, part.party, f"{label} ({party})", part.ms, 100 * at_ms / scale_ms,
                        100 * part.ms / scale_ms)
            )  # fmt: skip
            at_ms += part.ms
        told = [f"{part.label}: {_ms(part.ms)}" for part in parts if part.name != "speech"]
        if times.partial_ms is not None:
            told.insert(0, f"{FIRST_PARTIAL}: {_ms(times.partial_ms)}")
        partial_at_ms = times.partial_at_ms
        ended_ms = times.speech_shown_ms
        return cls(
            tuple(parts),
            times.partial_ms,
            None if partial_at_ms is None or partial_at_ms > scale_ms else 100 * partial_at_ms / scale_ms,
            tuple(100 * at / scale_ms for at in range(ended_ms + TICK_MS, scale_ms, TICK_MS)),
            ", ".join(told),
        )


def add_bars(turns: Iterable[Transcript], answers: Iterable[Transcript], tuning: Mapping[str, Any]) -> None:
    """Give each caller's turn its ``bar``. ``answers``: agent turns of the call; ``tuning``: what it ran with."""
    first: dict[int, AnswerTimes] = {}
    for answer in sorted(answers, key=lambda turn: (turn.started_ms, turn.number)):
        if answer.answers is not None:
            first.setdefault(answer.answers, AnswerTimes.of_row(vars(answer)))
    hangover_ms = tuning.get("vad_hangover_ms")
    for turn in turns:
        shown: Any = turn  # the page's own attribute of it
        shown.bar = None if turn.is_agents else LatencyBar.of(_times(turn, hangover_ms, first.get(turn.number)))


def _times(turn: Transcript, hangover_ms: Any, answer: AnswerTimes | None) -> TurnTimes:
    return TurnTimes(
        spoken_ms=max(0, turn.ended_ms - turn.started_ms),
        partial_ms=turn.partial_ms,
        final_ms=turn.final_ms,
        source=turn.source,
        end_reason=turn.end_reason,
        hangover_ms=hangover_ms if isinstance(hangover_ms, int) else None,
        answer=answer,
    )


def _ms(ms: int) -> str:
    """Isolated: it reads from left to right in a Hebrew sentence."""
    return f"\u2066{ms} ms\u2069"
