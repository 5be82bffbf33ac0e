"""Which calls a typed query finds among millions: the newest of the list that have every word.

The newest calls of the list are walked first, turn by turn: a word that many calls have is found there, and an index of
words would give every turn that has it. What is said seldom is looked for in that index (migrations ``search_text``,
``corrections_found`` and ``values_found``), in windows of calls' ids from the newest backwards, each as large as the
hits so far make necessary. SQLite reads the same windows without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Concat
from django.utils.functional import cached_property

from calls.core.addresses import local_digits, number_within
from calls.core.agent_turns import AGENT
from calls.core.search_text import SearchWord, search_text, words
from calls.desk.review.models import Correction
from calls.storage.models import Call, SavedValue, Transcript
from calls.storage.queued_calls import QueuedCall

MOST_FOUND = 1001
"""Calls that a search gives at most, where nobody asks for fewer."""
SHORT_LETTERS, SHORT_DIGITS = 3, 5
"""Shorter words and numbers are in so many calls, or help the trigram index so little, that the newest must do."""
NEWEST_CALLS = 2000
"""Of the list as it is filtered, which are walked: some 20 000 turns."""
FIRST_WALKED = 500
"""Of them, which are walked first for words that are not short: a word that many calls have is in enough of them, and
what is said seldom is better looked for in the index."""
FURTHER_WALKED = 4000
"""So many more are walked where that will do."""
SAMPLED_CALLS = 200
"""The newest: in how few of them a word is found says which word of several is the rarest."""
MOST_CANDIDATES = 20_000
"""Calls of a window that have the rarest word: the newest of them are looked through for the others."""
SPARE = 1.5
"""A window is so much larger than the hits so far make necessary: no word is spread evenly."""
FURTHER = 8
"""A window is so many times as large as the one before it, where there were no hits."""
MOST_SENT = 500
"""Candidates that SQLite is sent as a list of ids: of more it is sent the query, and runs it again. Their number times
three times MOST_WORDS is bound to one statement at most; SQLite takes 32 766."""
LATER_CALLS = 2000
"""By so many ids a call may have come into the table later than one of a narrowed list that began after it."""


class SaidBy(StrEnum):
    """Whose words are looked for."""

    CALLER = "caller"
    LINE = "line"
    ANYONE = "anyone"


Identified = Callable[[SearchWord], Q]
"""The calls that a word names: by a number, or by their CallSid."""
Calls = dict[str, Any]
"""Which calls, by lookups of their ids: ``{"in": a query of ids, or their list}``, ``{"gt": 0, "lte": 99}``."""
Ids = QuerySet[Any, Any] | list[int]


def search(
    calls: QuerySet[Call],
    query: str,
    *,
    unsaid: QuerySet[QueuedCall] | None = None,
    whole_numbers: bool = False,
    said_by: SaidBy = SaidBy.CALLER,
    most: int = MOST_FOUND,
) -> QuerySet[Call]:
    """The newest ``most`` calls that have every word of the query, or "words in quotes": heard or corrected so, kept as
    the answer to a question, unless that is secret, in a number, or as the CallSid begins. ``unsaid``: calls of whose
    corrections whoever searches must not know. ``whole_numbers``: a caller's number is found by all of it alone: by
    parts a masked one could be guessed digit by digit. ``said_by``: whose words; the line's are looked for in the
    newest NEWEST_CALLS of the list, for no index has what a line says in every call.

    Parts of words are found; short ones in the newest NEWEST_CALLS of the list alone. Both sides are read in one form:
    calls/core/search_text.py. A query without a letter or digit finds nothing.
    """
    asked = list(words(query))
    if not asked:
        return calls.none() if query.strip() else calls
    one = _Search(calls, asked, _by_whole_number if whole_numbers else _by_number, unsaid)
    found = one.newest(most) if said_by is SaidBy.CALLER else one.with_answers(most, or_heard=said_by is SaidBy.ANYONE)
    return calls.filter(of_ids("pk", list(found)))


class _Search:
    """One search: what its words are looked for in. Calls are handed from query to query as queries, for a list of
    thousands of ids is itself slow to send and to plan; but those of a list that is narrowed, which can cost more to
    walk, and is walked once."""

    def __init__(
        self,
        calls: QuerySet[Call],
        asked: list[SearchWord],
        identified: Identified,
        unsaid: QuerySet[QueuedCall] | None,
    ) -> None:
        self._calls, self._asked, self._identified, self._unsaid = calls, asked, identified, unsaid
        self._is_narrowed = bool(calls.query.where)

    def newest(self, most: int) -> set[int]:
        if any(map(_is_short, self._asked)):
            return set(sorted(self._walked(0, NEWEST_CALLS), reverse=True)[:most])
        found = self._walked(0, FIRST_WALKED)
        if found and len(found) < most:
            further = _needed(FIRST_WALKED, found, most)
            if further <= FURTHER_WALKED:
                found |= self._walked(FIRST_WALKED, FIRST_WALKED + further)
        if len(found) < most:
            walked = list(self._first)
            if len(walked) == FIRST_WALKED:
                self._look_further(found, most, walked)
        return set(sorted(found, reverse=True)[:most])

    def with_answers(self, most: int, *, or_heard: bool) -> set[int]:
        """Those in which the line has said the words. ``or_heard``: or has heard some of them."""
        answers = Transcript.objects.filter(_of("call_id", {"in": self._newest}), speaker=AGENT).order_by()
        rows = answers.values_list("call_id", "text", "played_text")
        said = [(call, search_text(text if played is None else played)) for call, text, played in rows]
        by_word = [{call for call, text in said if _is_in(word, text)} for word in self._asked]
        if or_heard:
            heard = (self._having(word, {"in": self._newest}) for word in self._asked)
            by_word = [by_line | set(by_caller) for by_line, by_caller in zip(by_word, heard, strict=True)]
        return set(sorted(set.intersection(*by_word), reverse=True)[:most])

    def _walked(self, begin: int, end: int) -> set[int]:
        """Those with every word among these of the list."""
        calls = self._first if (begin, end) == (0, FIRST_WALKED) else self._ids(begin, end)
        return set(self._having_all(self._asked, calls))

    @cached_property
    def _first(self) -> Ids:
        return self._ids(0, FIRST_WALKED)

    @cached_property
    def _newest(self) -> Ids:
        return self._ids(0, NEWEST_CALLS)

    def _ids(self, begin: int, end: int) -> Ids:
        ids = self._calls.values_list("pk", flat=True)[begin:end]
        return list(ids) if self._is_narrowed and connection.vendor == "postgresql" else ids

    def _look_further(self, found: set[int], most: int, walked: list[int]) -> None:
        """``walked``: the calls that were looked through."""
        rarest, *others = self._rarest_first()
        top, bottom = self._bounds(walked)
        read = max(walked) - min(walked) + 1
        size = max(read, NEWEST_CALLS)
        if not found:
            read = size
        while top > bottom and len(found) < most:
            size = min(max(_needed(read, found, most), size), size * FURTHER)
            window = {"gt": max(top - size, bottom), "lte": top}
            candidates = self._having(rarest, window).order_by("-call_id")[:MOST_CANDIDATES]
            looked_through = list(candidates)
            if others or self._is_narrowed:
                is_sent = connection.vendor == "postgresql" or len(looked_through) <= MOST_SENT
                found |= self._listed(looked_through if is_sent else candidates, others)
            else:
                found |= set(looked_through)
            seen_to = looked_through[-1] - 1 if len(looked_through) == MOST_CANDIDATES else window["gt"]
            read, top = read + top - seen_to, seen_to

    def _rarest_first(self) -> list[SearchWord]:
        if len(self._asked) == 1:
            return self._asked
        sample = self._calls.values("pk")[:SAMPLED_CALLS]
        return sorted(self._asked, key=lambda word: (len(self._having(word, {"in": sample})), -len(word.spoken)))

    def _bounds(self, walked: list[int]) -> tuple[int, int]:
        """Ids: the highest of the list, and one below the lowest."""
        if not self._is_narrowed:
            return Call.objects.aggregate(pk=Max("pk"))["pk"] or 0, 0
        calls = self._calls
        if not all(word.spoken.isascii() for word in self._asked):
            # Calls that were never heard stand behind the oldest: tens of thousands, perhaps, in which no word can be.
            calls = calls.filter(started_at__isnull=False)
        oldest = calls.reverse().values_list("pk", flat=True).first() or 0
        return max(walked) + LATER_CALLS, max(min(oldest, *walked) - LATER_CALLS, 0)

    def _listed(self, candidates: Ids, others: list[SearchWord]) -> set[int]:
        """Those of them that have the other words and stand in the list."""
        if others:
            candidates = self._having_all(others, candidates)
        listed = self._calls.filter(of_ids("pk", candidates) if isinstance(candidates, list) else Q(pk__in=candidates))
        return set(listed.order_by().values_list("pk", flat=True))

    def _having_all(self, asked: list[SearchWord], calls: Ids) -> QuerySet[Any, Any]:
        """The ids of those of these calls that have each of the words."""
        first, *others = (self._having(word, {"in": calls}) for word in asked)
        return first.intersection(*others) if others else first

    def _having(self, word: SearchWord, calls: Calls) -> QuerySet[Any, Any]:
        """The ids of those of these calls that have the word, each once. A union, no OR: for that PostgreSQL would look
        at each call."""
        corrections = _said(word, Correction.objects.filter(_of("call_id", calls)), "search_text")
        if self._unsaid is not None:
            corrections = corrections.filter(~Exists(self._unsaid.filter(pk=OuterRef("call_id"))))
        turns = Transcript.objects.filter(_of("call_id", calls))
        values = SavedValue.objects.filter(_of("call_id", calls), secret=False)
        # Listed calls have few turns: they are read, and not looked for in the words' index, where a word can have a
        # million.
        found, kept = (_said(word, rows, "search_text", is_read="in" in calls) for rows in (turns, values))
        ids = [rows.order_by().values_list("call_id", flat=True) for rows in (found, corrections, kept)]
        if word.spoken.isascii():
            numbered = Call.objects.filter(self._identified(word), _of("pk", calls)).order_by()
            ids.append(numbered.values_list("pk", flat=True))
        return ids[0].union(*ids[1:])


def _needed(read: int, found: set[int], most: int) -> int:
    """How many calls more must be read, as far as those that were read can say."""
    return int(read / len(found) * (most - len(found)) * SPARE) if found else read * FURTHER


def _said(word: SearchWord, rows: QuerySet[Any], column: str, *, is_read: bool = False) -> QuerySet[Any]:
    """Of turns, corrections or values those with the word. ``is_read``: without the words' index."""
    if is_read:
        rows, column = rows.annotate(plain=Concat(column, Value(""), output_field=TextField())), "plain"
    rows = rows.filter(**{f"{column}__contains": word.stem})
    return rows.filter(**{f"{column}__regex": word.pattern}) if word.pattern else rows


def _is_in(word: SearchWord, text: str) -> bool:
    return word.stem in text and (not word.pattern or re.search(word.pattern, text) is not None)


def of_ids(field: str, ids: Ids) -> Q:
    """Rows of these ids. On PostgreSQL by an array: of a list one value is written and sent where ``in`` has one for
    each id, and a query is run once; as a subquery as often as the planner likes, for each row perhaps."""
    if connection.vendor != "postgresql":
        return Q(**{f"{field}__in": ids})
    return Q(
        Func(
            F(field),
            Value(ids, ArrayField(BigIntegerField())) if isinstance(ids, list) else ArraySubquery(ids),
            template="%(expressions)s)",
            arg_joiner=" = ANY(",
            output_field=BooleanField(),
        )
    )


def _of(field: str, calls: Calls) -> Q:
    return of_ids(field, calls["in"]) if "in" in calls else Q(**{f"{field}__{key}": at for key, at in calls.items()})


def _is_short(word: SearchWord) -> bool:
    return len(word.spoken) < (SHORT_DIGITS if word.spoken.isascii() else SHORT_LETTERS)


def _by_number(word: SearchWord) -> Q:
    return _by_sid(word) | _in_number(word, "from_number") | _in_number(word, "to_number")


def _by_whole_number(word: SearchWord) -> Q:
    caller = Q(pk__in=[])
    if number := number_within(word.typed):
        # Also where it called by another way (whatsapp:, a SIP user). Its digits first: the trigrams' index has them.
        digits = local_digits(number)
        codes = "(\\+|00)?972|0" if number.startswith("+972") else "(\\+|00)?"
        pattern = f"^([a-z]+:)?({codes}){digits}(@.*)?$"
        caller = Q(from_number__icontains=digits) & Q(from_number__iregex=pattern)
    return caller | _by_sid(word) | _in_number(word, "to_number")


def _in_number(word: SearchWord, column: str) -> Q:
    found = Q(**{f"{column}__icontains": word.number})
    # A plus is where a number begins, also one in an address (whatsapp:+972…). Not minding letters: so the trigrams'
    # index has it.
    return found | Q(**{f"{column}__icontains": word.begins}) if word.begins else found


def _by_sid(word: SearchWord) -> Q:
    # The list shows its beginning, with dots behind it.
    return Q(call_sid__startswith=word.typed.rstrip("….") or word.typed)
