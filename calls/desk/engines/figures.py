"""How well an engine heard a set of turns: its figures, each with the interval that its calls leave open. Pure.

A call is the unit of the bootstrap: its turns share a caller, a telephone and a place. All engines heard the same turns
and are drawn with the same seed, so that the difference of two is theirs, and not that of the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from random import Random

from calls.desk.tuning.uncertainty import LEVEL, MIN_CALLS, Estimate
from calls.reply.spoken_numbers import words_of
from calls.whatif.word_errors import WordErrors, compare
from voiceapp.runtime.percentile import percentile

RESAMPLES = 500
SHORT_WORDS = 2
"""An answer of so many words is a short one: yes, no, a number, a city."""


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """One turn as an engine heard it."""

    call: str
    errors: WordErrors
    is_short: bool
    final_ms: int | None
    code: str = ""

    @classmethod
    def of(cls, call: str, said: str, heard: str, final_ms: int | None, code: str = "") -> HeardTurn:
        return cls(call, compare(said, heard).errors, 0 < len(words_of(said)) <= SHORT_WORDS, final_ms, code)


@dataclass(slots=True)
class _CallSum:
    """A call's turns, summed up."""

    errors: WordErrors = field(default_factory=WordErrors)
    short: int = 0
    short_right: int = 0
    turns: int = 0
    failed: int = 0
    finals_ms: list[int] = field(default_factory=list)

    def take(self, turn: HeardTurn) -> None:
        self.errors += turn.errors
        self.turns += 1
        self.short += turn.is_short
        self.short_right += turn.is_short and not turn.errors.errors
        self.failed += bool(turn.code)
        if turn.final_ms is not None:
            self.finals_ms.append(turn.final_ms)


Sums = Sequence[_CallSum]


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _wer(calls: Sums) -> float | None:
    return _ratio(sum(one.errors.errors for one in calls), sum(one.errors.words for one in calls))


def _cer(calls: Sums) -> float | None:
    return _ratio(sum(one.errors.letter_errors for one in calls), sum(one.errors.letters for one in calls))


def _final(share: float) -> Callable[[Sums], float | None]:
    return lambda calls: percentile([ms for one in calls for ms in one.finals_ms], share)


FIGURES: dict[str, Callable[[Sums], float | None]] = {
    "wer": _wer,
    "cer": _cer,
    "short": lambda calls: _ratio(sum(one.short_right for one in calls), sum(one.short for one in calls)),
    "final_p50": _final(0.5),
    "final_p95": _final(0.95),
    "failed": lambda calls: _ratio(sum(one.failed for one in calls), sum(one.turns for one in calls)),
}
"""By name, each of some calls."""


def figures(turns: Sequence[HeardTurn], seed: int) -> dict[str, Estimate]:
    """Every figure, with its interval where there are MIN_CALLS."""
    calls = _by_call(turns)
    drawn = list(_draws(calls, seed))
    return {name: _estimate(of(calls), [of(draw) for draw in drawn]) for name, of in FIGURES.items()}


def wer_difference(a: Sequence[HeardTurn], b: Sequence[HeardTurn], seed: int) -> Estimate:
    """WER of B minus that of A, which heard the same turns."""
    of_a, of_b = _by_call(a), _by_call(b)
    pairs = zip(_draws(of_a, seed), _draws(of_b, seed), strict=True)
    return _estimate(_minus(_wer(of_b), _wer(of_a)), [_minus(_wer(y), _wer(x)) for x, y in pairs])


def _by_call(turns: Sequence[HeardTurn]) -> list[_CallSum]:
    sums = []
    for _, group in groupby(sorted(turns, key=lambda turn: turn.call), lambda turn: turn.call):
        one = _CallSum()
        for turn in group:
            one.take(turn)
        sums.append(one)
    return sums


def _draws(calls: Sums, seed: int) -> Iterator[Sums]:
    random = Random(seed)
    for _ in range(RESAMPLES if len(calls) >= MIN_CALLS else 0):
        yield random.choices(calls, k=len(calls))


def _minus(b: float | None, a: float | None) -> float | None:
    return None if a is None or b is None else b - a


def _estimate(value: float | None, drawn: Sequence[float | None]) -> Estimate:
    known = [one for one in drawn if one is not None]
    if value is None or not known:
        return Estimate(value)
    edge = (1 - LEVEL) / 2
    return Estimate(value, percentile(known, edge), percentile(known, 1 - edge))
