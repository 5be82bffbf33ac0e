"""Two revisions side by side, ready to be shown: each measure, each setting beside what it moves, and the plots."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from calls.desk.clock import zone, zone_name
from calls.desk.tuning.figures import NUMBERS, PERCENTILES, Measure
from calls.desk.tuning.mix import Mix, other_mixes
from calls.desk.tuning.selectors import DAY, MOST_COUNTED, SLOT_MS, Measured
from calls.desk.tuning.uncertainty import MIN_CALLS, Estimate, TrialVerdict, differences, verdict
from calls.desk.tuning.words import (
    LABELS,
    LESS_IS_BETTER,
    MIX_LABELS,
    MOVES,
    UNITS,
    Setting,
    kind_label,
    setting,
    shown_value,
)
from stt.models import SETTINGS

CHOOSES_ENGINE = ("engines", "streaming")
"""Settings whose change makes other engines hear."""


@dataclass(frozen=True, slots=True)
class MixRow:
    """A mix that differs, and the kind of calls whose shares differ most."""

    label: Any
    kind: Any
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as text: numbers left to right, whatever the page."""

    value: str
    interval: str = ""


@dataclass(frozen=True, slots=True)
class MeasureRow:
    label: Any
    a: Shown
    b: Shown
    difference: Shown
    mood: str
    """``better`` | ``worse`` | ``other`` | "" where nothing is clear."""


@dataclass(frozen=True, slots=True)
class SettingRow:
    setting: Setting
    default: str
    a: str
    b: str
    is_changed: bool
    moves: list[MeasureRow]


@dataclass
class Comparison:
    """B against A."""

    a: Measured
    b: Measured
    a_row: Any
    """The history's row: its name, and the settings."""
    b_row: Any
    found: dict[Measure, Estimate] = field(init=False)

    def __post_init__(self) -> None:
        self.found = differences(self.a.sample, self.a.drawn, self.b.sample, self.b.drawn)

    @property
    def verdict(self) -> TrialVerdict:
        return verdict(self.a.sample, self.b.sample, self.found)

    @property
    def open_labels(self) -> list[Any]:
        return [LABELS[measure] for measure in self.verdict.open]

    @property
    def a_name(self) -> str:
        return name_of(self.a_row)

    @property
    def b_name(self) -> str:
        return name_of(self.b_row)

    @property
    def looked_at(self) -> list[tuple[str, int, str, int]]:
        """Name, calls looked at, of how many, turns."""
        return [
            (name, len(side.sample.calls), counted(side), side.sample.turns)
            for name, side in ((self.a_name, self.a), (self.b_name, self.b))
        ]

    @property
    def too_few(self) -> int:
        """How many calls a side it takes to say better or worse, where one side has fewer; else 0."""
        return MIN_CALLS if min(len(self.a.sample.calls), len(self.b.sample.calls)) < MIN_CALLS else 0

    @cached_property
    def other_mixes(self) -> list[MixRow]:
        """In what the sides' calls differ, beside the settings."""
        engines_changed = any(getattr(self.a_row, name) != getattr(self.b_row, name) for name in CHOOSES_ENGINE)
        left_out = {Mix.ENGINE} if engines_changed else set()
        a, b = ({mix: kinds for mix, kinds in side.mixes.items() if mix not in left_out} for side in (self.a, self.b))
        return [
            MixRow(MIX_LABELS[one.mix], kind_label(one.mix, one.kind), f"{one.a:.0%}", f"{one.b:.0%}")
            for one in other_mixes(a, b)
        ]

    def measures(self) -> list[MeasureRow]:
        rows = [self._row(measure) for measure in Measure]
        return [row for row in rows if row.a.value != "—" or row.b.value != "—"]

    def settings(self) -> list[SettingRow]:
        rows = []
        for name in SETTINGS:
            a, b = (shown_value(name, getattr(row, name)) for row in (self.a_row, self.b_row))
            moves = [self._row(measure) for measure in MOVES.get(name, ())]
            known = [row for row in moves if row.b.value != "—"]
            one = setting(name)
            rows.append(SettingRow(one, shown_value(name, one.default), a, b, a != b, known))
        return sorted(rows, key=lambda row: not row.is_changed)

    @property
    def changed(self) -> int:
        """Settings that differ: with more than one, no figure is the work of one alone."""
        return sum(getattr(self.a_row, name) != getattr(self.b_row, name) for name in SETTINGS)

    def plots(self) -> dict[str, Any]:
        """For static/desk/plots.js: numbers and the words on the axes."""
        return {
            "a": self.a_name,
            "b": self.b_name,
            "slot_ms": SLOT_MS,
            "distribution": [self.a.distribution(), self.b.distribution()],
            "daily": self.a.slot >= DAY or self.b.slot >= DAY,
            "over_time": [
                [[int(p.at.timestamp()), p.p50_ms, p.p95_ms, p.calls] for p in side.over_time()]
                for side in (self.a, self.b)
            ],
            "words": {
                "final": _("from the end of speech to the text, ms"),
                "share": _("turns, %"),
                "time": f"{_('time')} ({zone_name()})",
            },
            "zone": zone(),
        }

    def _row(self, measure: Measure) -> MeasureRow:
        difference = self.found[measure]
        return MeasureRow(
            LABELS[measure],
            shown(measure, self.a.estimates.get(measure, Estimate(None))),
            shown(measure, self.b.estimates.get(measure, Estimate(None))),
            shown(measure, difference, signed=True),
            "" if self.other_mixes else _mood(measure, difference),
        )


def shown(measure: Measure, estimate: Estimate, *, signed: bool = False) -> Shown:
    if estimate.value is None:
        return Shown("—")
    if estimate.low is None or estimate.high is None:
        return Shown(_number(measure, estimate.value, signed))
    low, high = (_number(measure, edge, signed, bare=True) for edge in (estimate.low, estimate.high))
    return Shown(_number(measure, estimate.value, signed), f"{low} … {high}")


def name_of(row: Any) -> str:
    return f"{row.name}@{row.revision}"


def counted(side: Measured) -> str:
    return f"> {MOST_COUNTED}" if side.more_than_counted else str(side.calls)


def _mood(measure: Measure, difference: Estimate) -> str:
    if not difference.is_clear or difference.value is None:
        return ""
    if measure not in LESS_IS_BETTER:
        return "other"
    return "better" if difference.value < 0 else "worse"


def _number(measure: Measure, value: float, signed: bool, *, bare: bool = False) -> str:
    sign = "+" if signed else ""
    if measure in PERCENTILES:
        text = f"{value:{sign}.0f}"
    elif measure in NUMBERS:
        text = f"{value:{sign}.{2 if measure is Measure.WITHDRAWALS else 1}f}"
    else:
        text = f"{100 * value:{sign}.1f}"
    return text if bare or not UNITS[measure] else f"{text} {UNITS[measure]}"
