"""Whoever may listen, export or tune shows a second factor, and until then sees nothing but the page that asks."""

import re
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.checks import run_checks
from django.test import Client
from django.urls import resolve, reverse
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from calls.desk.access_log.models import AccessEntry
from calls.desk.permissions import GROUPS, NEEDS_SECOND_FACTOR
from calls.desk.sign_in import devices
from calls.desk.sign_in.checks import NO_SECOND_FACTOR
from calls.models import Call
from stt.models import TuningProfile
from tests.html import Page
from tests.test_every_page import LEFT, pages, rows, stream  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
VERIFY, ENROL, CODES, ACCOUNT = (reverse(f"account:{name}") for name in ("verify", "enrol", "codes", "page"))


@pytest.fixture(autouse=True)
def required(settings):
    settings.SECOND_FACTOR_REQUIRED = True


def person(group="", *permissions):
    user = User.objects.create(username=group or "root", is_staff=True, is_superuser=not group and not permissions)
    if group in GROUPS:
        user.groups.add(Group.objects.get(name=group))
    for permission in permissions:
        label, _, codename = permission.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))
    return user


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def app_for(user):
    """A second factor that is set up; returns the codes on paper."""
    app = devices.offered_app(user)
    return app, devices.confirm(app)


def code_of(app):
    """As the phone shows it; a code that was used within these 30 s is good again."""
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)
    return f"{totp(app.bin_key):06d}"


def shown(user):
    """Somebody who has signed in with both."""
    client, (app, _codes) = signed_in(user), app_for(user)
    answer = client.post(VERIFY, {"code": code_of(app), "next": "/console/"})
    assert answer["Location"] == "/console/"
    return client


def one_of_each_view(addresses):
    return {resolve(urlsplit(address).path).view_name: address for address in addresses}.values()


@pytest.mark.parametrize("group", [*GROUPS, ""])
def test_whoever_has_not_shown_it_sees_no_page(rows, group):  # noqa: F811
    """Each group at each view; at each row the superuser alone, as the gate knows views and people and reads no row."""
    client = signed_in(person(group))
    open_pages = {VERIFY, ENROL}
    for address in one_of_each_view(pages()) if group else pages():
        answer = client.get(address)
        assert address in open_pages or answer["Location"].startswith(VERIFY), address
        assert client.post(address).status_code == 302 or address in open_pages


SEES = [("reviewer", "audio"), ("supervisor", "audio"), ("tuner", "profile"), ("admin", "both"), ("", "both")]


@pytest.mark.parametrize(("group", "sees"), SEES)
def test_who_has_shown_it_gets_where_they_should(rows, group, sees):  # noqa: F811
    client = shown(person(group))
    call, profile = Call.objects.get(call_sid="CAwhole"), TuningProfile.objects.get(name="default")
    audio = reverse("review-audio", args=[call.pk, 1])
    tuning = reverse("admin:stt_tuningprofile_add")
    assert client.get(reverse("console:wall")).status_code == 200
    assert client.get(reverse("admin:calls_call_change", args=[call.pk])).status_code == 200
    assert client.head(audio).status_code == (403 if sees == "profile" else 200)
    assert client.get(tuning).status_code == (403 if sees == "audio" else 200)
    assert client.get(reverse("desk-profile", args=[profile.pk])).status_code in (200, 403)


@pytest.mark.parametrize("permission", NEEDS_SECOND_FACTOR)
def test_each_of_these_permissions_asks_for_it(permission):
    assert signed_in(person("x", permission)).get(ACCOUNT).status_code == 302


def test_who_only_reads_is_not_asked():
    client = signed_in(person("x", "calls.view_call"))
    assert client.get(reverse("console:wall")).status_code == 200


def test_where_it_is_off_nobody_is_asked_and_the_deployment_check_warns(settings):
    assert NO_SECOND_FACTOR not in [said.id for said in run_checks(include_deployment_checks=True)]
    settings.SECOND_FACTOR_REQUIRED = False
    assert signed_in(person()).get(reverse("console:wall")).status_code == 200
    assert NO_SECOND_FACTOR in [said.id for said in run_checks(include_deployment_checks=True)]


@pytest.mark.parametrize("is_required", [True, False])
def test_its_pages_say_whether_this_server_asks_for_it(settings, is_required):
    client = signed_in(person())
    settings.SECOND_FACTOR_REQUIRED = is_required
    enrol = client.get(ENROL).content.decode()
    assert ("נדרש בשרת הזה להזין קוד" in enrol, "השרת הזה לא מבקש ממך קוד" in enrol) == (is_required, not is_required)
    if not is_required:
        account = client.get(ACCOUNT).content.decode()
        assert "השרת הזה לא מבקש ממך קוד" in account and "לא ייכנס" not in account


def test_it_is_set_up_with_a_picture_and_a_code_and_leads_where_one_was_going():
    user = person("tuner")
    client = signed_in(user)
    asked = client.get("/console/?x=1", follow=True)
    assert asked.redirect_chain[-1][0].startswith(ENROL)
    page = asked.content.decode()
    assert '<svg viewBox="0 0 ' in page and "style=" not in page
    app = TOTPDevice.objects.get(user=user)
    assert devices.key_of(app) in page
    (form,) = [form for form in Page(page).forms if ("next", "/console/?x=1") in form.fields]
    assert client.get("/console/").status_code == 302
    before = client.session.session_key
    done = client.post(ENROL, {"code": code_of(app), "next": "/console/?x=1"})
    codes = re.findall(r"<li>([a-z2-7]{4}-[a-z2-7]{4})</li>", done.content.decode())
    assert len(set(codes)) == devices.CODES
    assert 'href="/console/?x=1"' in done.content.decode()
    assert client.get("/console/").status_code == 200
    assert client.session.session_key != before
    assert AccessEntry.objects.get(kind="account").detail == "second factor set up"


def test_a_key_that_was_not_confirmed_opens_nothing():
    user = person("tuner")
    client = signed_in(user)
    client.get(ENROL)
    assert client.post(ENROL, {"code": "000000"}).status_code == 200
    assert client.get("/console/").status_code == 302
    assert not TOTPDevice.objects.filter(confirmed=True).exists()


def test_who_has_one_cannot_set_up_another_without_showing_it():
    user = person("tuner")
    app_for(user)
    client = signed_in(user)
    for ask in (client.get, client.post):
        assert ask(ENROL)["Location"].startswith(VERIFY)
    assert client.post(CODES)["Location"].startswith(VERIFY)
    assert TOTPDevice.objects.count() == 1


@pytest.mark.parametrize("required", [True, False])
def test_where_it_is_off_that_holds_as_well(settings, required):
    settings.SECOND_FACTOR_REQUIRED = False
    user = person("tuner")
    app_for(user)
    assert signed_in(user).get(ENROL)["Location"].startswith(VERIFY)


def test_another_phone_takes_the_place_of_the_first():
    user = person("tuner")
    client = shown(user)
    client.get(ENROL)
    other = TOTPDevice.objects.get(confirmed=False)
    assert client.post(ENROL, {"code": code_of(other)}).status_code == 200
    assert list(TOTPDevice.objects.filter(user=user)) == [other]
    assert client.get("/console/").status_code == 200


def test_a_code_is_good_once_and_guessing_makes_one_wait():
    user = person("tuner")
    app, _ = app_for(user)
    code = code_of(app)
    assert signed_in(user).post(VERIFY, {"code": code}).status_code == 302
    again = signed_in(user).post(VERIFY, {"code": code})
    assert again.status_code == 200
    TOTPDevice.objects.update(last_t=-1)
    waits = signed_in(user).post(VERIFY, {"code": code}, headers={"Accept-Language": "en"})
    assert "wait 1 seconds" in waits.content.decode()


def test_a_recovery_code_lets_in_once_and_is_noted():
    user = person("tuner")
    _, (first, *_others) = app_for(user)
    client = signed_in(user)
    assert "paper=1" in client.get(VERIFY).content.decode()
    asked = client.post(f"{VERIFY}?paper=1", {"code": f" {first.upper()} ", "next": "/console/"})
    assert asked["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert StaticToken.objects.count() == devices.CODES - 1
    assert AccessEntry.objects.get(kind="account").detail == f"a recovery code was used, {devices.CODES - 1} are left"
    assert signed_in(user).post(f"{VERIFY}?paper=1", {"code": first}).status_code == 200


def test_new_codes_take_the_place_of_the_old_ones():
    user = person("tuner")
    client = shown(user)
    old = set(StaticToken.objects.values_list("token", flat=True))
    page = client.post(CODES).content.decode()
    new = set(StaticToken.objects.values_list("token", flat=True))
    assert not old & new and len(new) == devices.CODES
    assert all(f"{code[:4]}-{code[4:]}" in page for code in new)


def test_somebody_elses_factor_is_none_of_mine():
    mallory, boss = person("tuner"), person()
    shown(boss)
    client = signed_in(mallory)
    session = client.session
    session["otp_device_id"] = TOTPDevice.objects.get(user=boss).persistent_id
    session.save()
    assert client.get("/console/")["Location"].startswith(VERIFY)


@pytest.mark.parametrize("odd", ["²", "٣" * 6, "\x01", "9" * 32, "1e5", "", "-00000", "a" * 500])
@pytest.mark.parametrize("where", [VERIFY, f"{VERIFY}?paper=1"])
def test_an_odd_code_is_a_wrong_code(where, odd):
    user = person("tuner")
    app_for(user)
    assert signed_in(user).post(where, {"code": odd}).status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_nobody_is_led_elsewhere(elsewhere):
    user = person("tuner")
    app, _ = app_for(user)
    client = signed_in(user)
    assert client.post(VERIFY, {"code": code_of(app), "next": elsewhere})["Location"] == "/admin/"


def test_the_admin_has_no_page_of_anybodys_key():
    client = shown(person())
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_it_is_forgotten_with_the_phone():
    user = person("tuner")
    client = shown(user)
    assert devices.forget(user) == 2
    assert client.get("/console/")["Location"].startswith(VERIFY)
    assert not StaticToken.objects.exists()
