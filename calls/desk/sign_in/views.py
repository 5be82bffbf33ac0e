"""A person's own page, and the second factor's: setting it up, being asked for it, its codes on paper."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp import login as show_factor

from calls.desk.access import needs
from calls.desk.access_log.details import Detail
from calls.desk.access_log.entries import Kind, note
from calls.desk.sign_in import devices, sessions
from calls.desk.sign_in.factor import has_shown, is_required_of
from calls.desk.sign_in.forms import CodeForm

FEW_CODES = 3
"""So few are worth a word."""


@require_GET
@needs()
def account(request: HttpRequest) -> HttpResponse:
    """The person's own page."""
    person = request.user
    shown = {
        "title": _("My account"),
        "app": devices.app_of(person),
        "codes_left": devices.codes_left(person),
        "sessions": sessions.count(person),
        "is_required": is_required_of(person),
        "idle_hours": settings.SESSION_IDLE_MIN / 60,
        "longest_hours": settings.SESSION_MAX_H,
    }
    return _page(request, "account/account.html", shown)


@require_POST
@needs()
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions, this one too."""
    ended = sessions.end_all(request.user)
    note(Kind.ACCOUNT, request.user, calls=0, detail=Detail.SIGNED_OUT.of(sessions=ended))
    logout(request)
    return redirect(settings.LOGIN_URL)


@require_http_methods(["GET", "POST"])
@needs()
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the app, or (``?paper=1``) one from paper."""
    person = request.user
    paper = devices.paper_of(person) if request.GET.get("paper") else None
    device = paper or devices.app_of(person)
    if device is None:
        return redirect(f"{reverse('account:enrol')}?{request.GET.urlencode()}")
    form = CodeForm(device, request.POST or None, on_paper=paper is not None)
    if not form.is_valid():
        shown = {"title": _("Second factor"), "form": form, "on_paper": paper, "has_paper": devices.paper_of(person)}
        return _page(request, "account/verify.html", {**shown, "next": _next(request)})
    _let_in(request, device)
    if paper is not None:
        left = devices.codes_left(person)
        note(Kind.ACCOUNT, person, calls=0, detail=Detail.RECOVERY_CODE.of(left=left))
        said = ngettext("One recovery code is left.", "%(left)s recovery codes are left.", left) % {"left": left}
        messages.add_message(request, messages.WARNING if left <= FEW_CODES else messages.INFO, said)
    return redirect(_next(request))


@require_http_methods(["GET", "POST"])
@needs()
def enrol(request: HttpRequest) -> HttpResponse:
    """Show a new key, and take it when the app has shown a code of it. In place of another one only for who has shown
    that."""
    person = request.user
    if devices.app_of(person) is not None and not has_shown(person, request.session):
        return redirect(f"{reverse('account:verify')}?next={reverse('account:enrol')}")
    app = devices.offered_app(person)
    form = CodeForm(app, request.POST or None)
    if form.is_valid():
        codes = devices.confirm(app)
        _let_in(request, app)
        note(Kind.ACCOUNT, person, calls=0, detail=Detail.SECOND_FACTOR)
        return _codes_page(request, codes)
    code = segno.make(app.config_url, micro=False).svg_inline(dark="#000", light="#fff", omitsize=True, svgclass="qr")
    shown = {"title": _("Set up the second factor"), "form": form, "key": devices.key_of(app), "next": _next(request)}
    shown["is_required"] = is_required_of(person)
    # Made here of our own key; segno escapes nothing for it writes numbers alone.
    return _page(request, "account/enrol.html", {**shown, "qr": mark_safe(code)})  # noqa: S308


@require_POST
@needs()
def new_codes(request: HttpRequest) -> HttpResponse:
    """Other codes for paper."""
    person = request.user
    if devices.app_of(person) is None or not has_shown(person, request.session):
        return redirect(f"{reverse('account:verify')}?next={reverse('account:page')}")
    codes = devices.new_codes(person)
    note(Kind.ACCOUNT, person, calls=0, detail=Detail.NEW_CODES)
    return _codes_page(request, codes)


def _let_in(request: HttpRequest, device: devices.AnyDevice) -> None:
    """The factor is shown: in a session with another key, so that one that was planted before is worth nothing."""
    show_factor(request, device)
    request.session.cycle_key()


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The only time they are shown."""
    return _page(request, "account/codes.html", {"title": _("Recovery codes"), "codes": codes, "next": _next(request)})


def _next(request: HttpRequest) -> str:
    """Where the person wanted to go; the first page where that is elsewhere."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})
