"""The supervisor's rows, to read."""

from __future__ import annotations

from django.contrib import admin

from calls.admin import ReadOnly
from calls.console.models import Alarm, AlarmNotice, Price, SupervisorAction


@admin.register(SupervisorAction)
class SupervisorActionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "kind", "number", "username", "outcome", "code", "call_sid")
    list_filter = ("kind", "outcome", "asked_at")
    search_fields = ("call_sid", "username", "number")


class NoticeInline(ReadOnly, admin.TabularInline):
    model = AlarmNotice
    fields = ("channel", "over", "due_at", "attempts", "sent_at", "error")
    extra = 0


@admin.register(Alarm)
class AlarmAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("raised_at", "kind", "line", "over_at", "detail")
    list_filter = ("kind", "raised_at")
    search_fields = ("line",)
    inlines = (NoticeInline,)


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    list_display = ("since", "currency", "stt_minute", "twilio_minute", "stream_minute")
