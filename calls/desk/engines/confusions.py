"""The words that engines confuse most: of a measurement, with the turns in which they did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from calls.desk.engines.models import EngineMeasurement
from calls.desk.rows import ROWS_A_PAGE
from calls.storage.models import Transcript
from calls.whatif.word_errors import Confusion, compare

MOST_LOOKED_AT = 5000
"""Texts of a measurement."""
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


def confused_words(measurement: EngineMeasurement) -> list[ConfusedWord]:
    """The commonest first."""
    found: dict[Confusion, ConfusedWord] = {}
    for row in measurement.measured_turns.all()[:MOST_LOOKED_AT]:
        for confusion in compare(row.said, row.heard).confusions:
            one = found.setdefault(confusion, ConfusedWord(confusion.said, confusion.heard))
            one.counts[row.engine] += 1
            place = (row.call_id, row.turn)
            if row.call_id is not None and place not in one.places:
                one.places.append((row.call_id, row.turn))
    shown = sorted(found.values(), key=lambda one: (-one.count, one.said, one.heard))[:MOST_SHOWN]
    _link(shown)
    return shown


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
