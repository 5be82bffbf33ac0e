"""Rows whose every free text is a test's own: to find again on pages."""

from django.db import models

LOCKED = {"calls.AccessEntry"}
"""Models whose rows the database refuses to change."""
FIXED = {
    "calls.Call": {"call_sid", "to_number"},
    "calls.PhoneLine": {"number", "responder"},
    "calls.LineHour": {"line"},
    "calls.SupervisorAction": {"call_sid"},
    "calls.Transcript": {"speaker"},
}
"""Columns by which rows find each other, or a page its part."""


def text_columns(model):
    """Those in which any text may stand, by their fields."""
    fixed = FIXED.get(model._meta.label, set())
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField) and not field.choices and field.name not in fixed
    ]


def mark(rows, text_for):
    """Write ``text_for(field, row's key)`` into every text column of these rows, past their models' checks."""
    model = rows.model
    if model._meta.label in LOCKED:
        return
    for pk in list(rows.values_list("pk", flat=True)):
        values = {field.name: text_for(field, pk)[: field.max_length] for field in text_columns(model)}
        if values:
            model._base_manager.filter(pk=pk).update(**values)
