"""How likely a call is to have been heard badly, as points with their reasons: doubtful calls are reviewed first.

Pure. The points are counts of what the rows of a call say, each reason with its weight; nothing is learned or guessed:

| reason | counted | points each |
|---|---|---|
| ``silent`` | the call lasted 10 s or more, and no word of the caller was recognised | 10 |
| ``gave_up`` | answers failed until the line gave the call up | 10 |
| ``answer_failed`` | answers that failed, each with its code: ``answer_failed:voice_raised`` | 4 |
| ``no_words`` | turns with speech and no words | 4 |
| ``fallback`` | turns that the one-shot recogniser heard | 3 |
| ``deaf_s`` | whole seconds of speech in turns without words | 2 |
| ``regret`` | turns whose text was revised after it was handed on | 2 |
| ``interrupted`` | answers that the caller spoke over, and that stopped for it | 1 |
| ``asked_again`` | answers that said the same as the one before | 1 |

Of one reason 10 are counted at most, whatever their codes, so that a call of hours does not outweigh everything: no
call has more than 190. An answer that failed is that alone, whoever stopped it; one during which the caller hung up is
none of these.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calls.core.agent_turns import AGENT, CUT_OFF, GOES_ON, NO_INTERRUPTIONS, Outcome
from calls.core.turns import Source

POINTS = {
    "silent": 10,
    "gave_up": 10,
    "answer_failed": 4,
    "no_words": 4,
    "fallback": 3,
    "deaf_s": 2,
    "regret": 2,
    "interrupted": 1,
    "asked_again": 1,
}
WITH_CODE = "answer_failed"
"""The reason that has its code behind it: ``answer_failed:CODE``."""
GAVE_UP = "answer_failed"
"""The end of a call that its line gave up."""
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
    floor_rule: str = ""

    @property
    def has_failed(self) -> bool:
        """Of an answer: it came to an apology, whether that was heard to its end or not."""
        cut_off = self.outcome == Outcome.INTERRUPTED and self.code not in ("", CUT_OFF, *NO_INTERRUPTIONS)
        return self.outcome == Outcome.FAILED or cut_off

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
    """How often each of POINTS was found, in that order, WITH_CODE with its codes; those that were not found are left
    out."""


def doubt_of(turns: Iterable[TurnOfDoubt], lasted_s: float, end_reason: str = "") -> Doubt:
    """Of a call with these turns, in any order."""
    turns = sorted(turns, key=lambda turn: turn.started_ms)
    answers = [turn for turn in turns if turn.speaker == AGENT]
    heard = [turn for turn in turns if turn.speaker != AGENT and not turn.echo]
    found = _of_answers(answers, [turn.started_ms for turn in heard if turn.has_words])
    deaf_ms = 0
    for turn in heard:
        found["fallback"] += turn.source == Source.FALLBACK
        found["regret"] += turn.revised_text is not None
        if not turn.has_words and turn.code != TOO_SHORT:
            found["no_words"] += 1
            deaf_ms += max(0, turn.ended_ms - turn.started_ms)
    found["deaf_s"] = deaf_ms // 1000
    found["silent"] = int(not any(turn.has_words for turn in heard) and lasted_s >= SILENT_FROM_S)
    found["gave_up"] = int(end_reason == GAVE_UP)
    reasons = {name: found[name] for reason in POINTS for name in found if _reason(name) == reason and found[name]}
    times: Counter[str] = Counter()
    for name, often in reasons.items():
        times[_reason(name)] += often
    return Doubt(sum(POINTS[reason] * min(often, MOST_COUNTED) for reason, often in times.items()), reasons)


def _of_answers(answers: Sequence[TurnOfDoubt], began_ms: Sequence[int]) -> Counter[str]:
    """``began_ms``: when the caller began to say something, in order."""
    found: Counter[str] = Counter()
    said = ""
    for answer in answers:
        if answer.has_failed:
            found[f"{WITH_CODE}:{answer.code}"] += 1
        elif answer.outcome == Outcome.INTERRUPTED and answer.code not in NO_INTERRUPTIONS:
            first = bisect_right(began_ms, answer.started_ms)
            found["interrupted"] += first < len(began_ms) and began_ms[first] <= answer.ended_ms
        elif answer.outcome == Outcome.PLAYED and answer.floor_rule != GOES_ON:
            found["asked_again"] += bool(said) and answer.text == said
            said = answer.text
    return found


def _reason(name: str) -> str:
    """Its name in POINTS."""
    return name.partition(":")[0]
