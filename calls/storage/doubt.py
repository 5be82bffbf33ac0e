"""How likely a call is to have been heard badly, as points with their reasons: doubtful calls are reviewed first.

Pure. The points are counts of what the rows of a call say, each reason with its weight; nothing is learned or guessed:

| reason | counted | points each |
|---|---|---|
| ``silent`` | the call lasted 10 s or more, and no word of the caller was recognised | 10 |
| ``no_words`` | turns with speech and no words | 4 |
| ``fallback`` | turns that the one-shot recogniser heard | 3 |
| ``deaf_s`` | whole seconds of speech in turns without words | 2 |
| ``regret`` | turns whose text was revised after it was handed on | 2 |
| ``interrupted`` | answers that the caller cut off | 1 |

Of one reason 10 are counted at most, so that a call of hours does not outweigh everything: no call has more than 130.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from calls.core.agent_turns import AGENT, NO_INTERRUPTIONS, Outcome
from calls.core.turns import Source

POINTS = {"silent": 10, "no_words": 4, "fallback": 3, "deaf_s": 2, "regret": 2, "interrupted": 1}
MOST_COUNTED = 10
SILENT_FROM_S = 10.0
TOO_SHORT = "too_short"
"""The code of a click or a breath: it has no words, and nothing is doubtful about that."""


@dataclass(frozen=True, slots=True)
class TurnOfDoubt:
    """What counts of a turn's row (calls/storage/models.py)."""

    speaker: str
    started_ms: int
    ended_ms: int
    text: str
    revised_text: str | None
    source: str
    code: str
    outcome: str
    echo: bool

    @property
    def has_words(self) -> bool:
        """Or had some, which the line does not keep (calls/core/kept_words.py)."""
        if self.revised_text is None and not self.text:
            return self.source != Source.NONE
        return bool((self.text if self.revised_text is None else self.revised_text).strip())


@dataclass(frozen=True, slots=True)
class Doubt:
    """Of a call that has ended."""

    points: int
    reasons: dict[str, int]
    """How often each of POINTS was found, in that order; those that were not found are left out."""


def doubt_of(turns: Iterable[TurnOfDoubt], lasted_s: float) -> Doubt:
    """Of a call with these turns."""
    found: Counter[str] = Counter()
    deaf_ms, words = 0, False
    for turn in turns:
        if turn.speaker == AGENT:
            found["interrupted"] += turn.outcome == Outcome.INTERRUPTED and turn.code not in NO_INTERRUPTIONS
        elif not turn.echo:
            heard = turn.has_words
            words = words or heard
            found["fallback"] += turn.source == Source.FALLBACK
            found["regret"] += turn.revised_text is not None
            if not heard and turn.code != TOO_SHORT:
                found["no_words"] += 1
                deaf_ms += max(0, turn.ended_ms - turn.started_ms)
    found["deaf_s"] = deaf_ms // 1000
    found["silent"] = int(not words and lasted_s >= SILENT_FROM_S)
    reasons = {reason: found[reason] for reason in POINTS if found[reason]}
    return Doubt(sum(POINTS[reason] * min(times, MOST_COUNTED) for reason, times in reasons.items()), reasons)
