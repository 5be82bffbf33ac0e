"""Numbers that a line's calls are dialled to: what they are, and who changed them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import called, dialled

if TYPE_CHECKING:
    from calls.models import PhoneLine

FIELDS = ("follow_number", "fallback_number")
"""Of a line, beside its people."""
MOST_NAMED = 20
"""Numbers that could not be read, on the list of lines."""


class NumberChange(models.Model):
    """Who changed a number that calls are dialled to, from what to what. Kept when person or line goes."""

    class Kind(models.TextChoices):
        FOLLOW = "follow_number", _("what follows: dial")
        FALLBACK = "fallback_number", _("then dial")
        PERSON = "person", _("person to hand calls over to")

    line = models.CharField(_("line"), max_length=64)
    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    before = models.CharField(_("before"), max_length=120, blank=True)
    after = models.CharField(_("after"), max_length=120, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    changed_at = models.DateTimeField(_("time"), db_index=True)

    class Meta:
        app_label = "calls"
        ordering = ("-changed_at", "-pk")
        default_permissions = ("view",)
        verbose_name = _("change of a dialled number")
        verbose_name_plural = _("changes of dialled numbers")

    def __str__(self) -> str:
        return f"{self.username}/{self.line}/{self.kind}"


Numbers = dict[tuple[str, int], str]


def numbers_of(line_pk: int | None) -> Numbers:
    """Where the calls of a line can be dialled to now, as it is stored, by kind and row."""
    from calls.models import LinePerson, PhoneLine

    numbers: Numbers = {}
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


def unread_numbers() -> list[str]:
    """The first MOST_NAMED stored numbers that are not as calls/core/addresses.py writes them, each with whose it
    is."""
    return [f"\u2068{name}\u2069: \u2066{number}\u2069" for name, number in islice(_unread(), MOST_NAMED)]


def _unread() -> Iterator[tuple[str, str]]:
    from calls.models import LinePerson, PhoneLine

    for name, number, *others in PhoneLine.objects.values_list("name", "number", *FIELDS):
        if called(number) != number:
            yield name, number
        yield from ((name, other) for other in others if dialled(other) != other)
    for name, number in LinePerson.objects.values_list("name", "number"):
        if dialled(number) != number:
            yield name, number
