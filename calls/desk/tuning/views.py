"""The desk's pages: what a profile's revisions did, a trial's report, and a call at other settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls.desk.access import needs
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.codes import NOT_HEARD_AGAIN, shown_code
from calls.desk.line_limits.seen import SeenLines, seen_by
from calls.desk.review.head import head_of
from calls.desk.rows import span
from calls.desk.tuning import half_closing
from calls.desk.tuning.answer_changes import ShownChange
from calls.desk.tuning.comparison import Comparison, Shown, counted, name_of, shown
from calls.desk.tuning.figures import Measure
from calls.desk.tuning.selectors import Measured, measured, refused_settings
from calls.desk.tuning.traces import TraceMissing, traces_of, tuning_of
from calls.desk.tuning.tried import TRIED, calls_to_try, tried, tried_profile
from calls.desk.tuning.words import LEFT_OUT, REFUSED_SETTINGS, setting, shown_value
from calls.lines.models import Trial
from calls.process.half_closing import statuses
from calls.process.services import services
from calls.storage.models import SOURCES, Call
from calls.whatif.answers_again import UNKNOWABLE_TALK
from calls.whatif.comparison import Pair, what_if
from stt.engine_variables import unknown_engines_sentence
from stt.models import SETTINGS, TuningProfile
from stt.profiles import restore
from stt.tuning import TuningError, hints_flaws

VIEW, TUNE = "stt.view_tuningprofile", "stt.change_tuningprofile"
MOST_ROWS = 40
"""Of a profile's history."""
MOST_MEASURED = 8
"""Revisions whose figures stand in the history."""
FIELD_OF = {"phrase_hints": "phrases"}
"""A profile's field of a setting that Tuning names otherwise."""
SOURCE_LABELS = dict(SOURCES)
LONGEST_FRAMES = 50 * 60 * 30
"""A longer call is for ``manage.py whatif``: a page answers at once."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One saved change: who, when, what; and what its revision did."""

    row: Any
    name: str
    changes: list[tuple[Any, str, str]]
    """Field, before, after."""
    measured: Measured | None
    figures: list[Shown]
    calls: str
    can_restore: bool


@dataclass(frozen=True, slots=True)
class ShownPair:
    """The same speech before and after, with the words for its sources."""

    pair: Pair
    before_source: str
    after_source: str

    @property
    def span(self) -> str:
        """When it was spoken; of what is heard in only one of both, by that one."""
        turn = self.pair.before or self.pair.after
        return span(turn.started_ms, turn.ended_ms) if turn else ""

    @classmethod
    def of(cls, pair: Pair) -> ShownPair:
        before, after = (str(SOURCE_LABELS[turn.source]) if turn else "" for turn in (pair.before, pair.after))
        return cls(pair, before, after)


@require_safe
@needs(VIEW)
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """A profile's revisions beside what they did; two of them side by side."""
    seen = seen_by(request.user)
    one = get_object_or_404(seen.of(TuningProfile), pk=pk)
    history = list(one.history.select_related("history_user")[: MOST_ROWS + 1])
    rows = _history_rows(one, history, seen)
    choices = _choices(one, history, seen)
    b = request.GET.get("b", f"{one.pk}.{one.revision}")
    a = request.GET.get("a", _before(rows, one))
    comparison = _compared(choices, a, b, seen)
    context = {
        "profile": one,
        "refused": [(REFUSED_SETTINGS[code], n) for code, n in refused_settings(one.pk, one.revision, seen).items()],
        "half_closings": half_closing.shown(statuses(services().recognition)),
        "unknown_engines": unknown_engines_sentence(one.engines),
        "left_out": LEFT_OUT if hints_flaws(one.hints()) else "",
        "history": rows,
        "choices": [(key, name_of(row)) for key, row in choices.items()],
        "a": a,
        "b": b,
        "comparison": comparison,
        "only_revision": len({row.row.revision for row in rows}) == 1,
        "can_tune": request.user.has_perm(TUNE) and seen.may_change(one),
    }
    return _page(request, "desk/profile.html", _("What it did: %(profile)s") % {"profile": one.name}, context)


@require_POST
@needs(TUNE)
def back_to(request: HttpRequest, pk: int, history_id: int) -> HttpResponse:
    """Make an old revision's settings the profile's again."""
    seen = seen_by(request.user)
    one = get_object_or_404(seen.of(TuningProfile), pk=pk)
    if not seen.may_change(one):
        raise PermissionDenied
    try:
        restore(one, get_object_or_404(one.history, history_id=history_id), request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, _("The next call uses it."))
    return redirect("desk-profile", pk=pk)


@require_safe
@needs(VIEW)
def trial(request: HttpRequest, pk: int) -> HttpResponse:
    """A trial's difference, its uncertainty, and whether it is enough."""
    seen = seen_by(request.user)
    trials = seen.of(Trial).select_related("line", "a", "b", "started_by", "ended_by")
    one = get_object_or_404(trials, pk=pk)
    a, b = (measured(row.id, row.revision, one, seen=seen) for row in (one.a, one.b))
    comparison = Comparison(a, b, one.a, one.b)
    return _page(request, "desk/trial.html", str(one), {"trial": one, "comparison": comparison})


@require_safe
@needs(VIEW)
def call(request: HttpRequest, sid: str) -> HttpResponse:
    """A call's turns as they were, and as they would have been with a profile."""
    if not request.user.has_perm("calls.view_call"):
        raise PermissionDenied
    seen = seen_by(request.user)
    one = get_object_or_404(seen.of(Call), call_sid=sid)
    note_lasting(Kind.READ, request.user, one.call_sid)
    profiles = list(seen.of(TuningProfile))
    unsaved, asked = tried(request.session), request.GET.get("profile")
    chosen = next((p for p in profiles if str(p.pk) == asked), None) or _own(one, profiles)
    if unsaved is not None and asked == TRIED:
        chosen = unsaved
    context: dict[str, Any] = {"call": one, "profiles": profiles, "chosen": chosen, "unsaved": unsaved, "tried": TRIED}
    if chosen is not None and chosen is unsaved:
        form = tried_profile(request.session)
        context |= {"others": calls_to_try(form, seen), "form": form}
    if chosen is not None:
        try:
            context |= _what_if(one, chosen)
        except TraceMissing as error:
            context |= {"code": error.code, "why": shown_code(error.code, NOT_HEARD_AGAIN)}
    return _page(request, "desk/call.html", _("What if: %(call)s") % {"call": head_of(one).title}, context)


def _own(one: Call, profiles: list[TuningProfile]) -> TuningProfile | None:
    """The profile that the call ran with; where that is gone, some other."""
    return next((p for p in profiles if p.pk == one.tuning_profile), profiles[0] if profiles else None)


def _what_if(one: Call, chosen: TuningProfile) -> dict[str, Any]:
    """Raises TraceMissing."""
    before = tuning_of(one)
    try:
        after = chosen.tuning()
    except TuningError as error:
        raise TraceMissing("settings_out_of_bounds") from error
    streams = traces_of(one)
    if sum(len(stream.heard.frames) for stream in streams) > LONGEST_FRAMES:
        raise TraceMissing("trace_too_long")
    found = [what_if(s.heard, before, after, audio=s.audio, first=s.first_number) for s in streams]
    same = replace(after, profile="", profile_id=0, revision=0) == replace(before, profile="", profile_id=0, revision=0)
    answers = [ShownChange.of(change) for stream in streams for change in stream.answers_again(before, after)]
    return {
        "answers": answers,
        "is_damaged": any(stream.damage for stream in streams),
        "unknowable_talk": _(UNKNOWABLE_TALK),
        "pairs": [ShownPair.of(pair) for result in found for pair in result.pairs],
        # Each once, however many streams the call had.
        "unknown": dict.fromkeys(
            (setting(FIELD_OF.get(one.setting, one.setting)).label, _(one.sentence))
            for result in found
            for one in result.unknown
        ),
        "guessed": sum(len(result.after.guessed) for result in found),
        "same_settings": same,
    }


def _field_name(name: str) -> str:
    field: Any = TuningProfile._meta.get_field(name)
    return str(field.verbose_name)


def _history_rows(one: TuningProfile, history: list[Any], seen: SeenLines) -> list[HistoryRow]:
    rows: list[HistoryRow] = []
    met: set[int] = set()
    for row, older in zip(history[:MOST_ROWS], [*history[1:], None], strict=False):
        found = None
        if row.revision not in met and len(met) < MOST_MEASURED:
            found = measured(one.pk, row.revision, seen=seen)
        met.add(row.revision)
        delta = row.diff_against(older).changes if older is not None else []
        fields = {change.field: _field_name(change.field) for change in delta}
        rows.append(
            HistoryRow(
                row,
                name_of(row),
                [
                    (fields[change.field], shown_value(change.field, change.old), shown_value(change.field, change.new))
                    for change in delta
                ],
                found,
                [shown(m, found.estimates[m]) for m in COLUMNS if m in found.estimates] if found else [],
                counted(found) if found else "",
                any(getattr(row, name) != getattr(one, name) for name in SETTINGS),
            )
        )
    return rows


COLUMNS = (Measure.FINAL_P50, Measure.FINAL_P95, Measure.REGRET, Measure.CUT_OFFS)


def _choices(one: TuningProfile, history: list[Any], seen: SeenLines) -> dict[str, Any]:
    """What can be compared: this profile's revisions, and the other profiles as they stand."""
    choices: dict[str, Any] = {}
    for row in history:
        choices.setdefault(f"{one.pk}.{row.revision}", row)
    for other in seen.of(TuningProfile).exclude(pk=one.pk):
        choices[f"{other.pk}.{other.revision}"] = other
    return choices


def _before(rows: list[HistoryRow], one: TuningProfile) -> str:
    """The newest revision before this one that has calls; else the one before."""
    earlier = [row for row in rows if row.row.revision != one.revision]
    with_calls = [row for row in earlier if row.measured is not None and row.measured.calls]
    chosen = (with_calls or earlier)[0].row.revision if earlier else one.revision
    return f"{one.pk}.{chosen}"


def _compared(choices: dict[str, Any], a: str, b: str, seen: SeenLines) -> Comparison | None:
    """None where there are not two."""
    if a not in choices or b not in choices or a == b:
        return None
    sides = []
    for key in (a, b):
        profile, revision = key.split(".")
        sides.append(measured(int(profile), int(revision), seen=seen))
    return Comparison(sides[0], sides[1], choices[a], choices[b])


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), "title": title, **context})
