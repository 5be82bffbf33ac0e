"""Rows of which the newest wins: gathered from a batch of records, and upserted without replacing newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

Values = dict[str, Any]


class NewestRows:
    """One model's rows of calls. Owned by one transaction, which has locked the calls."""

    def __init__(self, model: type[models.Model], *, key: str, age: str, columns: Sequence[str]) -> None:
        """``key``: the field that tells a call's rows apart. ``age``: the one that counts up. ``columns``: all others
        that are written."""
        self._model: Any = model
        self._key, self._age, self._columns = key, age, columns
        self._rows: dict[tuple[int, Any], Values] = {}

    def add(self, call: int, values: Values) -> None:
        """A row, by the names of its fields."""
        at = call, values[self._key]
        if at not in self._rows or self._rows[at][self._age] <= values[self._age]:
            self._rows[at] = values

    def write(self) -> None:
        """Upsert them by their call and key, but none that is stored and newer."""
        if not self._rows:
            return
        calls, keys = {call for call, _ in self._rows}, {key for _, key in self._rows}
        stored = self._model.objects.filter(call__in=calls, **{f"{self._key}__in": keys}).order_by()
        for call, key, age in stored.values_list("call_id", self._key, self._age):
            if (call, key) in self._rows and self._rows[call, key][self._age] < age:
                del self._rows[call, key]
        self._model.objects.bulk_create(
            [self._model(call_id=call, **values) for (call, _), values in self._rows.items()],
            update_conflicts=True,
            unique_fields=("call", self._key),
            update_fields=[*self._columns, self._age],
        )
