"""Sums of ``Call.other_engine_s``, as a query adds them up: a column an engine, for JSON has no sum of its own."""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from stt.engines.catalogue import by_name
from stt.tuning import DEFAULT_ENGINES


def other_engines() -> list[str]:
    """The engines that are kept apart, by name."""
    return [name for name in by_name() if name not in DEFAULT_ENGINES]


def engine_columns() -> dict[str, Any]:
    """What to annotate calls with. Of an engine that this version does not know the seconds stay in the sum of all."""
    return {f"{_COLUMN}{name}": Sum(Cast(KT(f"other_engine_s__{name}"), BigIntegerField())) for name in other_engines()}


def taken_from(row: dict[str, Any]) -> dict[str, int]:
    """Take those columns out of a row of values: name -> seconds, of engines that heard anything."""
    found = {name: row.pop(f"{_COLUMN}{name}") for name in other_engines()}
    return {name: seconds for name, seconds in found.items() if seconds}


_COLUMN = "seconds_of_"
