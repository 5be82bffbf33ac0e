"""What is masked in what is stored and exported of a call's words: identity numbers and cards, unless its line says
otherwise (calls/lines/privacy.py), and what the caller said at a question that is marked secret."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from calls.core.redaction import redacted, without
from calls.lines.models import PhoneLine
from calls.storage.models import Call


def masks_numbers(to_number: str) -> bool:
    """Of calls to this number."""
    return not PhoneLine.objects.filter(number=to_number, redacts=False).exists()


def saying_masks(calls: QuerySet[Call]) -> QuerySet[Call]:
    """These calls, each with its ``masks``."""
    lines = PhoneLine.objects.filter(number=OuterRef("to_number")).values("redacts")
    return calls.annotate(masks=Coalesce(Subquery(lines), True))


@dataclass(frozen=True, slots=True)
class Masks:
    """Of one call."""

    numbers: bool
    secrets: tuple[str, ...] = ()

    def of(self, text: str) -> str:
        """The text as it is stored today: one of before may hold what is masked."""
        text = without(text, self.secrets)
        return redacted(text) if self.numbers else text


def masks_of(call: Call) -> Masks:
    """Asks for what the call does not bring along (``saying_masks``, ``saved_values``)."""
    numbers = getattr(call, "masks", None)
    secrets = tuple(one.value for one in call.saved_values.all() if one.secret)
    return Masks(masks_numbers(call.to_number) if numbers is None else numbers, secrets)


def as_kept(text: str, call: Call) -> str:
    """What a person has written of a call, as it is stored."""
    return masks_of(call).of(text)
