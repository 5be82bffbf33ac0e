"""What the admin's lists, pages and forms of every model have of the limits: the site puts it on each of them
(calls/desk/first_page/site.py), so that none can be registered without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.filters import FieldListFilter, RelatedFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from calls.desk.line_limits.seen import USED_BY, belongs_to_a_line, seen_by

FOR_ALL_LINES = frozenset({"calls.EnginePrice", "calls.Price"})
"""Models whose rows count for every line: the limited read them."""
FIXED: Mapping[str, tuple[str, ...]] = {"calls.PhoneLine": ("number",), "stt.TuningProfile": ("is_default",)}
"""Fields that the limited do not set: by a line's number they would see the calls of another one."""
NO_ACTIONS: Mapping[str, tuple[str, ...]] = {"stt.TuningProfile": ("activate",)}
LINE = "calls.PhoneLine"


class OfSeenLines:
    """Before a ModelAdmin: rows of other lines are not there, and none can be made."""

    model: Any

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return seen_by(request.user).of(rows) if belongs_to_a_line(self.model) else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)  # type: ignore[misc]
        return (*fields, *FIXED.get(self.model._meta.label, ())) if seen_by(request.user).is_limited else fields

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        withheld = NO_ACTIONS.get(self.model._meta.label, ()) if seen_by(request.user).is_limited else ()
        return {name: action for name, action in actions.items() if name not in withheld}

    def has_add_permission(self, request: HttpRequest) -> bool:
        refused = {LINE, *FOR_ALL_LINES}
        return self._may(request, refused) and bool(super().has_add_permission(request))  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)  # type: ignore[misc]
        is_own = obj is None or not allowed or seen_by(request.user).may_change(obj)
        return bool(allowed) and is_own and self._may(request, FOR_ALL_LINES)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What lines may share is not deleted by the limited: the page would name the other lines that use it."""
        refused = {*USED_BY, *FOR_ALL_LINES}
        return self._may(request, refused) and bool(super().has_delete_permission(request, obj))  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **options)  # type: ignore[misc]
        return _narrowed(field, db_field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]
        return _narrowed(field, db_field, request)

    def _may(self, request: HttpRequest, refused: Any) -> bool:
        return self.model._meta.label not in refused or not seen_by(request.user).is_limited


class SeenRelated(RelatedFieldListFilter):
    """A list's choice among rows that several lines have."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        rows = seen_by(request.user).of(field.remote_field.model)
        return [(str(row.pk), str(row)) for row in rows]


def _is_of_a_line(field: Any) -> bool:
    return bool(field.remote_field) and belongs_to_a_line(field.remote_field.model)


FieldListFilter.register(_is_of_a_line, SeenRelated, take_priority=True)


def _narrowed(field: Any, db_field: Any, request: HttpRequest) -> Any:
    """A choice among the rows that are seen; a line must be chosen where none would mean all of them."""
    seen, model = seen_by(request.user), db_field.related_model
    if field is None or not seen.is_limited or not belongs_to_a_line(model):
        return field
    field.queryset = seen.of(field.queryset)
    if model._meta.label == LINE:
        field.required, field.empty_label = True, None
    return field
