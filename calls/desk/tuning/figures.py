"""What settings did, in numbers: a call's turns summed up, and the measures over many calls. Pure.

A call is the unit: its turns share a caller, a line and a minute, so uncertainty (calls/desk/tuning/uncertainty.py) is
that of calls, and every measure takes a weight for each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from calls.core.turns import Source
from calls.desk.tuning.answer_totals import AnswerFigures, AnyAnswer, AnyTurn, heard_text
from calls.whatif.scoring import word_errors
from calls.whatif.word_errors import WordErrors

CUT_OFF_MS = 400
"""An utterance that is followed by another within this was cut at a pause, most likely."""
HEARD = ("partial_ms", "final_ms")
"""Latencies of a caller's turn."""
ANSWERED = ("floor_ms", "total_ms")
"""Latencies of an answer."""
LATENCIES = (*HEARD, *ANSWERED)


@dataclass(slots=True)
class CallFigures:
    """One call's turns, summed up."""

    turns: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    words: int = 0
    """Of the heard texts."""
    regret: int = 0
    """Words that later results changed after the turn was handed on: a distance in words."""
    cut_offs: int = 0
    echoes: int = 0
    """Turns that were the line's own words, given back."""
    utterances: int = 0
    """Turns that the endpointer found."""
    span_ms: int = 0
    """From the first utterance to the end of the last."""
    latencies: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in LATENCIES})
    answering: AnswerFigures = field(default_factory=AnswerFigures)
    corrected: WordErrors = field(default_factory=WordErrors)
    """Of the turns that a person has corrected, as they were heard in the end."""
    engine: str = ""
    """That heard most of the turns."""

    @classmethod
    def of(
        cls, turns: Iterable[AnyTurn], answers: Iterable[AnyAnswer] = (), tokens: int = 0, characters: int = 0
    ) -> CallFigures:
        """From a call's turns and the line's answers, in any order, and what all that it prepared was charged for."""
        turns, answers = list(turns), list(answers)
        figures = cls(answering=AnswerFigures.of(turns, answers, tokens, characters))
        ordered = sorted(turns, key=lambda turn: turn.started_ms)
        for turn in ordered:
            heard = heard_text(turn)
            figures.turns += 1
            figures.sources[str(turn.source)] += 1
            figures.words += len(heard.split())
            figures.echoes += turn.echo
            if turn.revised_text is not None:
                figures.regret += word_errors(turn.text.split(), heard.split())
            figures._take(turn, HEARD)
        for answer in answers:
            figures._take(answer, ANSWERED)
        voiced = [turn for turn in ordered if not turn.vad_missed]
        figures.utterances = len(voiced)
        figures.cut_offs = sum(
            later.started_ms - turn.ended_ms < CUT_OFF_MS for turn, later in zip(voiced, voiced[1:], strict=False)
        )
        if voiced:
            figures.span_ms = max(turn.ended_ms for turn in voiced) - voiced[0].started_ms
        return figures

    def _take(self, one: AnyTurn | AnyAnswer, names: Iterable[str]) -> None:
        for name in names:
            value = getattr(one, name)
            if value is not None:
                self.latencies[name].append(value)


class Measure(StrEnum):
    """What two revisions are compared by."""

    PARTIAL_P50 = "partial_p50"
    PARTIAL_P95 = "partial_p95"
    FINAL_P50 = "final_p50"
    FINAL_P95 = "final_p95"
    FLOOR_P50 = "floor_p50"
    FLOOR_P95 = "floor_p95"
    TOTAL_P50 = "total_p50"
    TOTAL_P95 = "total_p95"
    EARLY = "early"
    FINAL = "final"
    PARTIAL = "partial"
    FALLBACK = "fallback"
    NONE = "none"
    REGRET = "regret"
    WORD_ERRORS = "word_errors"
    CUT_OFFS = "cut_offs"
    ECHOES = "echoes"
    WORDS_A_MINUTE = "words_a_minute"
    PAUSES_ANSWERED = "pauses_answered"
    WITHDRAWN = "withdrawn"
    WITHDRAWALS = "withdrawals"
    TOKENS_WITHDRAWN = "tokens_withdrawn"
    CHARACTERS_WITHDRAWN = "characters_withdrawn"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    FALSE_STARTS = "false_starts"


SHARES = {Measure(source.value): source for source in Source}
PERCENTILES = {
    Measure(f"{name.removesuffix('_ms')}_p{share}"): (name, share / 100) for name in LATENCIES for share in (50, 95)
}


ANSWER_RATIOS = {
    Measure.PAUSES_ANSWERED: ("into_pauses", "answers"),
    Measure.WITHDRAWN: ("after_withdrawals", "answers"),
    Measure.WITHDRAWALS: ("withdrawals", "answers"),
    Measure.TOKENS_WITHDRAWN: ("tokens_withdrawn", "tokens"),
    Measure.CHARACTERS_WITHDRAWN: ("characters_withdrawn", "characters"),
    Measure.INTERRUPTED: ("interrupted", "sounded"),
    Measure.RESUMED: ("resumed", "sounded"),
    Measure.FALSE_STARTS: ("false_starts", "sounded"),
}
"""Part and whole, of AnswerFigures."""
NUMBERS = frozenset({Measure.WORDS_A_MINUTE, Measure.WITHDRAWALS})
"""Neither latencies nor shares."""


class Sample:
    """Calls of one revision, made ready to be measured many times at different weights."""

    def __init__(self, calls: Sequence[CallFigures]) -> None:
        self.calls = list(calls)
        self.turns = sum(call.turns for call in calls)
        self._answering = {
            name: [getattr(call.answering, name) for call in calls] for pair in ANSWER_RATIOS.values() for name in pair
        }
        self._values: dict[str, list[int]] = {}
        self._owners: dict[str, list[int]] = {}
        for name in LATENCIES:
            pairs = sorted((value, i) for i, call in enumerate(calls) for value in call.latencies[name])
            self._values[name] = [value for value, _ in pairs]
            self._owners[name] = [i for _, i in pairs]

    def values(self, latency: str) -> list[int]:
        """In order."""
        return self._values[latency]

    def measures(self, weights: Sequence[int] | None = None) -> dict[Measure, float | None]:
        """Every measure, each call counted as often as its weight says; None where there is nothing to measure."""
        weights = weights if weights is not None else [1] * len(self.calls)
        found: dict[Measure, float | None] = {}
        for name in LATENCIES:
            upto = list(accumulate(map(weights.__getitem__, self._owners[name])))
            for measure, (latency, share) in PERCENTILES.items():
                if latency == name:
                    found[measure] = _at(self._values[name], upto, share)
        turns = self._sum(weights, [call.turns for call in self.calls])
        for measure, source in SHARES.items():
            found[measure] = _ratio(self._sum(weights, [call.sources[source.value] for call in self.calls]), turns)
        found[Measure.ECHOES] = _ratio(self._sum(weights, [call.echoes for call in self.calls]), turns)
        words = self._sum(weights, [call.words for call in self.calls])
        found[Measure.REGRET] = _ratio(self._sum(weights, [call.regret for call in self.calls]), words)
        wrong = self._sum(weights, [call.corrected.errors for call in self.calls])
        found[Measure.WORD_ERRORS] = _ratio(wrong, self._sum(weights, [call.corrected.words for call in self.calls]))
        utterances = self._sum(weights, [call.utterances for call in self.calls])
        found[Measure.CUT_OFFS] = _ratio(self._sum(weights, [call.cut_offs for call in self.calls]), utterances)
        minutes = self._sum(weights, [call.span_ms for call in self.calls]) / 60_000
        found[Measure.WORDS_A_MINUTE] = _ratio(words, minutes)
        for measure, (part, whole) in ANSWER_RATIOS.items():
            found[measure] = _ratio(
                self._sum(weights, self._answering[part]), self._sum(weights, self._answering[whole])
            )
        return found

    def _sum(self, weights: Sequence[int], values: Sequence[int]) -> int:
        return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _at(values: Sequence[int], upto: Sequence[int], share: float) -> float | None:
    """Nearest rank among weighted values; ``upto``: the sum of the weights so far."""
    if not upto or not upto[-1]:
        return None
    return values[bisect_left(upto, share * upto[-1])]


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
