"""Who fails to sign in is kept out for a while, and costs nothing meanwhile."""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls.desk.sign_in import attempts, gate

pytestmark = pytest.mark.django_db
PASSWORD, WRONG = "a-long-password", "wrong"
HERE, THERE = "203.0.113.9", "198.51.100.7"


@pytest.fixture(autouse=True)
def dana(db):
    return User.objects.create_user("dana", password=PASSWORD, is_staff=True)


@pytest.fixture
def hashed(monkeypatch):
    """Every password that is hashed."""
    seen = []
    encode = PBKDF2PasswordHasher.encode

    def noted(self, password, *args, **kwargs):
        seen.append(password)
        return encode(self, password, *args, **kwargs)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", noted)
    return seen


def sign_in(client, name="dana", password=WRONG, source=HERE, **more):
    form = {"username": name, "password": password, "next": "/console/"}
    return client.post(reverse("admin:login"), form, headers={"X-Real-IP": source}, **more)


def fail(client, times, **how):
    return [sign_in(client, **how).status_code for _ in range(times)]


def test_the_fifth_failure_locks_and_the_right_password_changes_nothing(client, hashed):
    assert fail(client, 5) == [200, 200, 200, 200, 429]
    hashed.clear()
    answer = sign_in(client, password=PASSWORD)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert hashed == []
    assert "_auth_user_id" not in client.session


def test_a_name_that_nobody_has_is_locked_the_same(client):
    assert fail(client, 5, name="nobody") == [200, 200, 200, 200, 429]


def test_neither_her_colleagues_nor_she_herself_elsewhere_are_kept_out(client):
    User.objects.create_user("avi", password=PASSWORD, is_staff=True)
    fail(client, 5)
    assert sign_in(client, "avi", PASSWORD).status_code == 302
    assert sign_in(Client(), "dana", PASSWORD, source=THERE).status_code == 302


def test_a_source_that_tries_many_names_is_locked_as_a_whole(client):
    said = [sign_in(client, name=f"name{number}").status_code for number in range(attempts.MOST_OF_SOURCE)]
    assert said == [200] * (attempts.MOST_OF_SOURCE - 1) + [429]
    assert sign_in(client, password=PASSWORD).status_code == 429
    assert sign_in(Client(), password=PASSWORD, source=THERE).status_code == 302


def test_another_browser_is_no_other_source(client):
    said = [sign_in(client, HTTP_USER_AGENT=f"browser {number}").status_code for number in range(5)]
    assert said[-1] == 429


def test_who_gets_in_begins_to_count_anew(client):
    fail(client, 4)
    assert sign_in(client, password=PASSWORD).status_code == 302
    assert fail(Client(), 4) == [200] * 4


def test_a_lock_ends_after_a_quarter_of_an_hour_however_often_it_is_tried(client):
    fail(client, 9)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert sign_in(Client(), password=PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_a_lock_is_known_to_a_process_that_has_just_begun_and_is_lifted_by_a_command(client):
    fail(client, 5)
    # A client has middleware of its own, as a process has.
    assert sign_in(Client(), password=PASSWORD).status_code == 429
    call_command("axes_reset_username", "dana", verbosity=0)
    assert sign_in(Client(), password=PASSWORD).status_code == 302


def test_who_is_locked_asks_the_database_nothing_and_writes_nothing(client):
    fail(client, 5)
    sign_in(client)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert fail(client, 3) == [429] * 3
    assert queries.captured_queries == []


def test_a_lock_is_believed_for_seconds_only(client, monkeypatch):
    monkeypatch.setattr(gate, "BELIEVED_S", 0.0)
    fail(client, 6)
    call_command("axes_reset", verbosity=0)
    assert sign_in(client, password=PASSWORD).status_code == 302


def test_what_is_kept_of_a_failure_is_neither_password_nor_token(client):
    sign_in(client, password="s3cret-typo")
    (row,) = AccessAttempt.objects.values()
    assert (row["username"], row["ip_address"]) == ("dana", HERE)
    kept = " ".join(map(str, row.values()))
    assert "s3cret" not in kept and "console" not in kept


def test_a_lock_is_one_line_without_the_name(client, caplog):
    fail(client, 7)
    said = [record.getMessage() for record in caplog.records if "sign_in_locked" in record.getMessage()]
    assert said == [f"sign_in_locked: {HERE}, for 15 minutes"]
    assert "dana" not in caplog.text


@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("en", "ltr")])
def test_a_refusal_is_a_page_in_the_readers_language(client, language, direction):
    fail(client, 5)
    page = sign_in(client, HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in page
    said = re.sub(r"<[^>]+>", "", page.split("<main>")[1])
    assert "15" in said and bool(re.search("[א-ת]", said)) == (language == "he")


def test_other_requests_pass_the_gate(client):
    fail(client, 5)
    assert client.get(reverse("admin:login")).status_code == 200
    assert client.get("/healthz").status_code == 200
