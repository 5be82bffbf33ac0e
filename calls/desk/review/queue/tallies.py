"""Who reviewed how many, and what two reviews of one call have in common; from rows, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.desk.line_limits.seen import ALL, SeenLines
from calls.desk.review.models import Correction
from calls.desk.review.queue.agreement import FEW_CALLS, Proportion, alpha
from calls.desk.review.queue.models import CallReview, ReviewSample
from calls.desk.rows import percent
from calls.storage.models import Transcript
from calls.whatif.word_errors import WordErrors, compare

DAYS = 14
AGREEMENT_OF = timedelta(days=90)
MOST_PAIRS = 200
"""The newest."""


@dataclass(slots=True)
class Tally:
    """What a person reviewed on a day."""

    day: date
    username: str
    calls: int = 0
    corrected: int = 0
    """Calls in which the person corrected something."""
    minutes: float | None = None
    """The median from having a call to being done with it; None where none was claimed."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far two agree on calls; ``alpha`` and ``words`` are None where there are too few, or nothing to compare."""

    calls: int
    same: Proportion
    alpha: float | None
    words: float | None
    """The share of words that both left as the same."""

    @property
    def is_few(self) -> bool:
        return self.calls < FEW_CALLS

    @property
    def words_shown(self) -> str:
        return "" if self.words is None else percent(self.words)

    @property
    def wanted(self) -> int:
        return FEW_CALLS


def tallies(now: datetime, seen: SeenLines = ALL) -> list[Tally]:
    """By day, the newest first, and person: of calls of these lines."""
    since = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    rows: dict[tuple[date, str], Tally] = {}
    took: dict[tuple[date, str], list[float]] = defaultdict(list)
    columns = "made_at", "username", "corrected", "opened_at"
    reviews = seen.of(CallReview).filter(made_at__gte=since)
    for made_at, username, corrected, opened_at in reviews.values_list(*columns):
        key = timezone.localtime(made_at).date(), username
        tally = rows.setdefault(key, Tally(*key))
        tally.calls += 1
        tally.corrected += bool(corrected)
        if opened_at is not None:
            took[key].append((made_at - opened_at).total_seconds() / 60)
    for key, minutes in took.items():
        rows[key].minutes = median(minutes)
    return sorted(rows.values(), key=lambda one: (-one.day.toordinal(), one.username))


def agreed(now: datetime, seen: SeenLines = ALL) -> Agreed:
    """Of the newest calls of these lines that two people reviewed, neither of whom could read the other."""
    recent = seen.of(CallReview).filter(made_at__gte=now - AGREEMENT_OF, user__isnull=False).exclude(is_blind=False)
    twice = recent.order_by().values("call").annotate(n=Count("pk")).filter(n__gte=2).order_by("-call_id")
    calls = [row["call"] for row in twice[:MOST_PAIRS]]
    by_call: dict[int, list[CallReview]] = defaultdict(list)
    for review in recent.filter(call__in=calls).order_by("made_at", "pk"):
        by_call[review.call_id].append(review)
    pairs = [(first, second) for first, second, *_later in by_call.values()]
    verdicts = [(first.verdict, second.verdict) for first, second in pairs]
    same = Proportion(sum(a == b for a, b in verdicts), len(verdicts))
    few = len(pairs) < FEW_CALLS
    return Agreed(len(pairs), same, None if few else alpha(verdicts), None if few else _same_words(pairs))


def _same_words(pairs: Iterable[tuple[CallReview, CallReview]]) -> float | None:
    """What each left of a call's turns: their own last correction before they were done, else what was heard."""
    reviews = {pair[0].call_id: pair for pair in pairs}
    until = {(one.call_id, one.user_id): one.made_at for pair in reviews.values() for one in pair}
    left: dict[tuple[int, int, int | None], str | None] = {}
    for row in Correction.objects.filter(call__in=reviews).order_by("number"):
        if row.made_at <= until.get((row.call_id, row.user_id), row.made_at):
            left[row.call_id, row.turn, row.user_id] = None if row.withdrawn else row.text
    errors = WordErrors()
    for turn in Transcript.objects.heard().filter(call__in=reviews, echo=False).order_by():
        own = [left.get((turn.call_id, turn.number, one.user_id)) for one in reviews[turn.call_id]]
        a, b = (turn.heard_text if text is None else text for text in own)
        errors += compare(a, b).errors
    return max(0.0, 1 - errors.errors / errors.words) if errors.words else None


@dataclass(frozen=True, slots=True)
class SampleFindings:
    """What a sample's reviews say so far."""

    reviewed: int
    left: int
    """Calls of it that are stored yet; the others were purged."""
    shares: list[tuple[Any, Proportion]]
    """By verdict, and of calls in which nothing was corrected."""


def found_in(sample: ReviewSample, reviews: QuerySet[CallReview]) -> SampleFindings:
    """By the first of these reviews of each of its calls."""
    calls = list(sample.calls.values_list("queued", flat=True))
    first: dict[int, CallReview] = {}
    for review in reviews.filter(call__in=calls).order_by("made_at", "pk"):
        first.setdefault(review.call_id, review)
    n = len(first)
    shares: list[tuple[Any, Proportion]] = [
        (verdict.label, Proportion(sum(one.verdict == verdict for one in first.values()), n))
        for verdict in CallReview.Verdict
    ]
    shares.append((_("nothing to correct"), Proportion(sum(not one.corrected for one in first.values()), n)))
    return SampleFindings(n, len(calls), shares)
