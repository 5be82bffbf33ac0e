"""The queue's own page: what waits and why, notes that name one, samples, and for who oversees who did how many."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from calls.desk.access import needs
from calls.desk.day_input import DayInput
from calls.desk.line_limits.seen import SeenLines, seen_by
from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS, READ
from calls.desk.review.head import lasted
from calls.desk.review.queue.blind import told
from calls.desk.review.queue.block import add_pieces
from calls.desk.review.queue.models import CallReview, Mention, ReviewSample
from calls.desk.review.queue.reasons import shown_reasons
from calls.desk.review.queue.reviewing import has_blind_reviewers, mentions_of, undoable
from calls.desk.review.queue.sampling import MOST_SAMPLED, NothingToDraw, draw
from calls.desk.review.queue.tallies import agreed, found_in, tallies
from calls.desk.review.queue.waiting import MOST_COUNTED, doubtful, unreviewed, waiting
from calls.lines.models import PhoneLine
from calls.storage.queued_calls import TWICE_ONE_IN, QueuedCall

MOST_SHOWN = 20
MOST_MENTIONS = 50
MOST_DAYS = 366


class SampleForm(forms.Form):
    """A sample to be drawn: of whole days by the pages' clock."""

    since = forms.DateField(label=gettext_lazy("from"), widget=DayInput)
    until = forms.DateField(label=gettext_lazy("to"), widget=DayInput)
    size = forms.IntegerField(label=gettext_lazy("calls"), min_value=1, max_value=MOST_SAMPLED, initial=50)
    line = forms.ModelChoiceField(
        PhoneLine.objects.none(), label=gettext_lazy("line"), required=False, empty_label=gettext_lazy("all lines")
    )
    seed = forms.CharField(label=gettext_lazy("seed"), required=False, max_length=64)

    def __init__(self, data: Any = None, *, seen: SeenLines, **options: Any) -> None:
        """``seen``: a sample of all lines would be of others too."""
        super().__init__(data, **options)
        line: Any = self.fields["line"]
        line.queryset = seen.of(PhoneLine)
        if seen.is_limited:
            line.required, line.empty_label = True, None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and not 0 <= (until - since).days <= MOST_DAYS:
            raise forms.ValidationError(_("The period has from 1 to %(most)s days."), params={"most": MOST_DAYS})
        return cleaned


@require_safe
@needs(READ)
def queue(request: HttpRequest) -> HttpResponse:
    """Who reviews begins here."""
    return _page(request)


@require_POST
@needs(READ, OVERSEE_REVIEWS)
def draw_sample(request: HttpRequest) -> HttpResponseBase:
    form = SampleForm(request.POST, seen=seen_by(request.user))
    if not form.is_valid():
        return _page(request, form, 400)
    asked = form.cleaned_data
    line: PhoneLine | None = asked["line"]
    try:
        since, until = (_midnight(day) for day in (asked["since"], asked["until"] + timedelta(days=1)))
        number = line.number if line is not None else ""
        sample = draw(request.user, since, until, asked["size"], line=number, seed=asked["seed"])
    except (NothingToDraw, OverflowError):
        form.add_error(None, _("No call of these days can be drawn."))
        return _page(request, form, 400)
    messages.success(request, _("The sample was drawn."))
    return redirect("review-sample", pk=sample.pk)


@require_safe
@needs(READ)
def sample(request: HttpRequest, pk: int) -> HttpResponse:
    """A sample, so that it can be cited: how it was drawn, and what was found so far."""
    row = get_object_or_404(seen_by(request.user).of(ReviewSample), pk=pk)
    calls = row.calls.select_related("queued__call", "queued__claimed_by")
    reviews = told(CallReview.objects.all(), request.user, timezone.now())
    calls = calls.prefetch_related(Prefetch("queued__call__reviews", reviews))
    context = {
        **admin.site.each_context(request),
        "title": _("Sample %(number)s") % {"number": row.pk},
        "sample": row,
        "last_day": row.until - timedelta(seconds=1),
        "found": found_in(row, reviews),
        "calls": calls,
        "may_review": request.user.has_perm(CORRECT),
    }
    return render(request, "admin/calls/queue/sample.html", context)


def _page(request: HttpRequest, form: SampleForm | None = None, status: int = 200) -> HttpResponse:
    user: Any = request.user
    now, seen = timezone.now(), seen_by(user)
    may_review, oversees = user.has_perm(CORRECT), user.has_perm(OVERSEE_REVIEWS)
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        **admin.site.each_context(request),
        "title": _("Review queue"),
        "may_review": may_review,
        "oversees": oversees,
        "waiting": waiting(user, now),
        "most_counted": MOST_COUNTED,
        "next_ones": _next_ones(user, now, seen) if may_review else [],
        "undoable": undoable(user, now) if may_review else None,
        "done_today": seen.of(CallReview).filter(user=user, made_at__gte=today).count(),
        "mentions": _mentions(user),
        "samples": seen.of(ReviewSample)[:MOST_SHOWN],
        "twice_one_in": TWICE_ONE_IN,
    }
    if oversees:
        claimed = seen.of(QueuedCall).filter(claimed_by__isnull=False, claimed_until__gt=now)
        context |= {
            "claimed": claimed.select_related("call", "claimed_by").order_by("claimed_at"),
            "tallies": tallies(now, seen),
            "agreed": agreed(now, seen),
            "nobody_is_blind": not has_blind_reviewers(),
            "form": form or SampleForm(seen=seen, initial=_last_week(today)),
        }
    return render(request, "admin/calls/queue/overview.html", context, status=status)


def _next_ones(user: Any, now: datetime, seen: SeenLines) -> list[QueuedCall]:
    """Each with its ``shown_reasons``, its ``line_name``, empty where it has none, and how long it ``lasted``."""
    rows = unreviewed(user).filter(pk__in=doubtful(user, now, MOST_SHOWN))
    found = list(rows.select_related("call").order_by("-doubt", "-call_id"))
    numbers = {one.call.to_number for one in found}
    names = dict(seen.of(PhoneLine).filter(number__in=numbers).values_list("number", "name"))
    for one in found:
        row: Any = one  # the page's own attributes of it
        row.shown_reasons = shown_reasons(one.reasons)
        row.line_name = names.get(one.call.to_number, "")
        row.lasted = lasted(one.call)
    return found


def _last_week(today: datetime) -> dict[str, Any]:
    return {"since": today.date() - timedelta(days=7), "until": today.date()}


def _mentions(user: Any) -> list[Mention]:
    """Each note of them with its ``pieces``."""
    found = list(mentions_of(user).select_related("note__call").order_by("-pk")[:MOST_MENTIONS])
    for one in found:
        add_pieces(one.note)
    return found


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
