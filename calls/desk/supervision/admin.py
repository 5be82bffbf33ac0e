"""The supervisor's rows, to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from calls.core.line_health import Trouble
from calls.desk.codes import ACTIONS, shown_code
from calls.desk.rows import NamedFilters, ReadOnly, coded, ltr
from calls.lines.models import Alarm, AlarmNotice
from calls.twilio.models import SupervisorAction


@admin.register(SupervisorAction)
class SupervisorActionAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("asked_at", "kind", "to", "username", "outcome", "means", "call_sid")
    fields = ("call_sid", "kind", "to", "username", "asked_at", "done_at", "outcome", "means")
    readonly_fields = ("to", "means")
    list_filter = ("kind", "outcome", "asked_at")
    search_fields = ("call_sid", "username", "number")

    @admin.display(description=_("to number"), ordering="number")
    def to(self, action: SupervisorAction) -> str:
        return ltr(action.number or "—")

    @admin.display(description=_("code"), ordering="code")
    def means(self, action: SupervisorAction) -> str:
        return coded(action.code, shown_code(action.code, ACTIONS))


class NoticeInline(ReadOnly, admin.TabularInline):
    model = AlarmNotice
    fields = ("channel", "over", "due_at", "attempts", "sent_at", "error")
    extra = 0


@admin.register(Alarm)
class AlarmAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("raised_at", "kind", "called", "over_at", "acknowledged_by", "detail")
    fields = ("kind", "called", "detail", "raised_at", "seen_at", "over_at", "acknowledged_by", "acknowledged_at")
    readonly_fields = ("called",)
    list_filter = ("kind", "raised_at")
    linked_lookups = ("over_at__isnull",)  # calls/desk/first_page/page.py
    search_fields = ("line",)
    inlines = (NoticeInline,)

    @admin.display(description=_("line or engine"), ordering="line")
    def called(self, alarm: Alarm) -> str:
        name = ltr(alarm.line or "—")
        return format_html("{} {}", _("engine"), name) if alarm.kind == Trouble.ENGINE else name
