"""The supervisor's rows, to read."""

from __future__ import annotations

from django.contrib import admin

from calls.admin import ReadOnly
from calls.console.models import SupervisorAction


@admin.register(SupervisorAction)
class SupervisorActionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "kind", "number", "username", "outcome", "code", "call_sid")
    list_filter = ("kind", "outcome", "asked_at")
    search_fields = ("call_sid", "username", "number")
