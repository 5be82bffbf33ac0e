"""Every page as everybody who works here sees it: it opens, its links lead somewhere, its buttons can be pressed."""

import logging
import re
from collections import deque
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.template import Template
from django.urls import get_resolver, resolve, reverse

from calls.desk.permissions import GROUPS
from calls.desk.rows import PagedInline
from calls.models import Call
from stt.models import TuningProfile
from stt.tuning import Tuning
from tests.html import Page
from tests.rows import make_rows
from tests.traced import heard
from tests.twilio_rest import ACCOUNT_SID, PORT, TwilioRest
from voiceapp.no_store import NO_STORE

PEOPLE = [*GROUPS, "nobody", "superuser"]
ODD = ["²", "٣", "-1", "1e9", str(10**30), "9" * 5000, "\0", "x", ""]
LEFT = {"admin:logout", "account:sign_out_everywhere", "set_language"}
"""Not pressed: the rest needs somebody who is logged in, and in Hebrew."""
NO_PAGES = {"admin", "axes", "otp_static", "otp_totp"}
"""Applications whose rows no page shows."""
WHEN_ASKED = {"account:verify", "account:codes"}
"""Of whoever has a second factor (tests/calls/desk/sign_in/test_second_factor.py)."""
NOT_PAGES = {
    "twilio:voice",
    "twilio:after",
    "twilio:status",
    "twilio:stream",
    "desk-hear",
    "review-claim",
    "review-seen",
    "review-undo",
    "desk-try",
    *(f"api:{name}" for name in ("api-root", "openapi-json", "list_calls", "read_call", "list_turns")),
}
"""Of other programs and scripts. ``review-seen`` is offered to whom a note names, ``review-undo`` for minutes after
one's own review, ``desk-try`` by a second button of a form: tests/calls/desk/ has them."""


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    path = tmp_path_factory.mktemp("stream") / "call.trace"
    heard(path, Tuning(), recordings=2)
    return path, path.with_suffix(".vrec")


@pytest.fixture(autouse=True)
def no_copies(monkeypatch):
    """The client is told of every template, each widget's too, and copies its context: a tenth of the time here."""
    monkeypatch.setattr(Template, "_render", lambda template, context: template.nodelist.render(context))
    # A refusal is a line of its log each, with where it came from: nobody reads these thousands.
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)


@pytest.fixture
def rows(db, settings, tmp_path, stream, monkeypatch):
    settings.VAR_DIR = tmp_path
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, "12345"
    settings.TWILIO_HTTP_CLIENT = "tests.twilio_rest.LoopbackClient"
    make_rows(tmp_path, *stream)
    with TwilioRest("12345") as rest:
        monkeypatch.setenv(PORT, str(rest.port))
        yield


def sign_in(client, who):
    user = User.objects.create(username=f"me-{who}", is_staff=True, is_superuser=who == "superuser")
    if who in GROUPS:
        user.groups.add(Group.objects.get(name=who))
    client.raise_request_exception = False
    client.force_login(user)


def pages():
    """The address of every page, with every row."""
    single = ("admin:index", "console:wall", "console:state", "console:costs", "desk-engines", "review-queue")
    own = ("account:page", "account:enrol", "account:verify")
    found = [reverse(name) for name in (*single, *own, "admin:jsi18n")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        for row in model.objects.all():
            found += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete", "history")]
    for label in {model._meta.app_label for model in admin.site._registry}:
        found.append(reverse("admin:app_list", args=[label]))
    models = {model.__name__: model for model in apps.get_models()}
    for call in models["Call"].objects.all():
        found += [reverse(f"console:{page}", args=[call.call_sid]) for page in ("call", "call_state")]
        found.append(reverse("desk-call", args=[call.call_sid]))
        found += [f"{found[-1]}?profile={profile.pk}" for profile in models["TuningProfile"].objects.all()]
        for name in ("review-audio", "review-peaks"):
            found += [reverse(name, args=[call.pk, number]) for number in (1, 2, 3)]
    found += [reverse("desk-profile", args=[row.pk]) for row in models["TuningProfile"].objects.all()]
    found += [reverse("desk-trial", args=[row.pk]) for row in models["Trial"].objects.all()]
    found += [reverse("review-sample", args=[row.pk]) for row in models["ReviewSample"].objects.all()]
    return found


class Visitor:
    """Opens pages, follows their links and presses their buttons; notes what went wrong, and where it has been.

    What a page shows at one more value of a parameter, a list's filter for example, is the same whoever looks: one who
    asks for every value is enough, and all others have one of each.
    """

    def __init__(self, client, every_value):
        self.client = client
        self.faults, self.been, self._seen, self._pressed = [], set(), set(), set()
        self._every_value = every_value
        self._queue = deque()
        self._links, self._forms = {}, {}
        """Of each page, by its address: where its links lead that are followed, and where its forms are sent."""

    def visit(self, addresses):
        self._queue.extend((address, "") for address in addresses)
        while self._queue:
            address, linked_on = self._queue.popleft()
            key = address if self._every_value else without_values(address)
            if key not in self._seen:
                self._seen.add(key)
                self._open(address, linked_on)

    def _open(self, address, linked_on):
        answer = self.client.get(address)
        self._note(address, answer, linked_on)
        page = self._page(answer)
        if page is None:
            return
        targets = [target for link in page.links if (target := self._target(address, link))]
        # A list's filters lead to each other without end: one step is followed.
        targets = [target for target in targets if not (urlsplit(address).query and urlsplit(target).query)]
        self._queue.extend((target, address) for target in targets)
        self._links[address] = targets
        self._forms[address] = [self._target(address, form.action or address) for form in page.forms]
        for form in page.forms:
            # Of a list's actions, those of the page that has every row.
            if not (urlsplit(address).query and actions_of(form)):
                self._press(address, form)

    def reached_by_clicks(self, start):
        """The names of the pages and forms that links lead to from there, of what has been visited."""
        seen, queue = {start}, deque([start])
        while queue:
            for target in self._links.get(queue.popleft(), []):
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
        forms = {target for address in seen for target in self._forms.get(address, [])}
        return {self._name(address) for address in seen | forms}

    def _press(self, address, form, depth=0):
        target = self._target(address, form.action or address)
        name = self._name(target)
        if name in LEFT:
            return
        for values in sendings(form):
            key = (target, form.method, repr(sorted(values)))
            if key in self._pressed:
                continue
            self._pressed.add(key)
            data = {}
            for field, value in values:
                data.setdefault(field, []).append(value)
            with transaction.atomic():
                if form.method == "get":
                    answer = self.client.get(urlsplit(target).path, data)
                else:
                    answer = self.client.post(target, data)
                self._note(f"{form.method} {target} {sorted(data)}", answer, address, name)
                page = self._page(answer)
                if page is not None and form.method == "post" and not depth:
                    for next_form in page.forms:
                        self._press(target, next_form, depth + 1)
                transaction.set_rollback(True)

    def _note(self, address, answer, linked_on, name=None):
        self.been.add(name or self._name(address))
        if answer.status_code >= 500:
            self.faults.append((answer.status_code, address, why(answer)))
        elif answer["Cache-Control"] != NO_STORE:
            self.faults.append((answer.status_code, address, "may be kept by a browser"))
        elif linked_on and (answer.status_code in (403, 404, 405) or asks_to_sign_in(answer)):
            self.faults.append((answer.status_code, address, f"offered on {linked_on}"))

    def _page(self, answer):
        is_page = not answer.streaming and answer.get("Content-Type", "").startswith("text/html")
        return Page(answer.content.decode()) if is_page else None

    def _name(self, address):
        return resolve(urlsplit(address).path).view_name

    def _target(self, address, link):
        parts = urlsplit(urljoin(f"http://testserver{address}", link))
        if parts.netloc != "testserver" or parts.path.startswith("/static/"):
            return None
        return parts._replace(scheme="", netloc="", fragment="").geturl()


def without_values(address):
    """Its path, and which parameters it has."""
    parts = urlsplit(address)
    return parts.path, frozenset(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))


def sendings(form):
    """What each button sends; of a list's actions each, with every row selected."""
    if actions := actions_of(form):
        selected = [(name, value) for name, value in form.boxes if name == "_selected_action"]
        others = [(name, value) for name, value in form.fields if name != "action"]
        for action in actions:
            yield [*others, *selected, ("action", action)]
        return
    for name, value in form.buttons:
        yield [*form.fields, *([(name, value)] if name else [])]


def actions_of(form):
    """A list's, by their values."""
    offered = [values for name, values in form.choices if name == "action" and form.method == "post"]
    return [value for value in offered[0] if value] if offered else []


def asks_to_sign_in(answer):
    return answer.status_code == 302 and answer["Location"].startswith(reverse("admin:login"))


def why(answer):
    kind, error, _ = answer.exc_info or (None, "", None)
    return f"{kind.__name__}: {error}"[:200] if kind else ""


def test_there_is_a_row_of_every_model(rows):
    shown = [model for model in apps.get_models() if model._meta.app_label not in NO_PAGES]
    assert [model for model in shown if not model.objects.exists()] == []


@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_opens_and_offers_only_what_can_be_done(rows, client, who):
    sign_in(client, who)
    visitor = Visitor(client, every_value=who == "superuser")
    visitor.visit(pages())
    assert not visitor.faults, "\n".join(map(str, visitor.faults))
    if who == "superuser":
        never = {"admin:login", "admin:view_on_site", "admin:password_change_done", "admin:autocomplete"} | WHEN_ASKED
        assert named() - NOT_PAGES - LEFT - never - visitor.been == set()
        for start in ("admin:index", "console:wall"):
            assert_every_page_is_reached_by_clicks(visitor, start)


def assert_every_page_is_reached_by_clicks(visitor, start):
    """From either end."""
    ours = {name for name in named() if not name.startswith("admin:") or name.endswith("_changelist")}
    for_scripts = {"console:state", "console:call_state", "review-peaks"}
    assert {"desk-trial", "console:costs", "admin:auth_user_changelist"} <= ours
    assert ours - NOT_PAGES - LEFT - for_scripts - WHEN_ASKED - visitor.reached_by_clicks(reverse(start)) == set()


def named():
    """Every named address that is ours or the admin's."""
    names = set()

    def walk(patterns, space):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, f"{space}{pattern.namespace}:" if pattern.namespace else space)
            elif pattern.name:
                names.add(f"{space}{pattern.name}")

    walk(get_resolver().url_patterns, "")
    return names


def test_who_is_not_signed_in_sees_the_health_pages_alone(rows, client):
    client.raise_request_exception = False
    for address in pages():
        answer = client.get(address)
        assert answer.status_code == 302 and "/admin/login/" in answer["Location"], address


def odd_addresses():
    """Each page at each odd value of each of its parameters, and in the place of each id."""
    parameters = {
        "console:costs": ["months"],
        "console:wall": ["x"],
        "admin:login": ["next"],
        "desk-engines": ["measurement", "profile"],
    }
    found = [(reverse(name), one) for name, names in parameters.items() for one in names]
    common = ["p", "o", "e", "all", "_to_field", "_popup", "_changelist_filters", "id", "nonsense", "pk__in"]
    for turn, (model, options) in enumerate(admin.site._registry.items()):
        filters = [getattr(one, "parameter_name", one) for one in options.list_filter]
        filters = [f"{one}__gte" if one.endswith("_at") else one for one in filters]
        dates = [f"{options.date_hierarchy}__{part}" for part in ("year", "month", "day") if options.date_hierarchy]
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found += [(reverse(f"{name}_changelist"), one) for one in ["q", *filters, *dates]]
        pk = model.objects.first().pk
        change, history = (reverse(f"{name}_{page}", args=[pk]) for page in ("change", "history"))
        shared = [(reverse(f"{name}_changelist"), one) for one in common]
        shared += [(change, "_popup"), (change, "_to_field"), (history, "p"), (reverse(f"{name}_add"), "_popup")]
        paged = {inline.model for inline in options.inlines if issubclass(inline, PagedInline)}
        found += [
            (change, one.get_accessor_name()) for one in model._meta.related_objects if one.related_model in paged
        ]
        # Read by Django's pages, whatever the row: each model has a third of their values, and three models all.
        for place, (address, parameter) in enumerate(shared):
            for odd in ODD[(turn + place) % 3 :: 3]:
                yield f"{address}?{parameter}={quote(odd)}"
    whole = Call.objects.get(call_sid="CAwhole")
    profile = TuningProfile.objects.first()
    found += [(reverse("desk-call", args=[whole.call_sid]), "profile")]
    found += [(reverse("desk-profile", args=[profile.pk]), one) for one in ("a", "b")]
    for address, parameter in found:
        yield from (f"{address}?{parameter}={quote(odd)}" for odd in ODD)
    for year, month, day in ((9999, 12, 31), (1, 1, 1), (0, 0, 0), (2026, 2, 30), ("²", "٣", "x")):
        dates = f"started_at__year={year}&started_at__month={month}"
        for asked in (f"started_at__year={year}", dates, f"{dates}&started_at__day={day}"):
            yield f"{reverse('admin:calls_call_changelist')}?{asked}"
    for route in routes():
        for odd in ODD:
            yield "/" + re.sub(r"<[^>]+>", quote(odd, safe=""), route)


def routes():
    """Of every address that has something in it to be filled in."""

    def walk(patterns, before):
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            elif "<" in route and "(?P" not in route:
                yield route

    return list(walk(get_resolver().url_patterns, ""))


def test_no_odd_address_is_an_error_of_ours(rows, client):
    sign_in(client, "superuser")
    faults = []
    for address in odd_addresses():
        with transaction.atomic():
            answer = client.get(address)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            faults.append((address[:150], why(answer)))
    assert not faults, "\n".join(map(str, faults))


def odd_at_once(fields, turn):
    """An odd value by field: in as many turns as there are odd values, each field has had each of them."""
    return {field: ODD[(place + turn) % len(ODD)] for place, field in enumerate(fields)}


class OddSender:
    """Sends forms with odd values, each field's alone, and notes which of them were errors of ours.

    What a field itself refuses is read, refused and shown again the same whoever comes with it: all fields are odd at
    once first, and of what each refused there one value is sent alone, for the checks that then miss a field. One is
    enough as well where the form is refused as it stands: nothing is done with what its other fields take. The same
    form of another turn, call or profile is sent once, with all its fields odd: what differs is the row.
    """

    def __init__(self, client):
        self.client = client
        self.faults, self.pressed, self._sent = [], set(), set()

    def send(self, target, values):
        read = [at for at, (name, _) in enumerate(values) if self._is_read(name)]
        view = resolve(urlsplit(target).path).view_name
        fresh = [at for at in read if (view, values[at][0]) not in self.pressed]
        self.pressed.update((view, values[at][0]) for at in fresh)
        if not fresh and read and target not in self._sent:
            self._post(target, values, odd_at_once(read, len(self._sent)))
        self._sent.add(target)
        refused = {at: [] for at in fresh}
        # With another count of forms than there are, none of a formset's fields would be looked at.
        fields = [at for at in fresh if not values[at][0].endswith("_FORMS")]
        for odd in (odd_at_once(fields, turn) for turn in range(len(ODD) if fields else 0)):
            names = self._post(target, values, odd)
            for at in odd:
                if values[at][0] in names:
                    refused[at].append(odd[at])
        is_refused = fresh and self._post(target, values, {})
        for at in fresh:
            alone = [odd for odd in ODD if odd not in refused[at][1:]]
            for odd in alone[:1] if is_refused else alone:
                self._post(target, values, {at: odd})

    def _is_read(self, name):
        # A formset's empty form is copied by a browser and never read by a server.
        return name not in ("csrfmiddlewaretoken", "action") and "__prefix__" not in name

    def _post(self, target, values, odd):
        """Returns the names of the fields whose values were refused."""
        data = {}
        for at, (name, value) in enumerate(values):
            data.setdefault(name, []).append(odd.get(at, value))
        with transaction.atomic():
            answer = self.client.post(target, data)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            self.faults.append((target, {values[at][0]: one[:20] for at, one in odd.items()}, why(answer)))
        is_page = answer.get("Content-Type", "").startswith("text/html")
        return Page(answer.content.decode()).refused if is_page else set()


def test_no_odd_value_of_a_form_is_an_error_of_ours(rows, client):
    sign_in(client, "superuser")
    sender = OddSender(client)
    for address in pages():
        if "/delete/" in address or re.search(r"/[2-9]\d*/change/", address):
            continue
        answer = client.get(address)
        if answer.streaming or not answer.get("Content-Type", "").startswith("text/html"):
            continue
        for form in Page(answer.content.decode()).forms:
            target = form.action or address
            if form.method == "post" and resolve(urlsplit(target).path).view_name not in LEFT:
                for values in sendings(form):
                    sender.send(target, values)
    assert len(sender.pressed) > 50
    assert not sender.faults, "\n".join(map(str, sender.faults))
