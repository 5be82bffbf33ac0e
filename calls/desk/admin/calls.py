"""Calls to read: what was heard, from whom, how late, and what went wrong. Nothing of a live call is edited here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.admin.filters import (
    CodeFilter,
    DelayFilter,
    EngineFilter,
    InterruptedFilter,
    SlowestAnswerFilter,
    SourceFilter,
    StatusFilter,
)
from calls.desk.admin.listing import CallList, NewestPaginator, search
from calls.desk.codes import COUNTERS, ENDS, STATUSES, TURN_RULES, shown_code, shown_detail
from calls.desk.permissions import EXPORT
from calls.desk.review.download import JSON_LINES, SPREADSHEET, Format, TooMany, download
from calls.desk.review.page import reviewed
from calls.desk.rows import NamedFilters, PagedInline, ReadOnly, coded, data, ltr, ms, named_values
from calls.desk.tuning.words import setting, shown_value
from calls.storage.models import Call, CallEvent, Transcript
from calls.storage.search_filler import missing as search_text_is_missing
from calls.storage.shown_number import shown_number
from stt.models import SETTINGS


class TurnInline(PagedInline):
    template = "admin/calls/turns_inline.html"
    model = Transcript
    fields = ("place", "when", "words", "how", "partial", "final", "total", "tries")
    readonly_fields = fields
    verbose_name_plural = _("turns in speech order")

    @admin.display(description=_("number"))
    def place(self, turn: Transcript) -> str:
        return turn.shown_number

    @admin.display(description=_("time"))
    def when(self, turn: Transcript) -> str:
        return ltr(f"{turn.started_ms / 1000:.1f}–{turn.ended_ms / 1000:.1f} s")

    @admin.display(description=_("words"))
    def words(self, turn: Transcript) -> str:
        return turn.heard_text  # its cell: turn_words.html

    @admin.display(description=_("source"))
    def how(self, turn: Transcript) -> str:
        """Where the words came from, by which rule and engine, and what went wrong. An answer has it by its words."""
        if turn.is_agents:
            return coded(turn.code, "")
        rule = format_html('<br><span class="quiet">{}</span>', shown_code(turn.rule, TURN_RULES)) if turn.rule else ""
        code = format_html("<br>{}", coded(turn.code, shown_code(turn.code))) if turn.code else ""
        by = " · ".join(name for name in (turn.engine, turn.model) if name)
        heard_by = format_html('<br><bdi dir="ltr" class="code quiet">{}</bdi>', by) if by else ""
        return format_html("{}{}{}{}", turn.get_source_display(), rule, code, heard_by)

    @admin.display(description=_("first words"))
    def partial(self, turn: Transcript) -> str:
        return ms(turn.partial_ms)

    @admin.display(description=_("text ready"))
    def final(self, turn: Transcript) -> str:
        return ms(turn.final_ms)

    @admin.display(description=_("answer heard"))
    def total(self, turn: Transcript) -> str:
        return ms(turn.total_ms)

    @admin.display(description=_("attempts"))
    def tries(self, turn: Transcript) -> str:
        return "—" if turn.is_agents else str(turn.attempts)


class EventInline(PagedInline):
    model = CallEvent
    fields = ("place", "at", "means", "more")
    readonly_fields = ("place", "means", "more")

    @admin.display(description=_("number"))
    def place(self, event: CallEvent) -> str:
        return shown_number(event.number)

    @admin.display(description=_("what happened"))
    def means(self, event: CallEvent) -> str:
        return coded(event.code, shown_code(event.code))

    @admin.display(description=_("detail"))
    def more(self, event: CallEvent) -> str:
        return format_html('<bdi dir="auto">{}</bdi>', shown_detail(event.detail) or "—")


@admin.register(Call)
class CallAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("when", "parties", "turn_count", "slowest", "hearing", "course", "sid")
    list_filter = (
        SourceFilter,
        EngineFilter,
        DelayFilter,
        SlowestAnswerFilter,
        InterruptedFilter,
        CodeFilter,
        "hearing",
        StatusFilter,
        "started_at",
    )
    list_per_page = 50
    sortable_by = ()
    # As the index has them; calls that were never heard (busy, no answer) come last.
    ordering = (F("started_at").desc(nulls_last=True), "-pk")
    search_fields = ("call_sid", "from_number", "to_number", "turns__text", "turns__revised_text")
    search_help_text = _("A spoken word, a number or a CallSid. Short ones are looked for in the newest calls.")
    date_hierarchy = "started_at"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = ("from_", "to", "state", "ending", "settings", "counts", "by_stream", "delays")
    inlines = (TurnInline, EventInline)
    actions = ("export_table", "export")

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}

    fieldsets = (
        # What is read most stands below: the recording and the turns.
        (None, {"fields": (("from_", "to"), ("started_at", "ended_at"))}),
        (
            _("the line"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("hearing", "state", "ending", "twilio_duration_s"),
                    ("frames_received", "frames_lost", "speech_ms"),
                ),
            },
        ),
        (
            _("settings and counters"),
            {
                "classes": ("collapse",),
                "fields": (
                    ("call_sid", "stream_sid"),
                    "settings",
                    "counts",
                    "delays",
                    "by_stream",
                    "process",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        # Subqueries, not a join: they run for the rows of the page alone.
        turns = Transcript.objects.heard().filter(call=OuterRef("pk")).order_by().values("call")
        return (
            super()
            .get_queryset(request)
            .annotate(
                turns_n=Coalesce(Subquery(turns.annotate(n=Count("pk")).values("n")), 0),
                slowest_ms=Subquery(turns.annotate(ms=Max("final_ms")).values("ms")),
            )
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(EXPORT))

    @admin.action(description=_("Export the selected calls (JSON lines)"), permissions=["export"])
    def export(self, request: HttpRequest, calls: QuerySet[Call]) -> HttpResponseBase | None:
        return self._download(request, calls, JSON_LINES)

    @admin.action(description=_("Export the selected calls (CSV, a row a turn)"), permissions=["export"])
    def export_table(self, request: HttpRequest, calls: QuerySet[Call]) -> HttpResponseBase | None:
        return self._download(request, calls, SPREADSHEET)

    def _download(self, request: HttpRequest, calls: QuerySet[Call], file: Format) -> HttpResponseBase | None:
        try:
            return download(calls, request.user, file)
        except TooMany as error:
            self.message_user(request, str(error), messages.ERROR)
            return None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Django takes an action that may not be done for none at all.
        if not {"export", "export_table"}.isdisjoint(request.POST.getlist("action")) and not self.has_export_permission(
            request
        ):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Call | None = None,
    ) -> HttpResponse:
        if obj is not None:
            note_lasting(Kind.READ, request.user, obj.call_sid)
            turns = next(one.formset for one in context["inline_admin_formsets"] if one.opts.model is Transcript)
            context |= reviewed(request, obj, turns.get_queryset(), turns.page.number)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CallList]:
        return CallList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **kwargs: Any
    ) -> Paginator:
        if queryset.model is not Call:
            # The history of a call pages through its log entries.
            return super().get_paginator(request, queryset, per_page, *args, **kwargs)
        return NewestPaginator(queryset, per_page, self.get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        if search_term and search_text_is_missing():
            sentence = _("Some turns cannot be found by their words yet: their search text is still being written.")
            self.message_user(request, sentence, messages.INFO)
        return search(queryset, search_term), False

    @admin.display(description=_("started"))
    def when(self, call: Call) -> str:
        started_at = call.started_at and timezone.localtime(call.started_at)
        return ltr(f"{started_at:%d.%m.%Y %H:%M:%S}" if started_at else "—")

    @admin.display(description="CallSid")
    def sid(self, call: Call) -> str:
        return format_html('<bdi dir="ltr" title="{}">{}…</bdi>', call.call_sid, call.call_sid[:8])

    @admin.display(description=_("from"))
    def from_(self, call: Call) -> str:
        return ltr(call.from_number or "—")

    @admin.display(description=_("to"))
    def to(self, call: Call) -> str:
        return ltr(call.to_number or "—")

    @admin.display(description=_("from, to"))
    def parties(self, call: Call) -> str:
        return format_html("{}<br>{}", self.from_(call), self.to(call))

    @admin.display(description=_("course"))
    def course(self, call: Call) -> str:
        """Twilio's status, and how it ended."""
        told = [shown_code(call.status, STATUSES), shown_code(call.end_reason, ENDS)]
        return format_html_join(mark_safe("<br>"), "{}", ((one,) for one in told if one)) or "—"

    @admin.display(description=_("status"), ordering="status")
    def state(self, call: Call) -> str:
        return shown_code(call.status, STATUSES) or "—"

    @admin.display(description=_("end"), ordering="end_reason")
    def ending(self, call: Call) -> str:
        return shown_code(call.end_reason, ENDS) or "—"

    @admin.display(description=_("settings"))
    def settings(self, call: Call) -> str:
        """What the call ran with, by the settings' labels."""
        names = [name for name in call.tuning if name in SETTINGS]
        rows = [(setting(name).label, shown_value(name, call.tuning[name]), setting(name).unit) for name in names]
        return named_values([(_("tuning profile"), call.tuning.get("profile", ""), ""), *rows] if call.tuning else [])

    @admin.display(description=_("counters"))
    def counts(self, call: Call) -> str:
        return named_values((shown_code(code, COUNTERS), times, "") for code, times in call.counters.items())

    @admin.display(description=_("frame delay (ms)"))
    def delays(self, call: Call) -> str:
        return data(call.frame_delay_ms)

    @admin.display(description=_("streams"))
    def by_stream(self, call: Call) -> str:
        return data(call.streams)

    @admin.display(description=_("turns"))
    def turn_count(self, call: Any) -> int:
        return int(call.turns_n)

    @admin.display(description=_("slowest final"))
    def slowest(self, call: Any) -> str:
        return ms(call.slowest_ms)
