"""A profile's form as it stands, tried on calls that were heard, before anything is saved.

The values wait in the person's session; the page of a call heard again (calls/desk/tuning/views.py) offers them beside
the profiles, on any call.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.desk.access import needs
from calls.desk.line_limits.seen import SeenLines, seen_by
from calls.desk.permissions import READ, TUNE
from calls.desk.tuning.traces import has_trace
from calls.storage.models import Call
from stt.models import SETTINGS, TuningProfile

TRIED = "tried"
"""In the place of a profile's key."""
_KEPT = "tuning-tried"
MOST_LOOKED_AT = 40
"""Calls, the newest: of those whose trace was kept some are offered."""
MOST_OFFERED = 8


@require_POST
@needs(TUNE)
def try_values(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form as it was sent, on the newest call that can be heard again; what the form refuses it says itself."""
    if not request.user.has_perm(READ):
        raise PermissionDenied
    seen = seen_by(request.user)
    profile = get_object_or_404(seen.of(TuningProfile), pk=pk)
    if not seen.may_change(profile):
        raise PermissionDenied
    page = admin.site._registry[TuningProfile]
    form = page.get_form(request, profile, change=True)(request.POST, instance=profile)
    if not form.is_valid():
        return page.changeform_view(
            request, str(pk), form_url=reverse("admin:stt_tuningprofile_change", args=[pk])
        )  # nothing of it is saved
    request.session[_KEPT] = {"profile": pk, "name": profile.name, "settings": profile.settings()}
    calls = calls_to_try(pk, seen)
    if not calls:
        return _nothing_to_try(request, profile)
    return redirect(f"{reverse('desk-call', args=[calls[0].call_sid])}?profile={TRIED}")


def tried(session: SessionBase) -> TuningProfile | None:
    """The values that this person tries, as a profile that is not saved. None: there are none, or they are an older
    version's."""
    kept = session.get(_KEPT)
    if not isinstance(kept, dict) or set(kept["settings"]) != set(SETTINGS):
        return None
    return TuningProfile(name=kept["name"], **kept["settings"])


def tried_profile(session: SessionBase) -> int:
    """The key of the profile whose form they are of; 0 where there are none."""
    kept = session.get(_KEPT)
    return int(kept["profile"]) if isinstance(kept, dict) else 0


def calls_to_try(profile: int, seen: SeenLines) -> list[Call]:
    """Of the newest calls of these lines those that can be heard again: the profile's own, where it has had some; else
    anybody's."""
    newest = seen.of(Call).filter(started_at__isnull=False, ended_at__isnull=False).order_by("-started_at")
    own = TuningProfile.objects.filter(pk=profile).values_list("revision", flat=True).first()
    for rows in (newest.filter(tuning_profile=profile, tuning_revision=own), newest):
        found = [call for call in rows[:MOST_LOOKED_AT] if has_trace(call)]
        if found:
            return found[:MOST_OFFERED]
    return []


def _nothing_to_try(request: HttpRequest, profile: TuningProfile) -> HttpResponse:
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("Try"), "profile": profile}
    return render(request, "desk/nothing_to_try.html", context)
