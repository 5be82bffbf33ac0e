"""The page that says who hears best, and the button that makes a profile expect a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calls.desk.access import needs
from calls.desk.access_log.entries import Kind, note_lasting
from calls.desk.engines.confusions import ConfusedWord, confused_words
from calls.desk.engines.figures import SHORT_WORDS
from calls.desk.engines.measuring import SHARES, STREAM, MeasuredEngine
from calls.desk.engines.models import EngineMeasurement
from calls.desk.engines.shown import milliseconds, percent
from calls.desk.line_limits.seen import seen_by
from calls.desk.permissions import READ, TUNE
from calls.desk.tuning.comparison import Shown
from calls.desk.tuning.uncertainty import MIN_CALLS
from stt.engines.catalogue import by_name
from stt.models import TuningProfile
from stt.profiles import add_hint
from voiceapp.runtime.whole_number import whole_number

MOST_CHOICES = 50
"""Measurements that can be chosen: the newest."""
MOST_ID = 2**63 - 1
MOST_LETTERS = 100
"""Of a hint, as engines take them."""


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine, asked in one way, as the table shows it."""

    number: int
    """From 1: it stands for the engine in the plots."""
    title: str
    way: Any
    one: MeasuredEngine
    figures: list[Shown]
    difference: Shown
    mood: str
    """``better`` | ``worse`` | "" where nothing is clear."""


class HintForm(forms.Form):
    """A word that was heard wrong, and the profile that shall expect it."""

    word = forms.CharField(max_length=MOST_LETTERS)
    profile = forms.IntegerField(min_value=1, max_value=MOST_ID)
    measurement = forms.IntegerField(min_value=1, max_value=MOST_ID)


@require_safe
@needs(READ)
def measurements(request: HttpRequest) -> HttpResponse:
    """One measurement, the newest in which something was heard where none is chosen: figures, plots, confusions."""
    choices = list(seen_by(request.user).of(EngineMeasurement)[:MOST_CHOICES])
    asked = request.GET.get("measurement", "")
    one = next((row for row in choices if str(row.pk) == asked), None)
    one = one or next((row for row in choices if not _all_failed(row)), choices[0] if choices else None)
    context: dict[str, Any] = {"choices": choices, "measurement": one}
    if one is not None:
        note_lasting(Kind.READ, request.user, calls=one.calls)
        context |= _shown(request, one)
    title = _("Who hears best")
    return render(request, "desk/engines.html", {**admin.site.each_context(request), "title": title, **context})


@require_POST
@needs(READ, TUNE)
def hint(request: HttpRequest) -> HttpResponse:
    """Make a profile expect a word, as a new revision, and go back to the page."""
    form = HintForm(request.POST)
    if not form.is_valid():
        raise Http404
    word, profile = form.cleaned_data["word"], form.cleaned_data["profile"]
    seen = seen_by(request.user)
    if not seen.may_change(get_object_or_404(seen.of(TuningProfile), pk=profile)):
        raise PermissionDenied
    try:
        is_new = add_hint(profile, word, request.user)
    except TuningProfile.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        said = _("The next call expects it: %(word)s") if is_new else _("It is expected already: %(word)s")
        messages.success(request, said % {"word": f"\u2068{word}\u2069"})
    chosen = f"measurement={form.cleaned_data['measurement']}&profile={profile}"
    return redirect(f"{reverse('desk-engines')}?{chosen}#confusions")


def _all_failed(one: EngineMeasurement) -> bool:
    return all(MeasuredEngine.of_json(kept, one.calls).all_failed for kept in one.figures)


def _shown(request: HttpRequest, one: EngineMeasurement) -> dict[str, Any]:
    rows = [_row(number, MeasuredEngine.of_json(kept, one.calls)) for number, kept in enumerate(one.figures, 1)]
    seen = seen_by(request.user)
    profiles = list(seen.of(TuningProfile))
    asked = whole_number(request.GET.get("profile", ""), 1, MOST_ID)
    name = one.profile.rpartition("@")[0]
    chosen = next((p for p in profiles if p.pk == asked), None) or next((p for p in profiles if p.name == name), None)
    shown = chosen or (profiles[0] if profiles else None)
    return {
        "rows": rows,
        "words": [(word, _counts(word, rows)) for word in confused_words(one, request.user)],
        "profiles": profiles,
        "chosen": shown,
        "expected": shown.hints() if shown is not None else (),
        "can_tune": request.user.has_perm(TUNE) and shown is not None and seen.may_change(shown),
        "short_words": SHORT_WORDS,
        "all_failed": _all_failed(one),
        "too_few": MIN_CALLS if one.calls < MIN_CALLS else 0,
        "plots": _plots(rows),
    }


def _row(number: int, one: MeasuredEngine) -> EngineRow:
    entry = by_name().get(one.engine)
    found = one.estimates
    mood = ""
    if not one.all_failed and one.difference.is_clear and one.difference.value is not None:
        mood = "better" if one.difference.value < 0 else "worse"
    return EngineRow(
        number,
        _(entry.title) if entry else one.engine,
        _("stream") if one.way == STREAM else _("one-shot"),
        one,
        [
            percent(found["wer"]),
            percent(found["cer"]),
            percent(found["short"]),
            milliseconds(found["final_p50"]),
            milliseconds(found["final_p95"]),
            Shown(f"{one.price_per_hour} $"),
            percent(found["failed"]),
        ],
        percent(one.difference, signed=True),
        mood,
    )


def _counts(word: ConfusedWord, rows: list[EngineRow]) -> list[tuple[int, int]]:
    """The engine's number in the table, and how often it did so."""
    return [(row.number, word.counts[row.one.key]) for row in rows if word.counts[row.one.key]]


def _plots(rows: list[EngineRow]) -> dict[str, Any]:
    """For static/desk/engines.js."""
    return {
        "shares": [round(100 * share) for share in SHARES],
        "engines": [
            {
                "label": f"{row.number} \u2068{row.title}\u2069 · {row.way}",
                "wer": [None if value is None else round(100 * value, 2) for value in (wer.value, wer.low, wer.high)],
                "finals": row.one.finals_ms,
            }
            for row in rows
            for wer in [row.one.estimates["wer"]]
        ],
        "words": {"engine": _("engine"), "wer": _("word errors, %"), "share": _("turns, %"), "final": "ms"},
    }
