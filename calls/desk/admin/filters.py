"""What the admin's list of calls can be narrowed by; none of it scans a whole table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import AGENT, FALSE_START, INTERRUPTED
from calls.desk.admin.listing import known_values
from calls.desk.admin.searching import SaidBy
from calls.desk.codes import EVENTS, STATUSES, shown_code
from calls.desk.line_limits.seen import seen_by
from calls.desk.review.corrections import standing_corrections
from calls.desk.review.models import Correction
from calls.desk.review.queue.blind import told
from calls.lines.models import PhoneLine
from calls.storage.models import SOURCES, Call, CallEvent, Transcript
from calls.twilio.call_status import STATUS_ORDER
from stt.engines.catalogue import by_name
from voiceapp.runtime.whole_number import whole_number

SLOWEST_CALLS = 100
"""That are found by their slowest answer."""
NEWEST_ANSWERED = 20_000
"""Turns, the newest: where the slowest answers are looked for, for an answer's latency has no index."""
MOST_LINES = 500
"""That are offered by name."""
SLOWER = "over-"
"""Before the milliseconds of a choice that a page leads to: all that took longer."""
MOST_OVER_MS = 9_999_999
DELAY_LABELS = {"500": "< 500 ms", "1000": "500–1000 ms", "2000": "1000–2000 ms", "slow": "≥ 2000 ms"}
DELAYS_MS = {"500": (0, 500), "1000": (500, 1000), "2000": (1000, 2000), "slow": (2000, None)}
SLOWEST_LABELS = {"1000": "< 1000 ms", "2000": "1000–2000 ms", "3000": "2000–3000 ms", "slow": "≥ 3000 ms"}
SLOWEST_MS = {"1000": (0, 1000), "2000": (1000, 2000), "3000": (2000, 3000), "slow": (3000, None)}


class KnownChoices(admin.SimpleListFilter):
    """A value that is none of the choices narrows nothing: it is refused, and the list says so."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        chosen = self.value()
        if chosen is None:
            return queryset
        if chosen not in {value for value, _label in self.lookup_choices}:
            raise IncorrectLookupParameters
        return self.narrowed(queryset, chosen)

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        raise NotImplementedError


class Milliseconds(KnownChoices):
    """By ranges, and by any bound that the address has: ``over-912``."""

    labels: ClassVar[Mapping[str, str]]
    ranges_ms: ClassVar[Mapping[str, tuple[int, int | None]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = self.used_parameters.get(self.parameter_name or "", "")
        over_ms = _over_ms(asked)
        more = {} if over_ms is None else {asked: f"> {over_ms} ms"}
        return [(name, f"\u2066{label}\u2069") for name, label in {**self.labels, **more}.items()]

    def bounds_ms(self, chosen: str) -> tuple[int, int | None]:
        over_ms = _over_ms(chosen)
        return self.ranges_ms[chosen] if over_ms is None else (over_ms + 1, None)


def _over_ms(chosen: str) -> int | None:
    return whole_number(chosen.removeprefix(SLOWER), 0, MOST_OVER_MS) if chosen.startswith(SLOWER) else None


class DelayFilter(Milliseconds):
    """By a turn's final_ms."""

    title, parameter_name = _("time until a turn's text"), "delay"
    labels, ranges_ms = DELAY_LABELS, DELAYS_MS

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        low, high = self.bounds_ms(chosen)
        turns = Transcript.objects.heard().filter(final_ms__gte=low)
        if high is not None:
            turns = turns.filter(final_ms__lt=high)
        return queryset.filter(pk__in=turns.values("call_id"))


class SlowestAnswerFilter(Milliseconds):
    """The calls whose slowest answer began latest after the caller's last word."""

    title, parameter_name = _("slowest answer"), "slowest"
    labels, ranges_ms = SLOWEST_LABELS, SLOWEST_MS

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        low, high = self.bounds_ms(chosen)
        newest = Transcript.objects.aggregate(pk=Max("pk"))["pk"] or 0
        slowest = (
            seen_by(self.request.user)
            .of(Transcript)
            .filter(pk__gt=newest - NEWEST_ANSWERED, speaker=AGENT, total_ms__isnull=False)
            .values("call_id")
            .annotate(slowest_ms=Max("total_ms"))
            .filter(slowest_ms__gte=low)
            .order_by("-slowest_ms")
        )
        if high is not None:
            slowest = slowest.filter(slowest_ms__lt=high)
        return queryset.filter(pk__in=[row["call_id"] for row in slowest[:SLOWEST_CALLS]])


class FailedAnswersFilter(KnownChoices):
    """By whether answers of the line failed; an index has the calls."""

    title, parameter_name = _("answers that failed"), "failed_answers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("with answers that failed"))]

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        return queryset.filter(answers_failed__gt=0)


class InterruptedFilter(KnownChoices):
    """By what callers have done to the line's answers: the codes of the call's events."""

    title = _("answers spoken over")
    parameter_name = "interrupted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (INTERRUPTED, _("interrupted")),
            ("barge_in_resumed", _("stopped, and went on")),
            (FALSE_START, _("began too early")),
        ]

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        return queryset.filter(pk__in=CallEvent.objects.filter(code=chosen).values("call_id"))


class TurnFilter(admin.SimpleListFilter):
    """Calls with a turn that has the value; ``field`` is indexed."""

    field: str
    meanings: ClassVar[Mapping[str, Any]] = {}
    known: ClassVar[Collection[str]] = ()
    """Values that every installation may have: the limited are offered no others, which their lines may never have
    had."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        values = known_values(Transcript, self.field)
        if seen_by(request.user).is_limited:
            values = [value for value in values if value in self.known]
        return [(value, self.meanings.get(value, value)) for value in values]

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
    known = frozenset({*by_name(), *meanings})


class CodeFilter(TurnFilter):
    title, parameter_name, field = _("code"), "turns__code", "code"
    meanings: ClassVar = EVENTS
    known = EVENTS


class LineFilter(admin.SimpleListFilter):
    """By the line that was called; lines by their names."""

    title, parameter_name = _("line"), "line"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        lines = seen_by(request.user).of(PhoneLine).order_by("name", "number")
        return list(lines.values_list("number", "name")[:MOST_LINES])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        return queryset if self.value() is None else queryset.filter(to_number=self.value())


class CorrectedFilter(KnownChoices):
    """By whether a correction stands in the call, of those that whoever looks is told."""

    title, parameter_name = _("corrections"), "corrected"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("with corrected turns")), ("no", _("without corrected turns"))]

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        standing = standing_corrections(told(Correction.objects.all(), self.request.user, timezone.now()))
        if chosen == "yes":
            return queryset.filter(pk__in=standing.values("call"))
        return queryset.filter(~Exists(standing.filter(call=OuterRef("pk"))))


class SaidByFilter(KnownChoices):
    """Whose words the search looks for; by itself it narrows nothing."""

    title, parameter_name = _("words of the search"), "said"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (SaidBy.LINE, _("said by the line, in the newest calls")),
            (SaidBy.ANYONE, _("said by either, in the newest calls")),
        ]

    def narrowed(self, queryset: QuerySet[Call], chosen: str) -> QuerySet[Call]:
        return queryset

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("said by the caller")}
        yield from others


class StatusFilter(admin.SimpleListFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status, shown_code(status, STATUSES)) for status in STATUS_ORDER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        return queryset if self.value() is None else queryset.filter(status=self.value())
