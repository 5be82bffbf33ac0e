"""What a stranger or a colleague tries on the pages, at every address of the URL table: forged forms, pages of others,
and text that would be a page's own.

A page that is added later is attacked without being named here, and one that nobody has said who may open it fails.
"""

import inspect
import logging
import re
from html.parser import HTMLParser
from types import ModuleType

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import transaction
from django.http import HttpResponse
from django.template import base as template_base
from django.test import Client
from django.urls import path, resolve
from django.views.decorators.csrf import csrf_exempt

from calls.desk import permissions as may
from calls.desk.admin.webhooks import WebhookAdmin
from calls.desk.permissions import GROUPS
from calls.models import Call, Dialogue, PhoneLine, Trial
from stt.models import TuningProfile
from tests.calls.desk.line_limits.test_every_address import SAID
from tests.every_address import address_of, every_route
from tests.html import Page
from tests.marked_rows import mark
from tests.paths import ROOT
from tests.test_every_page import no_copies, rows, sign_in, stream, why  # noqa: F401 - fixtures
from voiceapp import urls

OF_PROGRAMS = {"twilio:voice", "twilio:after", "twilio:status", "twilio:stream"}
"""Signed by Twilio: no browser sends them. The API has no form, and takes no cookie."""
OPEN = {
    *OF_PROGRAMS, "healthz", "readyz", "metrics", "set_language", "admin:login", "admin:jsi18n", "console/", "",
    "api:api-root", "api:openapi-json", "api:list_calls", "api:read_call", "api:list_turns",
}  # fmt: skip
"""For whoever comes, or for programs, which show what they are by other means (tests/live/, tests/calls/api/)."""
SIGNING_OUT = {"admin:logout", "account:sign_out_everywhere"}
STAFF = {
    "admin:index", "admin:password_change", "admin:password_change_done", "admin:view_on_site", "admin:app_list",
    "account:page", "account:verify", "account:enrol", "account:codes",
    "admin/(?P<url>.*)$",
}  # fmt: skip
"""For everybody who signs in to work here: of their own, or of what they may besides."""
VIEW = "stt.view_tuningprofile"
NEEDS = {
    "console:wall": {may.READ}, "console:state": {may.READ}, "console:costs": {may.READ}, "console:call": {may.READ},
    "console:call_state": {may.READ}, "console:acknowledge": {may.READ},
    "console:end": {may.END_CALLS}, "console:hand_over": {may.END_CALLS}, "console:say": {may.END_CALLS},
    "console:quiet": {may.END_CALLS}, "console:answer_again": {may.END_CALLS},
    "desk-profile": {VIEW}, "desk-trial": {VIEW}, "desk-call": {VIEW, may.READ}, "desk-engines": {may.READ},
    "desk-try": {may.READ, may.TUNE}, "desk-back": {may.TUNE}, "desk-engines-hint": {may.READ, may.TUNE},
    "review-audio": {may.READ, may.LISTEN}, "review-peaks": {may.READ, may.LISTEN},
    "review-subtitles": {may.READ, may.EXPORT}, "review-queue": {may.READ}, "review-sample": {may.READ},
    "review-draw": {may.READ, may.OVERSEE_REVIEWS}, "review-free": {may.READ, may.OVERSEE_REVIEWS},
    "review-seen": {may.READ}, "call-hold": {may.READ, may.HOLD}, "call-lift-hold": {may.READ, may.HOLD},
    **dict.fromkeys(
        (f"review-{name}" for name in ("next", "claim", "done", "undo", "put-back", "mark", "tag", "note", "correct")),
        {may.READ, may.CORRECT},
    ),
}  # fmt: skip
"""Permissions that each of our own addresses asks for. ``desk-hear`` takes one of two."""
ONE_OF = {"desk-hear": {"calls.change_phoneline", "calls.change_dialogue"}}
ASK_INSIDE = {"desk-try", "desk-call", "desk-hear"}
"""Views that ask once more themselves: without what stands around them, nobody is let in."""
ACTIONS = {"add": ("add",), "delete": ("delete",), "history": ("view", "change"), "password_change": ("change",)}
"""Of a model's page in the admin, by the end of its name: Django's permissions of which it asks for one."""
PEOPLE = ["anonymous", "nobody", *GROUPS]


def first(model):
    """A row that most pages have something to show of."""
    if model is Call:
        return Call.objects.get(call_sid="CAwhole")
    if model is User:
        return User.objects.get(username="dana")  # whom an administrator may change
    if model is TuningProfile:
        return TuningProfile.objects.get(name="default")
    return model._default_manager.order_by("pk").first()


def ours():
    """The addresses that are neither the admin's of a model nor open."""
    return [route for route in every_route() if route.model is None and route.key not in OPEN | SIGNING_OUT]


def sent(client, method, address, data=None):
    """The answer, and nothing that came of it."""
    with transaction.atomic():
        answer = getattr(client, method)(address, data or {})
        transaction.set_rollback(True)
    return answer


def no_token(request, reason=""):
    """Django's answer to a form without a token, to be told from every other refusal."""
    return HttpResponse(reason, status=403, headers={"X-Refused": "csrf"})


def unguarded(client):
    """The addresses that take a form from another site's page: with the person's cookies, without a token."""
    answers = {route.key: sent(client, "post", address_of(route, first)) for route in every_route()}
    return {key for key, answer in answers.items() if answer.get("X-Refused") != "csrf"}


@pytest.fixture
def forger(rows, settings, monkeypatch):  # noqa: F811
    """A superuser's browser, on another site's page."""
    settings.CSRF_FAILURE_VIEW = "tests.test_attacks.no_token"
    monkeypatch.setattr(logging.getLogger("django.security.csrf"), "disabled", True)
    client = Client(enforce_csrf_checks=True)
    sign_in(client, "superuser")
    assert client.get("/admin/").status_code == 200 and client.cookies[settings.CSRF_COOKIE_NAME].value
    return client


def test_no_form_is_taken_from_another_sites_page(forger):
    of_the_api = {route.key for route in every_route() if route.key.startswith("api:")}
    assert unguarded(forger) - of_the_api == OF_PROGRAMS


def test_an_address_that_takes_one_is_named(forger, settings):
    table = ModuleType("open_urls")
    table.urlpatterns = [*urls.urlpatterns, path("open", csrf_exempt(lambda request: HttpResponse()), name="open")]
    settings.ROOT_URLCONF = table
    assert "open" in unguarded(forger)


def let_in(answer, person):
    """Not refused, nor asked to sign in."""
    asks = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
    return not asks and answer.status_code != 403


def may_open(route, user):
    """By the table above; of the admin's pages by Django's permissions. None: nobody has said."""
    if not user.is_authenticated:
        return False
    if route.key in STAFF:
        return True
    if route.key in ONE_OF:
        return any(map(user.has_perm, ONE_OF[route.key]))
    if route.key == "admin:autocomplete":
        return False  # asked without a field, it is nobody's
    return user.has_perms(NEEDS[route.key]) if route.key in NEEDS else None


@pytest.mark.parametrize("who", PEOPLE)
def test_every_address_opens_for_whom_it_is_and_for_nobody_else(rows, client, who):  # noqa: F811
    user = AnonymousUser()
    if who != "anonymous":
        sign_in(client, who)
        user = User.objects.get(username=f"me-{who}")
    client.raise_request_exception = False
    wrong = [found for route in ours() for found in wrong_of(route, client, user)]
    wrong += [(*found, "of a model") for found in wrong_of_models(client, user)]
    assert not wrong, "\n".join(map(str, wrong))


def wrong_of(route, client, user):
    """Of one of our own: lets somebody in whom it is not for, or keeps out whom it is for."""
    expected = may_open(route, user)
    for method in ("get", "post"):
        answer = sent(client, method, address_of(route, first), SAID)
        # A page that takes no form says so before it asks who sends it.
        if answer.status_code != 405 and let_in(answer, user) is not expected:
            yield route.key, method, answer.status_code, f"may: {expected}"


def test_a_page_that_lost_its_check_would_be_found(rows, client, monkeypatch):  # noqa: F811
    """Each of our own in turn, without what stands around its view; and one of the admin's."""
    sign_in(client, "nobody")
    user = User.objects.get(username="me-nobody")
    client.raise_request_exception = False
    missed = set()
    for route in ours():
        if route.key not in NEEDS.keys() | ONE_OF.keys():
            continue
        with monkeypatch.context() as patched:
            patched.setattr(route.entry, "callback", inspect.unwrap(route.view))
            missed |= set() if list(wrong_of(route, client, user)) else {route.key}
    assert missed == ASK_INSIDE
    monkeypatch.setattr(WebhookAdmin, "has_view_permission", lambda *_: True)
    assert {key for key, *_ in wrong_of_models(client, user)} >= {"admin:calls_webhook_changelist"}


def wrong_of_models(client, user):
    """Of the admin's: what lets somebody in who has none of Django's permissions for it, or keeps a reader out."""
    for route in every_route():
        if route.model is None or not route.name:
            continue  # without a name: leads to the page of the row, whoever asks
        actions = ACTIONS.get(route.name.rpartition("_")[2], ("view", "change"))
        label, name = route.model._meta.app_label, route.model._meta.model_name
        allowed = any(user.has_perm(f"{label}.{action}_{name}") for action in actions)
        if route.model is Trial:
            allowed = user.has_perm(may.TUNE)
        for method in ("get", "post"):
            entered = let_in(sent(client, method, address_of(route, first)), user)
            keeps_out = allowed and not entered and method == "get" and "view" in actions
            if (entered and not allowed) or keeps_out:
                yield route.key, method, f"may: {allowed}"


OPENING = "<xssmark"
TEXTS = [f"javascript:/*'\"></script></textarea></title>{OPENING} xssattribute=1>", f"'\">{OPENING}>", "<xssmark"]
"""The longest that fits: out of an attribute, a script, a field and a title; and an address that would be run."""


class Injected(HTMLParser):
    """What of a page came from a text."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, pairs):
        names = [tag, *(name for name, _value in pairs)]
        if any("xss" in name for name in names):
            self.found.append(self.get_starttag_text())
        run = [value or "" for name, value in pairs if name in ("href", "src", "action", "formaction")]
        if any(value.startswith("javascript:") for value in run):
            self.found.append(self.get_starttag_text())


def injected(answer):
    if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
        return []
    return Injected(answer.content.decode()).found


def text_that_fits(field, key):
    """Another one in each row, where a column takes so much."""
    longest = field.max_length or 1000
    fitting = next((text for text in TEXTS if len(text) + 4 <= longest), "<"[:longest])
    return f"{fitting}{key}"


def looked_at():
    """Each address with a row, those of a model's rows with another one too."""
    found = {}
    for route in every_route():
        if route.key in SIGNING_OUT:
            continue
        found[address_of(route, first)] = None
        if route.model in (Call, Dialogue, PhoneLine) or "<str:call_sid>" in route.pattern:
            found[address_of(route, last)] = None
    return list(found)


def last(model):
    """Of calls one that runs and is answered."""
    if model is Call:
        return Call.objects.get(call_sid="CAanswering")
    return model._default_manager.order_by("pk").last()


@pytest.fixture
def poisoned(rows, client):  # noqa: F811
    """Every text of every row would be a part of the page that shows it."""
    addresses = looked_at()
    sign_in(client, "superuser")
    for model in apps.get_models():
        if model._meta.app_label in ("calls", "stt"):
            mark(model._base_manager.all(), text_that_fits)
    for name in ("first_name", "last_name", "email"):
        User.objects.update(**{name: TEXTS[1]})
    for user in User.objects.exclude(username__startswith="me-"):
        User.objects.filter(pk=user.pk).update(username=f"{TEXTS[1]}{user.pk}")
    Group.objects.create(name=TEXTS[0])
    return addresses


def test_no_stored_text_becomes_a_part_of_a_page(poisoned, client):
    faults, shown = [], set()
    for address in poisoned:
        answer = client.get(address)
        if answer.status_code >= 500:
            faults.append((address, why(answer)))
        faults += [(address, found) for found in injected(answer)]
        if not answer.streaming and b"xssmark" in answer.content:
            shown.add(resolve(address.partition("?")[0]).view_name)
    assert not faults, "\n".join(map(str, faults))
    assert {"admin:index", "console:call", "console:state", "desk-call", "desk-profile", "review-sample"} <= shown
    assert {f"admin:calls_{name}_changelist" for name in ("call", "phoneline", "webhook", "alarm", "dialogue")} <= shown


def test_no_sent_text_becomes_a_part_of_the_page_that_answers(rows, client):  # noqa: F811
    """What a form refuses it shows again, and a list what was looked for."""
    sign_in(client, "superuser")
    faults, sent_to = [], set()
    for address in looked_at():
        for form in forms_of(client.get(address)):
            target = form.action or address
            name = resolve(target.partition("?")[0]).view_name
            texts = {field: TEXTS[0] for field, _value in form.fields if field != "csrfmiddlewaretoken"}
            if name in SIGNING_OUT or (name, *texts) in sent_to:
                continue
            sent_to.add((name, *texts))
            faults += [
                (target, found) for found in injected(sent(client, form.method, target.partition("?")[0], texts))
            ]
    assert len({name for name, *_ in sent_to}) > 30
    assert not faults, "\n".join(map(str, faults))


def forms_of(answer):
    is_page = not answer.streaming and answer.get("Content-Type", "").startswith("text/html")
    return Page(answer.content.decode()).forms if is_page else []


def test_a_page_that_shows_a_text_as_it_is_would_be_found(poisoned, client, monkeypatch):
    """The tests above can fail."""
    monkeypatch.setattr(template_base, "conditional_escape", str)
    whole = Call.objects.get(call_sid="CAwhole")
    for address in (
        "/admin/",
        f"/console/calls/{whole.call_sid}",
        f"/admin/calls/call/{whole.pk}/change/",
        "/review/queue/",
    ):
        assert injected(client.get(address)), address


SCRIPTS = [one for one in (ROOT / "calls" / "static").rglob("*.js") if "vendor" not in one.parts]
WRITES = re.compile(r"(innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc)")
FROM_OUR_PAGES = {"queue.js": 1, "review.js": 1}
"""Each takes the part of a page that our server has rendered, which the tests above have looked at."""


def test_scripts_write_text_and_no_markup():
    assert len(SCRIPTS) > 8
    found = {one.name: len(WRITES.findall(one.read_text("utf-8"))) for one in SCRIPTS}
    assert {name: times for name, times in found.items() if times} == FROM_OUR_PAGES
