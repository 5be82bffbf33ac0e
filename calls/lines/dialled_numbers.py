"""Numbers that a line's calls are dialled to: what they are, and who changed them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from calls.core.addresses import called, dialled
from calls.lines.models import LinePerson, NumberChange, PhoneLine

FIELDS = ("follow_number", "fallback_number")
"""Of a line, beside its people."""
MOST_NAMED = 20
"""Numbers that could not be read, on the list of lines."""


Numbers = dict[tuple[str, int], str]


def numbers_of(line_pk: int | None) -> Numbers:
    """Where the calls of a line can be dialled to now, as it is stored, by kind and row."""
    numbers: Numbers = {}
    if line_pk is None:
        return numbers
    for stored in PhoneLine.objects.filter(pk=line_pk).values(*FIELDS):
        numbers |= {(name, 0): stored[name] for name in FIELDS if stored[name]}
    for pk, name, number in LinePerson.objects.filter(line=line_pk).values_list("pk", "name", "number"):
        numbers[str(NumberChange.Kind.PERSON), pk] = f"{number} {name}"
    return numbers


def record(line: PhoneLine, before: Numbers, after: Numbers, user: Any) -> None:
    """A row for each number that is another one now."""
    now = timezone.now()
    NumberChange.objects.bulk_create(
        NumberChange(
            line=line.number,
            kind=kind,
            before=before.get((kind, pk), ""),
            after=after.get((kind, pk), ""),
            user=user,
            username=user.get_username(),
            changed_at=now,
        )
        for kind, pk in sorted(before.keys() | after.keys())
        if before.get((kind, pk)) != after.get((kind, pk))
    )


def unread_numbers(lines: QuerySet[PhoneLine]) -> list[str]:
    """Of these lines the first MOST_NAMED stored numbers that are not as calls/core/addresses.py writes them, each with
    whose it is."""
    return [f"\u2068{name}\u2069: \u2066{number}\u2069" for name, number in islice(_unread(lines), MOST_NAMED)]


def _unread(lines: QuerySet[PhoneLine]) -> Iterator[tuple[str, str]]:
    for name, number, *others in lines.values_list("name", "number", *FIELDS):
        if called(number) != number:
            yield name, number
        yield from ((name, other) for other in others if dialled(other) != other)
    for name, number in LinePerson.objects.filter(line__in=lines).values_list("name", "number"):
        if dialled(number) != number:
            yield name, number
