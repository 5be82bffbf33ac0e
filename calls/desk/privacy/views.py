"""The forms of a legal hold, on the page of its call (templates/admin/calls/call/_hold.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from calls.desk.access import needs
from calls.desk.line_limits.seen import seen_call
from calls.desk.permissions import HOLD, READ
from calls.desk.privacy.holding import lift, place
from calls.desk.privacy.models import MOST_WHY_LETTERS
from calls.storage.models import Call


class WhyForm(forms.Form):
    why = forms.CharField(max_length=MOST_WHY_LETTERS)

    def clean_why(self) -> str:
        """One line."""
        return " ".join(self.cleaned_data["why"].split())


@require_POST
@needs(READ, HOLD)
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing deletes the call from now on."""
    return _done(request, pk, place, _("The call is under legal hold: nothing deletes it."))


@require_POST
@needs(READ, HOLD)
def lift_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """The call is deleted when its time is over."""
    return _done(request, pk, lift, _("The legal hold is lifted: the call is deleted when its time is over."))


def _done(request: HttpRequest, pk: int, act: Callable[[Call, Any, str], None], said: str) -> HttpResponse:
    call = seen_call(request.user, pk=pk)
    form = WhyForm(request.POST)
    if form.is_valid():
        act(call, request.user, form.cleaned_data["why"])
        messages.success(request, said)
    else:
        messages.error(request, _("Say why, in at most %(most)s letters.") % {"most": MOST_WHY_LETTERS})
    return redirect("admin:calls_call_change", pk)
