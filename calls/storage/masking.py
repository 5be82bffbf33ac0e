"""Whether identity numbers and cards are masked in what is stored and exported of a call: unless its line says
otherwise (calls/lines/privacy.py)."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from calls.core.redaction import redacted
from calls.models import PhoneLine
from calls.storage.models import Call


def masks_numbers(to_number: str) -> bool:
    """Of calls to this number."""
    return not PhoneLine.objects.filter(number=to_number, redacts=False).exists()


def saying_masks(calls: QuerySet[Call]) -> QuerySet[Call]:
    """These calls, each with its ``masks``."""
    lines = PhoneLine.objects.filter(number=OuterRef("to_number")).values("redacts")
    return calls.annotate(masks=Coalesce(Subquery(lines), True))


def as_kept(text: str, to_number: str) -> str:
    """What a person has written of a call to this number, as it is stored."""
    return redacted(text) if masks_numbers(to_number) else text
