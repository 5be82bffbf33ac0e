"""Calls to read: what was heard, from whom, how late, and what went wrong. Nothing of a live call is edited here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from calls.core.addresses import masked
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.admin.call_rows import EventInline, TurnInline
from calls.desk.admin.call_settings import counted_of, settings_of
from calls.desk.admin.filters import (
    CodeFilter,
    CorrectedFilter,
    DelayFilter,
    EngineFilter,
    FailedAnswersFilter,
    InterruptedFilter,
    LineFilter,
    SaidByFilter,
    SlowestAnswerFilter,
    SourceFilter,
    StatusFilter,
)
from calls.desk.admin.listing import CallList, NewestPaginator, most_listed
from calls.desk.admin.neighbours import neighbours
from calls.desk.admin.searching import SaidBy, search
from calls.desk.codes import ENDS, STATUSES, shown_code
from calls.desk.numbers import sees_numbers, shown_caller
from calls.desk.permissions import EXPORT
from calls.desk.privacy.holding import hold_of
from calls.desk.review.corrections import standing_corrections
from calls.desk.review.download import JSON_LINES, SPREADSHEET, Format, TooMany, download
from calls.desk.review.head import lasted
from calls.desk.review.models import Correction
from calls.desk.review.page import reviewed
from calls.desk.review.queue.blind import blind_for, told
from calls.desk.rows import NamedFilters, ReadOnly, ltr, ms, stacked
from calls.lines.models import PhoneLine
from calls.storage.models import Call, Transcript
from calls.storage.search_filler import missing as search_text_is_missing


@admin.register(Call)
class CallAdmin(NamedFilters, ReadOnly, admin.ModelAdmin):
    list_display = ("when", "parties", "turn_count", "slowest", "hearing", "course", "sid")
    list_filter = (
        SaidByFilter,
        LineFilter,
        CorrectedFilter,
        SourceFilter,
        EngineFilter,
        DelayFilter,
        SlowestAnswerFilter,
        FailedAnswersFilter,
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
    search_help_text = _(
        "A word that the caller said, an answer to a question, a number or a CallSid. Short ones: in the newest calls. "
        "Digits as they are typed: 007 does not find 7; a phone number in any form."
    )
    date_hierarchy = "started_at"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    inlines = (TurnInline, EventInline)
    actions = ("export_table", "export")

    class Media:
        css: ClassVar = {"all": ["calls/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        # Subqueries, not a join: they run for the rows of the page alone.
        turns = Transcript.objects.heard().filter(call=OuterRef("pk")).order_by().values("call")
        made = told(Correction.objects.all(), request.user, timezone.now())
        corrected = standing_corrections(made).filter(call=OuterRef("pk")).values("call")
        return (
            super()
            .get_queryset(request)
            .annotate(
                turns_n=Coalesce(Subquery(turns.annotate(n=Count("pk")).values("n")), 0),
                slowest_ms=Subquery(turns.annotate(ms=Max("final_ms")).values("ms")),
                corrected_n=Coalesce(Subquery(corrected.annotate(n=Count("pk")).values("n")), 0),
                sees_numbers=Value(sees_numbers(request.user)),
                line_name=Subquery(PhoneLine.objects.filter(number=OuterRef("to_number")).order_by().values("name")),
            )
        )

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> list[Any]:
        return []  # the page has its own head: templates/admin/calls/call/_head.html

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

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Whoever sees masked numbers is told why a part of one finds nothing."""
        listed = super().get_changelist_instance(request)
        if not sees_numbers(request.user):
            whole = gettext("A caller's number is found only by all of it.")
            listed.search_help_text = f"{listed.search_help_text} {whole}"
        return listed

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
            context |= {**settings_of(obj), **counted_of(obj), **neighbours(self, request, obj)}
            context |= {"title": context["head"].title, "subtitle": None, **hold_of(obj)}
            context["caller"] = shown_caller(request.user, obj.from_number)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CallList]:
        return CallList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **kwargs: Any
    ) -> Paginator:
        if queryset.model is not Call:
            # The history of a call pages through its log entries.
            return super().get_paginator(request, queryset, per_page, *args, **kwargs)
        return NewestPaginator(queryset, per_page, self.get_queryset(request), most_listed(request, per_page))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        if search_term and search_text_is_missing():
            sentence = _("Some turns cannot be found by their words yet: their search text is still being written.")
            self.message_user(request, sentence, messages.INFO)
        unsaid, whole = blind_for(request.user, timezone.now()), not sees_numbers(request.user)
        most = most_listed(request, self.list_per_page) + 1  # one more says that there are more
        said_by = SaidBy(request.GET.get(SaidByFilter.parameter_name) or SaidBy.CALLER)  # the filter refuses others
        found = search(queryset, search_term, unsaid=unsaid, whole_numbers=whole, said_by=said_by, most=most)
        return found, False

    @admin.display(description=_("started, duration"))
    def when(self, call: Call) -> str:
        started_at = call.started_at and timezone.localtime(call.started_at)
        if not started_at:
            return "—"
        began, took = f"{started_at:%d.%m.%Y %H:%M:%S}", lasted(call)
        # Two texts beside each other in a link: each by itself, or the date would change sides.
        return stacked(ltr(began), format_html('<bdi dir="ltr" class="quiet">{}</bdi>', took)) if took else ltr(began)

    @admin.display(description="CallSid")
    def sid(self, call: Call) -> str:
        return format_html('<bdi dir="ltr" title="{}">{}…</bdi>', call.call_sid, call.call_sid[:8])

    @admin.display(description=_("from, to"))
    def parties(self, call: Any) -> str:
        """The caller, and the line by its name where it has one."""
        line = (
            format_html('<bdi title="{}">{}</bdi>', call.to_number, call.line_name)
            if call.line_name
            else ltr(call.to_number or "—")
        )
        caller = call.from_number if call.sees_numbers else masked(call.from_number)
        return stacked(ltr(caller or "—"), line)

    @admin.display(description=_("course"))
    def course(self, call: Call) -> str:
        """Twilio's status, and how it ended."""
        told = [shown_code(call.status, STATUSES), shown_code(call.end_reason, ENDS)]
        return stacked(*(one for one in told if one)) or "—"

    @admin.display(description=_("turns"))
    def turn_count(self, call: Any) -> str:
        """How many the caller had, and how many of them people have corrected."""
        if not call.corrected_n:
            return str(call.turns_n)
        told = ngettext("%(count)s corrected", "%(count)s corrected", call.corrected_n) % {"count": call.corrected_n}
        return format_html('{} <span class="mark">✎ {}</span>', call.turns_n, told)

    @admin.display(description=_("slowest final"))
    def slowest(self, call: Any) -> str:
        return ms(call.slowest_ms)
