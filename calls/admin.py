"""Calls to read: what was heard, from whom, how late, and what went wrong. Nothing of a live call is edited here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from calls.desk import admin as desk_admin  # noqa: F401 - trials are registered there
from calls.models import Call, CallEvent, PhoneLine, Transcript

DELAY_LABELS = {"500": "< 500 ms", "1000": "500–1000 ms", "2000": "1000–2000 ms", "slow": "≥ 2000 ms"}
DELAYS_MS = {"500": (0, 500), "1000": (500, 1000), "2000": (1000, 2000), "slow": (2000, None)}


class ReadOnly:
    """Rows that only the writer makes and changes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DelayFilter(admin.SimpleListFilter):
    """By the slowest turn's final_ms."""

    title = _("delay of a turn (final_ms)")
    parameter_name = "delay"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"\u2066{label}\u2069") for name, label in DELAY_LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        if self.value() not in DELAYS_MS:
            return queryset
        low, high = DELAYS_MS[self.value()]
        turns = Transcript.objects.filter(final_ms__gte=low)
        if high is not None:
            turns = turns.filter(final_ms__lt=high)
        return queryset.filter(pk__in=turns.values("call_id"))


class TurnInline(ReadOnly, admin.TabularInline):
    model = Transcript
    fields = ("number", "when", "words", "source", "rule", "code", "partial", "final", "total", "attempts")
    readonly_fields = ("when", "words", "partial", "final", "total")
    extra = 0
    verbose_name_plural = _("turns in speech order")

    @admin.display(description=_("time"))
    def when(self, turn: Transcript) -> str:
        return _ltr(f"{turn.started_ms / 1000:.1f}–{turn.ended_ms / 1000:.1f} s")

    @admin.display(description=_("words"))
    def words(self, turn: Transcript) -> str:
        heard = format_html('<span dir="auto" class="heard">{}</span>', turn.heard_text or "—")
        if turn.revised_text is None:
            return heard
        return format_html('{}<br><del dir="auto" class="quiet">{}</del>', heard, turn.text)

    @admin.display(description="partial_ms")
    def partial(self, turn: Transcript) -> str:
        return _ms(turn.partial_ms)

    @admin.display(description="final_ms")
    def final(self, turn: Transcript) -> str:
        return _ms(turn.final_ms)

    @admin.display(description="total_ms")
    def total(self, turn: Transcript) -> str:
        return _ms(turn.total_ms)


class EventInline(ReadOnly, admin.TabularInline):
    model = CallEvent
    fields = ("number", "at", "code", "detail")
    extra = 0


@admin.register(Call)
class CallAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("when", "from_", "to", "turn_count", "slowest", "status", "end_reason", "sid")
    list_filter = ("turns__source", "turns__engine", DelayFilter, "turns__code", "status", "started_at")
    search_fields = ("call_sid", "from_number", "to_number", "turns__text", "turns__revised_text")
    date_hierarchy = "started_at"
    show_full_result_count = False
    readonly_fields = ("from_", "to")
    inlines = (TurnInline, EventInline)

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}

    fieldsets = (
        (None, {"fields": (("from_", "to"), ("started_at", "ended_at"), ("call_sid", "stream_sid"))}),
        (
            _("the line"),
            {
                "fields": (
                    ("status", "end_reason", "twilio_duration_s"),
                    ("frames_received", "frames_lost", "speech_ms"),
                )
            },
        ),
        (
            _("settings and counters"),
            {"classes": ("collapse",), "fields": (("tuning", "counters"), ("frame_delay_ms", "streams"), "process")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        return super().get_queryset(request).annotate(turns_n=Count("turns"), slowest_ms=Max("turns__final_ms"))

    @admin.display(description=_("started"), ordering="started_at")
    def when(self, call: Call) -> str:
        started_at = call.started_at and timezone.localtime(call.started_at)
        return _ltr(f"{started_at:%d.%m.%Y %H:%M:%S}" if started_at else "—")

    @admin.display(description="CallSid", ordering="call_sid")
    def sid(self, call: Call) -> str:
        return format_html('<bdi dir="ltr" title="{}">{}…</bdi>', call.call_sid, call.call_sid[:8])

    @admin.display(description=_("from"), ordering="from_number")
    def from_(self, call: Call) -> str:
        return _ltr(call.from_number or "—")

    @admin.display(description=_("to"), ordering="to_number")
    def to(self, call: Call) -> str:
        return _ltr(call.to_number or "—")

    @admin.display(description=_("turns"), ordering="turns_n")
    def turn_count(self, call: Call) -> int:
        return int(call.turns_n)

    @admin.display(description=_("slowest final"), ordering="slowest_ms")
    def slowest(self, call: Call) -> str:
        return _ms(call.slowest_ms)


@admin.register(PhoneLine)
class PhoneLineAdmin(admin.ModelAdmin):
    list_display = ("name", "number", "profile")
    fieldsets = (
        (None, {"fields": ("name", "number", "profile")}),
        (_("a call's beginning and end"), {"fields": ("greeting", "follow_number")}),
        (
            _("where it cannot be heard"),
            {"fields": ("fallback_sentence", "fallback_number", "fallback_records")},
        ),
    )


def _ltr(text: str) -> str:
    """Ids and numbers read left to right on a Hebrew page."""
    return format_html('<bdi dir="ltr">{}</bdi>', text)


def _ms(value: int | None) -> str:
    return "—" if value is None else _ltr(f"{value} ms")
