"""Figures read from rows, in bounded time: the newest calls of a revision by index, never all of them.

What was looked at is part of the answer. Kept for a while in the process's cache; a call that ends makes a new answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from calls.core.agent_turns import AGENT
from calls.desk.line_limits.seen import ALL, SeenLines
from calls.desk.review.models import Correction
from calls.desk.tuning.answer_totals import heard_text
from calls.desk.tuning.figures import CallFigures, Measure, Sample
from calls.desk.tuning.mix import Mix, Mixes, caller_of, day_of, hour_of, words_of
from calls.desk.tuning.uncertainty import Estimate, Resamples, estimates, resamples
from calls.lines.models import Trial
from calls.storage.models import Call, CallEvent, Transcript
from calls.whatif.word_errors import compare
from stt.engines.waivers import WAIVABLE

MOST_CALLS = 400
"""Of a revision, the newest."""
MOST_TURNS = 12_000
MOST_COUNTED = 10_000
"""Beyond it a revision has "more than" so many calls."""
KEPT_S = 300
SLOT_MS = 50
"""Width of a slot in a distribution."""
SLOTS = 70
DAY = timedelta(days=1)
STEPS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), DAY)
"""Calls are plotted by the finest of these that makes no more than MOST_POINTS."""
MOST_POINTS = 48


@dataclass(frozen=True, slots=True)
class Point:
    """Finals of one minute, hour or day."""

    at: datetime
    calls: int
    p50_ms: float
    p95_ms: float


@dataclass(slots=True)
class Measured:
    """One revision, as far as it was looked at."""

    profile: int
    revision: int
    calls: int
    """Of the revision that are over, up to MOST_COUNTED + 1."""
    sample: Sample
    """The newest of them."""
    started: list[datetime]
    """Of the sample's calls, in its order."""
    drawn: Resamples
    estimates: dict[Measure, Estimate]
    mixes: Mixes = field(default_factory=dict)
    """Calls of the sample by their kinds."""

    @property
    def more_than_counted(self) -> bool:
        return self.calls > MOST_COUNTED

    @property
    def slot(self) -> timedelta:
        """Of the plot over time."""
        span = max(self.started) - min(self.started) if self.started else timedelta()
        return next((step for step in STEPS if span <= MOST_POINTS * step), DAY)

    def distribution(self, latency: str = "final_ms") -> list[float]:
        """Share of turns in each slot of SLOT_MS; the last one holds what is beyond."""
        values = self.sample.values(latency)
        counts = [0] * SLOTS
        for value in values:
            counts[min(SLOTS - 1, value // SLOT_MS)] += 1
        return [count / len(values) for count in counts] if values else []

    def over_time(self) -> list[Point]:
        """Finals by the time of their calls."""
        calls = sorted(zip(self.started, self.sample.calls, strict=True), key=lambda pair: pair[0])
        points = []
        for at, group in groupby(calls, key=lambda pair: _slot_of(pair[0], self.slot)):
            sample = Sample([figures for _, figures in group])
            found = sample.measures()
            p50, p95 = found[Measure.FINAL_P50], found[Measure.FINAL_P95]
            if p50 is not None and p95 is not None:
                points.append(Point(at, len(sample.calls), p50, p95))
        return points


def refused_settings(profile: int, revision: int, seen: SeenLines = ALL) -> dict[str, int]:
    """Code of stt/engines/waivers.py -> calls of a revision that were heard without that setting: the engine refuses
    it."""
    events = seen.of(CallEvent).filter(code__in=WAIVABLE, call__tuning_profile=profile, call__tuning_revision=revision)
    return dict(events.order_by("code").values_list("code").annotate(Count("call", distinct=True)))


def measured(profile: int, revision: int, trial: Trial | None = None, *, seen: SeenLines = ALL) -> Measured:
    """A revision's figures, of calls of these lines; ``trial``: only of its calls."""
    over = seen.of(Call).filter(tuning_profile=profile, tuning_revision=revision, ended_at__isnull=False)
    if trial is not None:
        over = over.filter(_within(trial))
    columns = ("pk", "started_at", "from_number", "to_number", "reply_tokens", "reply_characters")
    newest: list[Any] = list(over.order_by("-started_at").values_list(*columns, named=True)[:MOST_CALLS])
    of_what = f"{profile}:{revision}:{trial.pk if trial else 0}:{seen.key}"
    key = f"desk:mixes:{of_what}:{len(newest)}:{newest[0].pk if newest else 0}"
    found = cache.get_or_set(key, lambda: _measure(profile, revision, over, newest), KEPT_S)
    return cast("Measured", found)


def _measure(profile: int, revision: int, over: QuerySet[Call], newest: Sequence[Any]) -> Measured:
    figures = _figures({call.pk: (call.reply_tokens, call.reply_characters) for call in newest})
    kept = [call for call in newest if call.pk in figures and call.started_at is not None]
    sample = Sample([figures[call.pk] for call in kept])
    drawn = resamples(sample, seed=revision)
    counted = over.order_by()[: MOST_COUNTED + 1].count() if len(newest) == MOST_CALLS else len(newest)
    started = [call.started_at for call in kept]
    return Measured(
        profile, revision, counted, sample, started, drawn, estimates(sample, drawn), _mixes(kept, sample.calls)
    )


def _mixes(calls: Sequence[Any], figures: Sequence[CallFigures]) -> dict[Mix, Counter[str]]:
    began = [timezone.localtime(call.started_at) for call in calls]
    return {
        Mix.LINE: Counter(call.to_number for call in calls),
        Mix.HOUR: Counter(map(hour_of, began)),
        Mix.DAY: Counter(map(day_of, began)),
        Mix.CALLER: Counter(caller_of(call.from_number) for call in calls),
        Mix.WORDS: Counter(words_of(one.words) for one in figures),
        Mix.ENGINE: Counter(one.engine for one in figures if one.engine),
    }


def _figures(charged: Mapping[int, tuple[int, int]]) -> dict[int, CallFigures]:
    """Of these calls, as far as MOST_TURNS reach; a call without a turn has figures of nothing.

    ``charged``: tokens and characters of all that each call prepared.
    """
    rows = (
        Transcript.objects.filter(call_id__in=charged)
        .order_by("-call_id")
        .annotate(vad_missed=F("unvoiced"))
        .values_list(
            "call_id", "number", "speaker", "started_ms", "ended_ms", "text", "revised_text", "source", "vad_missed",
            "echo", "engine",
            "partial_ms", "final_ms", "total_ms",
            "answers", "floor_ms", "first_audio_ms", "withdrawals", "tokens", "characters",
            "outcome", "code", named=True,
        )[: MOST_TURNS + 1]
    )  # fmt: skip
    turns: list[Any] = list(rows)
    cut_off = turns[MOST_TURNS].call_id if len(turns) > MOST_TURNS else None
    said = _corrected(charged)
    figures = {
        call: _figures_of(list(group), *charged[call], said.get(call, {})) for call, group in groupby(turns, _call_of)
    }
    if cut_off is not None:
        return {call: one for call, one in figures.items() if call > cut_off}
    return {call: figures.get(call) or CallFigures() for call in charged}


def _call_of(row: Any) -> int:
    return int(row.call_id)


def _figures_of(rows: Sequence[Any], tokens: int, characters: int, said: Mapping[int, str]) -> CallFigures:
    """``said``: what was said in the turns that somebody has corrected, by their numbers."""
    turns, answers = ([row for row in rows if (row.speaker == AGENT) is agents] for agents in (False, True))
    figures = CallFigures.of(turns, answers, tokens, characters)
    figures.engine = next((name for name, _ in Counter(turn.engine for turn in turns).most_common(1)), "")
    for turn in turns:
        if turn.number in said:
            figures.corrected += compare(said[turn.number], heard_text(turn)).errors
    return figures


def _corrected(calls: Iterable[int]) -> dict[int, dict[int, str]]:
    """Of each of these calls, the corrections that stand."""
    said: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Correction.objects.filter(call_id__in=calls).order_by("number")
    for call, turn, text, withdrawn in rows.values_list("call_id", "turn", "text", "withdrawn"):
        if withdrawn:
            said[call].pop(turn, None)
        else:
            said[call][turn] = text
    return said


def _within(trial: Trial) -> Q:
    during = Q(to_number=trial.line.number, started_at__gte=trial.started_at)
    return during & Q(started_at__lt=trial.ended_at) if trial.ended_at else during


def _slot_of(at: datetime, slot: timedelta) -> datetime:
    local = timezone.localtime(at)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (local - midnight) // slot * slot
