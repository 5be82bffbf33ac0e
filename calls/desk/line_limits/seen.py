"""The rows that a person sees: one door for every page, list, export and socket.

Each model whose rows belong to a line stands in BY_LINE or BY_OTHER, with the way from its row to the line's number.
Rows of other lines do not exist for whoever is limited: their addresses answer 404, as those of no row, so that not
even their existence is told. tests/calls/desk/line_limits/ holds every model, page and form to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from django.contrib.auth.models import Group, User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404

from calls.core.line_health import Trouble
from calls.desk.line_limits.models import LineLimit
from calls.lines.models import PhoneLine
from calls.storage.models import Call
from stt.default_profile import default_of
from stt.models import TuningProfile

Row = TypeVar("Row", bound=Model)
Numbers = frozenset[str]

OF_NO_LINE = frozenset({Trouble.ENGINE.value, Trouble.THREAD.value, Trouble.SETTINGS.value, Trouble.DISK.value})
"""Alarms of the whole service: everybody who reads calls sees them."""
OF_CALL = "call__to_number"
BY_LINE: Mapping[str, str] = {
    "calls.AlarmNotice": "alarm__line",
    "calls.Call": "to_number",
    "calls.CallEvent": OF_CALL,
    "calls.CallNote": OF_CALL,
    "calls.CallReview": OF_CALL,
    "calls.CallTag": OF_CALL,
    "calls.Correction": OF_CALL,
    "calls.EngineMeasurement": "line",
    "calls.Informed": OF_CALL,
    "calls.LegalHold": OF_CALL,
    "calls.LineHour": "line",
    "calls.LinePerson": "line__number",
    "calls.MeasuredTurn": "measurement__line",
    "calls.Mention": "note__call__to_number",
    "calls.NumberChange": "line",
    "calls.PhoneLine": "number",
    "calls.PrivacyChange": "line",
    "calls.QueuedCall": OF_CALL,
    "calls.ReviewSample": "line",
    "calls.SampledCall": "sample__line",
    "calls.SavedValue": OF_CALL,
    "calls.Transcript": OF_CALL,
    "calls.Trial": "line__number",
    "calls.TurnMark": OF_CALL,
    "calls.Webhook": "line__number",
}
"""Model -> its field that has the line's number. A row of all lines has no number, and the limited do not see it."""


def _alarms(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
    return rows.filter(Q(line__in=numbers) | Q(kind__in=OF_NO_LINE))


def _of_calls(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
    """Rows that know a call by its CallSid alone. Those of a call that is deleted belong to no line any more."""
    return rows.filter(call_sid__in=Call.objects.filter(to_number__in=numbers).values("call_sid"))


def _deliveries(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
    """A webhook may have been another line's before."""
    return rows.filter(webhook__line__number__in=numbers, call__to_number__in=numbers)


def _tokens(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
    """Those that read some of these lines and nothing else."""
    named = rows.model._default_manager.filter(lines__number__in=numbers)
    beyond = PhoneLine.objects.exclude(number__in=numbers)
    return rows.filter(pk__in=named.values("pk"), all_lines=False).exclude(lines__in=beyond)


def _used(of_line: str) -> Callable[[QuerySet[Any], Numbers], QuerySet[Any]]:
    """What several lines may use, by PhoneLine's field: seen unless only other lines use it."""

    def narrowed(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
        own = PhoneLine.objects.filter(**{of_line: OuterRef("pk")}, number__in=numbers)
        return rows.filter(Exists(own) | ~Exists(PhoneLine.objects.filter(**{of_line: OuterRef("pk")})))

    return narrowed


def _revisions(rows: QuerySet[Any], numbers: Numbers) -> QuerySet[Any]:
    own = PhoneLine.objects.filter(profile=OuterRef("id"), number__in=numbers)
    return rows.filter(Exists(own) | ~Exists(PhoneLine.objects.filter(profile=OuterRef("id"))))


BY_OTHER: Mapping[str, Callable[[QuerySet[Any], Numbers], QuerySet[Any]]] = {
    "calls.AccessEntry": _of_calls,
    "calls.Alarm": _alarms,
    "calls.ApiToken": _tokens,
    "calls.Dialogue": _used("dialogue"),
    "calls.SupervisorAction": _of_calls,
    "calls.WebhookDelivery": _deliveries,
    "stt.TuningProfile": _used("profile"),
    "stt.HistoricalTuningProfile": _revisions,
}
USED_BY = {"calls.Dialogue": "dialogue", "stt.TuningProfile": "profile"}
"""PhoneLine's fields of what several lines may use."""


@dataclass(frozen=True, slots=True)
class SeenLines:
    """``numbers`` of the lines whose calls a person sees; None: all calls."""

    numbers: Numbers | None = None

    @property
    def is_limited(self) -> bool:
        return self.numbers is not None

    @property
    def key(self) -> str:
        """The same of the same lines, for what is kept in a cache."""
        return "all" if self.numbers is None else sha256("\n".join(sorted(self.numbers)).encode()).hexdigest()[:16]

    def has(self, number: str) -> bool:
        return self.numbers is None or number in self.numbers

    def has_all(self, others: SeenLines) -> bool:
        """Whoever sees ``others`` sees nothing more than this."""
        return self.numbers is None or (others.numbers is not None and others.numbers <= self.numbers)

    def shows_alarm(self, kind: str, line: str) -> bool:
        return kind in OF_NO_LINE or self.has(line)

    def of(self, rows: QuerySet[Row] | type[Row]) -> QuerySet[Row]:
        """Of these rows the ones that are seen. Raises LookupError for a model that no line's rows are of."""
        found: QuerySet[Row] = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
        label = found.model._meta.label
        field, narrowed = BY_LINE.get(label), BY_OTHER.get(label)
        if field is None and narrowed is None:
            raise LookupError(f"{label} is of no line: calls/desk/line_limits/seen.py")
        if self.numbers is None:
            return found
        return narrowed(found, self.numbers) if narrowed else found.filter(**{f"{field}__in": self.numbers})

    def may_change(self, row: Model) -> bool:
        """It changes nothing for lines that are not seen: no other line uses it, nor every line that has no own."""
        if self.numbers is None or (field := USED_BY.get(row._meta.label)) is None or row.pk is None:
            return True
        used = PhoneLine.objects.filter(**{field: row.pk}).exclude(number__in=self.numbers).exists()
        is_default = getattr(row, "is_default", False) or row == default_of(TuningProfile.objects.all())
        return not used and not is_default


ALL = SeenLines()


def belongs_to_a_line(model: type[Model]) -> bool:
    return model._meta.label in BY_LINE or model._meta.label in BY_OTHER


def seen_by(user: Any) -> SeenLines:
    """As the database had it when this object of a person was first asked: a request's, or a socket's look at it."""
    kept: SeenLines | None = getattr(user, "_seen_lines", None)
    if kept is None:
        kept = user._seen_lines = ALL if user.is_superuser else _read(user)
    return kept


def _read(user: Any) -> SeenLines:
    """Raises DatabaseError."""
    limits = LineLimit.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))
    numbers = list(limits.values_list("lines__number", flat=True))
    return SeenLines(frozenset(one for one in numbers if one is not None)) if numbers else ALL


def limit_of(row: Any) -> SeenLines:
    """What the rows of a person or a group say by themselves."""
    limit = LineLimit.objects.filter(**{row._meta.model_name: row.pk}).first() if row.pk else None
    return ALL if limit is None else SeenLines(frozenset(limit.lines.values_list("number", flat=True)))


def limited_by(groups: Iterable[Group]) -> QuerySet[User]:
    """People whom these groups limit and nothing else: without them they see all lines."""
    keys = [group.pk for group in groups]
    limits = LineLimit.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
    these = Q(group__in=keys)
    found = User.objects.filter(Exists(limits.filter(these)), ~Exists(limits.filter(~these)), is_superuser=False)
    return found.order_by("username")


def who_see(people: QuerySet[User], number: str) -> QuerySet[User]:
    """Of these people the ones who see calls of this line."""
    limits = LineLimit.objects.filter(Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")))
    has_it = Exists(limits.filter(lines__number=number))
    return people.filter(Q(is_superuser=True) | ~Exists(limits) | Q(has_it))


def seen_call(user: Any, **lookup: Any) -> Call:
    """The call, if this person sees it. Raises Http404 as for a call that there is not."""
    return get_object_or_404(seen_by(user).of(Call), **lookup)
