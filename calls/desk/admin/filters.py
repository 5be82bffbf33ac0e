"""What the admin's list of calls can be narrowed by; none of it scans a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import AGENT, FALSE_START, INTERRUPTED
from calls.desk.admin.listing import known_values
from calls.desk.codes import EVENTS, STATUSES, shown_code
from calls.storage.models import SOURCES, Call, CallEvent, Transcript
from calls.twilio.call_status import STATUS_ORDER

SLOWEST_CALLS = 100
"""That are found by their slowest answer."""
NEWEST_ANSWERED = 20_000
"""Turns, the newest: where the slowest answers are looked for, for an answer's latency has no index."""
DELAY_LABELS = {"500": "< 500 ms", "1000": "500–1000 ms", "2000": "1000–2000 ms", "slow": "≥ 2000 ms"}
DELAYS_MS = {"500": (0, 500), "1000": (500, 1000), "2000": (1000, 2000), "slow": (2000, None)}
SLOWEST_LABELS = {"1000": "< 1000 ms", "2000": "1000–2000 ms", "3000": "2000–3000 ms", "slow": "≥ 3000 ms"}
SLOWEST_MS = {"1000": (0, 1000), "2000": (1000, 2000), "3000": (2000, 3000), "slow": (3000, None)}


class DelayFilter(admin.SimpleListFilter):
    """By a turn's final_ms."""

    title = _("time until a turn's text")
    parameter_name = "delay"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, f"\u2066{label}\u2069") for name, label in DELAY_LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        bounds_ms = DELAYS_MS.get(self.value() or "")
        if bounds_ms is None:
            return queryset
        low, high = bounds_ms
        turns = Transcript.objects.heard().filter(final_ms__gte=low)
        if high is not None:
            turns = turns.filter(final_ms__lt=high)
        return queryset.filter(pk__in=turns.values("call_id"))


class SlowestAnswerFilter(admin.SimpleListFilter):
    """The calls whose slowest answer began latest after the caller's last word."""

    title = _("slowest answer")
    parameter_name = "slowest"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, f"\u2066{label}\u2069") for name, label in SLOWEST_LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        bounds_ms = SLOWEST_MS.get(self.value() or "")
        if bounds_ms is None:
            return queryset
        newest = Transcript.objects.aggregate(pk=Max("pk"))["pk"] or 0
        slowest = (
            Transcript.objects.filter(pk__gt=newest - NEWEST_ANSWERED, speaker=AGENT, total_ms__isnull=False)
            .values("call_id")
            .annotate(slowest_ms=Max("total_ms"))
            .filter(slowest_ms__gte=bounds_ms[0])
            .order_by("-slowest_ms")
        )
        if bounds_ms[1] is not None:
            slowest = slowest.filter(slowest_ms__lt=bounds_ms[1])
        return queryset.filter(pk__in=[row["call_id"] for row in slowest[:SLOWEST_CALLS]])


class InterruptedFilter(admin.SimpleListFilter):
    """By what callers have done to the line's answers: the codes of the call's events."""

    title = _("answers spoken over")
    parameter_name = "interrupted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (INTERRUPTED, _("interrupted")),
            ("barge_in_resumed", _("stopped, and went on")),
            (FALSE_START, _("began too early")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        if self.value() not in dict(self.lookup_choices):
            return queryset
        return queryset.filter(pk__in=CallEvent.objects.filter(code=self.value()).values("call_id"))


class TurnFilter(admin.SimpleListFilter):
    """Calls with a turn that has the value; ``field`` is indexed."""

    field: str
    meanings: ClassVar[Mapping[str, Any]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, self.meanings.get(value, value)) for value in known_values(Transcript, self.field)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        if self.value() is None:
            return queryset
        return queryset.filter(pk__in=Transcript.objects.filter(**{self.field: self.value()}).values("call_id"))


class SourceFilter(TurnFilter):
    title, parameter_name, field = _("source"), "turns__source", "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SOURCES)


class EngineFilter(TurnFilter):
    title, parameter_name, field = _("engine"), "turns__engine", "engine"
    meanings: ClassVar = {"google": "Google", "emulator": _("emulator")}


class CodeFilter(TurnFilter):
    title, parameter_name, field = _("code"), "turns__code", "code"
    meanings: ClassVar = EVENTS


class StatusFilter(admin.SimpleListFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status, shown_code(status, STATUSES)) for status in STATUS_ORDER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        return queryset if self.value() is None else queryset.filter(status=self.value())
