"""A new password by mail: for whoever has the address, without telling anybody else who that is."""

import re
from concurrent.futures import Future

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core import mail
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path, reverse

from calls.desk.sign_in import reset
from voiceapp import urls

pytestmark = pytest.mark.django_db
urlpatterns = [path("account/password/", include("calls.desk.sign_in.reset_urls")), *urls.urlpatterns]
OLD, NEW = "a-long-password", "another-long-password"


class AtOnce:
    """A thread that has done it when it is asked to."""

    def submit(self, work, *args):
        done = Future()
        done.set_result(work(*args))
        return done


@pytest.fixture(autouse=True)
def configured(settings, monkeypatch):
    settings.ROOT_URLCONF = __name__
    settings.PUBLIC_URL = "https://voice.example.org"
    mails = reset.ResetMails()
    mails._thread = AtOnce()
    monkeypatch.setattr(reset, "_mails", lambda: mails)
    monkeypatch.setattr(reset.connection, "close", lambda: None)


@pytest.fixture(autouse=True)
def dana(db):
    return User.objects.create_user("dana", "dana@example.org", OLD, is_staff=True)


def ask(address, client=None, **headers):
    return (client or Client()).post(reverse("admin_password_reset"), {"email": address}, headers=headers)


def test_the_login_page_leads_to_it(client):
    assert reverse("admin_password_reset") in client.get("/admin/login/").content.decode()


def test_where_no_mail_is_set_up_it_is_not_there(client, settings):
    settings.ROOT_URLCONF = "voiceapp.urls"
    assert client.get("/account/password/").status_code == 404
    assert "account/password" not in client.get("/admin/login/").content.decode()


def test_the_link_of_the_mail_sets_a_password_once_and_ends_the_sessions(dana):
    before = Client()
    before.force_login(dana)
    ask("Dana@example.org", Host="localhost")
    (sent,) = mail.outbox
    assert sent.to == ["dana@example.org"]
    (link,) = re.findall(r"https://voice\.example\.org(/account/password/\S+)", sent.body)
    browser = Client()
    form = browser.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    done = browser.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert done["Location"] == reverse("password_reset_complete")
    assert authenticate(HttpRequest(), username="dana", password=NEW)
    assert before.get("/account/").status_code == 302
    # Nobody is signed in by a mail.
    assert browser.get("/account/").status_code == 302
    assert Client().get(link, follow=True).redirect_chain == []


def test_the_answer_is_the_same_for_an_address_that_nobody_has():
    known, unknown = ask("dana@example.org"), ask("nobody@example.org")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1


def test_nobody_is_buried_in_mail(monkeypatch):
    for _ in range(5):
        ask("dana@example.org")
    assert len(mail.outbox) == 1
    monkeypatch.setattr(reset, "AGAIN_S", -1.0)
    ask("dana@example.org")
    assert len(mail.outbox) == 2


def test_a_flood_is_dropped(monkeypatch):
    monkeypatch.setattr(reset, "MOST_WAITING", 0)
    assert ask("dana@example.org").status_code == 302
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_nobodys_error_page(monkeypatch, caplog):
    def away(*_, **__):
        raise OSError("no route")

    monkeypatch.setattr("django.contrib.auth.forms.PasswordResetForm.save", away)
    assert ask("dana@example.org").status_code == 302
    assert "thread_failed: reset-mails" in caplog.text
    assert "dana" not in caplog.text.partition("Traceback")[0]


@pytest.mark.parametrize(("language", "word"), [("he", "סיסמה"), ("en", "password")])
def test_pages_and_mail_are_in_the_readers_language(language, word):
    client = Client(headers={"Accept-Language": language})
    assert word in client.get(reverse("admin_password_reset")).content.decode()
    ask("dana@example.org", client)
    assert word in mail.outbox[0].body
