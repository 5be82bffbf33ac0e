"""Commands for the first person, for a lost phone, and to sign somebody out."""

import io

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_static.models import StaticToken

from calls.desk.access_log.models import AccessEntry
from calls.desk.sign_in import devices

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-password"


def run(*command, stdin="", monkeypatch=None):
    out = io.StringIO()
    if monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    call_command(*command, stdout=out)
    return out.getvalue()


def noted():
    (entry,) = AccessEntry.objects.filter(kind="account")
    return entry.username.partition(" (")[0], entry.detail


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_first_person_gets_in_with_the_password_that_is_printed():
    said = run("first_person", "dana", "--email", "dana@example.org")
    password = said.strip().rpartition(" ")[2]
    assert len(password) == 20
    user = authenticate(HttpRequest(), username="dana", password=password)
    assert user.is_superuser and user.is_staff and user.email == "dana@example.org"
    assert noted() == ("manage.py first_person", "made the superuser dana")
    assert not AccessEntry.objects.filter(detail__contains=password).exists()


def test_a_password_from_standard_input_is_not_printed(monkeypatch):
    said = run("first_person", "dana", "--password-stdin", stdin="a long one with spaces\n", monkeypatch=monkeypatch)
    assert "long one" not in said
    assert authenticate(HttpRequest(), username="dana", password="a long one with spaces")


@pytest.mark.parametrize("weak", ["", "short", "password1234"])
def test_a_weak_one_is_refused(monkeypatch, weak):
    with pytest.raises(CommandError, match=r"^not_made: "):
        run("first_person", "dana", "--password-stdin", stdin=f"{weak}\n", monkeypatch=monkeypatch)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "a b", "x" * 151])
def test_a_name_that_cannot_be_is_refused(name):
    with pytest.raises(CommandError, match=r"^not_made: "):
        run("first_person", name)


def test_there_is_one_first_person():
    User.objects.create_superuser("boss", password=PASSWORD)
    with pytest.raises(CommandError, match=r"^not_the_first: boss "):
        run("first_person", "dana")
    assert User.objects.count() == 1


def test_who_lost_the_phone_is_signed_out_and_sets_it_up_anew(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    user = User.objects.create_superuser("dana", password=PASSWORD)
    devices.confirm(devices.offered_app(user))
    client = signed_in(user)
    said = run("lost_phone", "dana")
    assert said.startswith("dana: 2 devices and recovery codes taken away, 1 sessions ended")
    assert devices.app_of(user) is None and not StaticToken.objects.exists()
    assert client.get("/console/")["Location"].startswith("/admin/login/")
    assert noted() == ("manage.py lost_phone", "dana: 2 devices and recovery codes taken away, 1 sessions ended")
    asked = signed_in(user).get("/console/", follow=True)
    assert asked.redirect_chain[-1][0].startswith(reverse("account:enrol"))


def test_one_person_or_everybody_is_signed_out():
    dana, avi = (User.objects.create_superuser(name) for name in ("dana", "avi"))
    hers, his = signed_in(dana), signed_in(avi)
    assert run("sign_out", "dana") == "dana: 1 sessions ended\n"
    assert (hers.get("/console/").status_code, his.get("/console/").status_code) == (302, 200)
    assert run("sign_out", "--everybody") == "everybody: 1 sessions ended\n"
    assert his.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "command", [("sign_out",), ("sign_out", "dana", "--everybody"), ("sign_out", "nobody"), ("lost_phone", "nobody")]
)
def test_what_cannot_be_done_is_said(command):
    User.objects.create(username="dana")
    with pytest.raises(CommandError):
        run(*command)
    assert not AccessEntry.objects.exists()
