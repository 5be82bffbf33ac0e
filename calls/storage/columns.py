"""Cleans, cuts and bounds a record's values to what the columns of its rows can hold, on any database.

The limits are read from the models, so that a column and its limit cannot differ. Values from outside are cleaned first
in calls/core/messages.py and calls/twilio/webhooks.py; this is the last place, and the only one for journals of older
processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, fields, replace
from datetime import UTC, datetime
from functools import cache, partial
from math import isfinite
from typing import Any, TypeVar

from django.db import models

from calls.core.text import clean
from calls.core.turns import Turn
from calls.storage.models import Call, CallEvent, SavedValue, Transcript
from calls.storage.records import (
    STORED_NAME_OF,
    EventNoted,
    HearingNoted,
    Record,
    TurnSaved,
    ValueSaved,
)

Fit = Callable[[Any], Any]
Kind = TypeVar("Kind", bound=Record | Turn)

INT2, INT4, INT8 = (2 ** (bits - 1) - 1 for bits in (16, 32, 64))
"""PostgreSQL's largest integers: https://www.postgresql.org/docs/current/datatype-numeric.html. SQLite takes larger
ones, but rows move from one to the other."""
MIN_DATETIME, MAX_DATETIME = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
MAX_JSON_DEPTH = 20
"""Deeper levels of JSON are dropped; our own records have four."""
MODEL_OF: dict[type, type[models.Model]] = {Turn: Transcript, EventNoted: CallEvent, ValueSaved: SavedValue}
"""The models of records that are rows of their own; the others are parts of Call's."""
COLUMN_OF: dict[tuple[type, str], str] = {(HearingNoted, "state"): "hearing", **STORED_NAME_OF}
"""The columns of fields that are named otherwise."""


def fitted(record: Kind) -> Kind:
    """The record with its values as its rows can hold them; the same object when nothing changes."""
    kind: object = type(record)  # mypy takes the type of a dataclass for unhashable
    changes = {}
    for name, fit in _fits(kind):
        value = getattr(record, name)
        held = fit(value)
        if held is not value and held != value:
            changes[name] = held
    return replace(record, **changes) if changes else record


def fitted_to(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values as the columns of this model can hold them."""
    return {name: as_column(model, name, value) for name, value in values.items()}


def as_column(model: type[models.Model], name: str, value: Any) -> Any:
    """The value as a column of this model can hold it."""
    return _of_column(model._meta.get_field(name))(value)


def fit_numbers(row: models.Model, names: Iterable[str]) -> None:
    """Bound values of a row that were summed from several records."""
    for name in names:
        setattr(row, name, as_column(type(row), name, getattr(row, name)))


@cache
def _fits(kind: Any) -> list[tuple[str, Fit]]:
    columns = {field.name: field for model in (Call, MODEL_OF.get(kind, Call)) for field in model._meta.fields}
    return [(field.name, _of_value(kind, field, columns)) for field in fields(kind)]


def _of_value(kind: type, field: Field[Any], columns: dict[str, Any]) -> Fit:
    """What fits a field's value to its column; a field that has none is part of JSON."""
    name = field.name
    if name == "turn":
        # An agent's turn is fitted as a row: calls/storage/rows.py.
        return fitted if kind is TurnSaved else _as_it_is
    if name in ("counters", "other_engine_s"):
        return _counters
    column = columns.get(COLUMN_OF.get((kind, name), name))
    if column is not None:
        return _of_column(column)
    return partial(_whole, 0, INT4, 0) if field.type == "int" else _of_json


@cache
def _of_column(column: Any) -> Fit:
    if isinstance(column, models.JSONField):
        return _of_object
    if isinstance(column, models.IntegerField):
        kind = column.get_internal_type()
        maximum = INT2 if "Small" in kind else INT8 if "Big" in kind else INT4
        return partial(_whole, 0 if "Positive" in kind else -maximum, maximum, None if column.null else 0)
    if isinstance(column, models.FloatField):
        return _finite
    if isinstance(column, models.BooleanField):
        return bool
    if isinstance(column, models.DateTimeField):
        return _with_zone
    return partial(_text, column.max_length, column.null)


def _as_it_is(value: Any) -> Any:
    return value


def _text(max_length: int | None, null: bool, value: Any) -> str | None:
    return None if value is None and null else clean("" if value is None else str(value), max_length)


def _whole(minimum: int, maximum: int, absent: int | None, value: Any) -> int | None:
    try:
        return absent if value is None else max(minimum, min(int(value), maximum))
    except (TypeError, ValueError, OverflowError):
        return absent


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def _with_zone(value: datetime) -> datetime:
    """The time with a zone, and a year that the database and every time zone have."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return max(MIN_DATETIME, min(aware, MAX_DATETIME))


def _counters(value: Any) -> dict[str, int]:
    return {code: _whole(0, INT4, 0, times) or 0 for code, times in _of_object(value).items()}


def _of_object(value: Any) -> dict[str, Any]:
    held = _of_json(value)
    return held if isinstance(held, dict) else {}


def _of_json(value: Any, levels: int = MAX_JSON_DEPTH) -> Any:
    """The value as any database's JSON can hold it: PostgreSQL's has no NUL, no surrogate and no NaN."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return max(-INT8, min(value, INT8))
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict | list | tuple) and not levels:
        return None
    if isinstance(value, dict):
        return {clean(str(key)): _of_json(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_of_json(each, levels - 1) for each in value]
    return clean(str(value))
