"""What settings did, in numbers: a call's turns summed up, and the measures over many calls. Pure.

A call is the unit: its turns share a caller, a line and a minute, so uncertainty (calls/desk/tuning/uncertainty.py) is
that of calls, and every measure takes a weight for each.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import Protocol

from calls.core.agent_turns import FALSE_START, Outcome
from calls.core.turns import Source
from calls.whatif.scoring import word_errors

CUT_OFF_MS = 400
"""An utterance that is followed by another within this was cut at a pause, most likely."""
PAUSE_ANSWERED_MS = 1000
"""A caller who goes on within this of the floor taken had only paused, most likely."""
ONSET_MS = 300
"""Speech that began so short a time before the floor was taken was not known yet: it takes some frames to be told."""
HEARD = ("partial_ms", "final_ms")
"""Latencies of a caller's turn."""
ANSWERED = ("floor_ms", "total_ms")
"""Latencies of an answer."""
LATENCIES = (*HEARD, *ANSWERED)


class AnyTurn(Protocol):
    """A Turn, or its row by the names of a Turn's fields."""

    @property
    def started_ms(self) -> int: ...
    @property
    def ended_ms(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def revised_text(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def vad_missed(self) -> bool: ...
    @property
    def partial_ms(self) -> int | None: ...
    @property
    def final_ms(self) -> int | None: ...


class AnyAnswer(Protocol):
    """An agent's turn, by the names of its row's fields."""

    @property
    def started_ms(self) -> int: ...
    @property
    def ended_ms(self) -> int: ...
    @property
    def outcome(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def answers(self) -> int | None: ...
    @property
    def floor_ms(self) -> int | None: ...
    @property
    def first_audio_ms(self) -> int | None: ...
    @property
    def total_ms(self) -> int | None: ...
    @property
    def withdrawals(self) -> int | None: ...
    @property
    def tokens(self) -> int | None: ...
    @property
    def characters(self) -> int | None: ...


@dataclass(slots=True)
class AnswerFigures:
    """One call's answers to what the caller said, summed up; greetings and reprompts are none."""

    answers: int = 0
    into_pauses: int = 0
    """The caller went on at once: within PAUSE_ANSWERED_MS of the floor taken."""
    after_withdrawals: int = 0
    """Answers before which at least one preparation was withdrawn."""
    withdrawals: int = 0
    tokens: int = 0
    """Of a language model, in all that was prepared: greetings and reprompts as well."""
    tokens_withdrawn: int = 0
    """Of these, in what was withdrawn, or never sounded."""
    characters: int = 0
    """Synthesised, likewise."""
    characters_withdrawn: int = 0
    sounded: int = 0
    """All that the line has said: greetings and reprompts as well."""
    interrupted: int = 0
    """Of these, that a caller spoke over and that stopped."""
    resumed: int = 0
    """That stopped for a noise or a backchannel, and went on."""
    false_starts: int = 0
    """That the caller had not finished before."""

    @classmethod
    def of(
        cls, turns: Iterable[AnyTurn], answers: Iterable[AnyAnswer], tokens: int = 0, characters: int = 0
    ) -> AnswerFigures:
        """``tokens``, ``characters``: of all that the call prepared, as it was charged."""
        figures = cls()
        began_ms = sorted(turn.started_ms for turn in turns if not turn.vad_missed and heard_text(turn))
        kept_tokens = kept_characters = 0
        for answer in answers:
            kept_tokens += answer.tokens or 0
            kept_characters += answer.characters or 0
            figures._take_ending(answer, began_ms)
            if answer.answers is None or answer.floor_ms is None:
                continue
            figures.answers += 1
            figures.withdrawals += answer.withdrawals or 0
            figures.after_withdrawals += bool(answer.withdrawals)
            floor_at_ms = answer.started_ms - (answer.first_audio_ms or 0)
            first = bisect_right(began_ms, floor_at_ms - ONSET_MS)
            figures.into_pauses += first < len(began_ms) and began_ms[first] <= floor_at_ms + PAUSE_ANSWERED_MS
        # A process that died has kept its answers' rows and not the sum.
        figures.tokens, figures.characters = max(tokens, kept_tokens), max(characters, kept_characters)
        figures.tokens_withdrawn = figures.tokens - kept_tokens
        figures.characters_withdrawn = figures.characters - kept_characters
        return figures

    def _take_ending(self, answer: AnyAnswer, began_ms: Sequence[int]) -> None:
        """``began_ms``: when the caller began to say something."""
        self.sounded += 1
        self.resumed += answer.outcome == Outcome.RESUMED
        self.false_starts += answer.code == FALSE_START
        first = bisect_right(began_ms, answer.started_ms)
        spoken_over = first < len(began_ms) and began_ms[first] <= answer.ended_ms
        self.interrupted += answer.outcome == Outcome.INTERRUPTED and answer.code != FALSE_START and spoken_over


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
    utterances: int = 0
    """Turns that the endpointer found."""
    span_ms: int = 0
    """From the first utterance to the end of the last."""
    latencies: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in LATENCIES})
    answering: AnswerFigures = field(default_factory=AnswerFigures)

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


def heard_text(turn: AnyTurn) -> str:
    return turn.text if turn.revised_text is None else turn.revised_text


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
    CUT_OFFS = "cut_offs"
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
        words = self._sum(weights, [call.words for call in self.calls])
        found[Measure.REGRET] = _ratio(self._sum(weights, [call.regret for call in self.calls]), words)
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
