"""The supervisor's rows, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Field
from django.forms import ChoiceField
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from calls.core.line_health import Trouble
from calls.desk.codes import ACTIONS, shown_code
from calls.desk.rows import NamedFilters, NamedRows, ReadOnly, coded, ltr
from calls.lines.models import Alarm, AlarmNotice
from calls.lines.prices import EnginePrice, Price
from calls.storage.other_engine_sums import other_engines
from calls.twilio.models import SupervisorAction
from stt.engine_variables import shown_engine


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


class EnginePriceInline(admin.TabularInline):
    """Whoever may see or change prices, these too: they have no permissions of their own."""

    model = EnginePrice
    formset = NamedRows
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("calls.view_price")) or self._may_change(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_change(request)

    has_change_permission = has_delete_permission = has_add_permission

    def _may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("calls.change_price")) or bool(request.user.has_perm("calls.add_price"))

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "engine":
            named = [(name, shown_engine(name)) for name in other_engines()]
            return ChoiceField(label=db_field.verbose_name, choices=[("", "—"), *named])
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):
    list_display = ("since", "currency", "stt_minute", "twilio_minute", "stream_minute")
    inlines = (EnginePriceInline,)
