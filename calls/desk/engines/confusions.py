"""The words that engines confuse most: of a measurement, with the turns in which they did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Max
from django.urls import reverse
from django.utils import timezone

from calls.desk.engines.models import EngineMeasurement, MeasuredTurn
from calls.desk.review.queue.blind import blind_for
from calls.desk.rows import ROWS_A_PAGE
from calls.storage.models import Transcript
from calls.whatif.word_errors import Confusion, compare

MOST_LOOKED_AT = 5000
"""Texts of a measurement."""
KEPT = 8
"""Measurements, each as one set of people sees it, whose compared words a process keeps: 5000 texts take a second."""
MOST_SHOWN = 25
MOST_TURNS = 3
"""Linked of each."""


@dataclass(frozen=True, slots=True)
class LinkedTurn:
    """A turn, and where its page is."""

    call_sid: str
    number: int
    address: str

    @property
    def name(self) -> str:
        """Short: the end of the call's id tells calls apart."""
        return f"{self.call_sid[-4:]} · {self.number}"


@dataclass(slots=True)
class ConfusedWord:
    """One word taken for another: how often by which engine, and where."""

    said: str
    """"": nothing was."""
    heard: str
    counts: Counter[str] = field(default_factory=Counter)
    """By engine."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """A call's id and a turn's number: each once."""
    turns: list[LinkedTurn] = field(default_factory=list)
    """Of MOST_TURNS places."""

    @property
    def count(self) -> int:
        return self.counts.total()

    @property
    def may_be_expected(self) -> bool:
        """As a phrase hint: it is a word, and no number."""
        return self.said.isalpha() and len(self.said) > 1


def confused_words(measurement: EngineMeasurement, user: Any) -> list[ConfusedWord]:
    """The commonest first, as this person is told them: what was said in a turn is what a reviewer wrote, so the turns
    of calls that they are blind for are left out."""
    rows = measurement.measured_turns.order_by()
    untold = blind_for(user, timezone.now()).filter(pk__in=rows.filter(call__isnull=False).values("call"))
    kept = rows.aggregate(newest=Max("pk"), count=Count("pk"))
    left_out = frozenset(untold.values_list("pk", flat=True))
    shown = _compared(measurement.pk, measurement.made_at, kept["newest"], kept["count"], left_out)
    words = [replace(one, turns=[]) for one in shown]
    _link(words)
    return words


@lru_cache(KEPT)
def _compared(
    measurement: int, _made_at: datetime, _newest: int | None, _count: int, left_out: frozenset[int]
) -> tuple[ConfusedWord, ...]:
    """Without their links. The newest and the number of the rows: when some go with their call, it is compared
    anew."""
    found: dict[Confusion, ConfusedWord] = {}
    columns = "call_id", "turn", "engine", "said", "heard"
    rows = MeasuredTurn.objects.filter(measurement=measurement).order_by("pk").values_list(*columns)
    for call, turn, engine, said, heard in rows[:MOST_LOOKED_AT]:
        if call in left_out:
            continue
        for confusion in compare(said, heard).confusions:
            one = found.setdefault(confusion, ConfusedWord(confusion.said, confusion.heard))
            one.counts[engine] += 1
            if call is not None and (call, turn) not in one.places:
                one.places.append((call, turn))
    return tuple(sorted(found.values(), key=lambda one: (-one.count, one.said, one.heard))[:MOST_SHOWN])


def _link(words: Sequence[ConfusedWord]) -> None:
    """To the page of the call's turns on which each stands."""
    calls = {call for one in words for call, _ in one.places[:MOST_TURNS]}
    turns: dict[int, list[int]] = defaultdict(list)
    sids: dict[int, str] = {}
    in_order = Transcript.objects.filter(call__in=calls).order_by("call", "started_ms", "number")
    for call, sid, number in in_order.values_list("call", "call__call_sid", "number"):
        turns[call].append(number)
        sids[call] = sid
    for one in words:
        for call, number in one.places[:MOST_TURNS]:
            if number in turns[call]:
                page = turns[call].index(number) // ROWS_A_PAGE + 1
                address = reverse("admin:calls_call_change", args=[call])
                one.turns.append(LinkedTurn(sids[call], number, f"{address}?turns={page}#turn-{number}"))
