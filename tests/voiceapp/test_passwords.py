"""Passwords are hashed one at a time, and who waits has no database connection."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.db import connection, transaction
from django.http import HttpRequest

from voiceapp import passwords
from voiceapp import settings as product


@pytest.fixture(autouse=True)
def products_hashers(settings):
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS


def test_a_hash_is_djangos_own():
    plain = PBKDF2PasswordHasher().encode("secret", "salt", 1000)
    assert passwords.OneAtATimeHasher().encode("secret", "salt", 1000) == plain
    assert check_password("secret", make_password("secret"))
    assert not check_password("other", make_password("secret"))
    assert product.PASSWORD_HASHERS == ["voiceapp.passwords.OneAtATimeHasher"]


@pytest.fixture
def watched(monkeypatch):
    """How many are hashed at once, each time one begins, and by which thread."""
    began, now, lock = [], [], threading.Lock()
    encode = PBKDF2PasswordHasher.encode

    def slow(self, password, salt, iterations=None):
        with lock:
            now.append(1)
            began.append((len(now), threading.current_thread().name))
        try:
            return encode(self, password, salt, 200_000)
        finally:
            with lock:
                now.pop()

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", slow)
    return began


def test_logins_at_once_are_hashed_one_by_one_in_a_thread_that_steps_back(watched):
    with ThreadPoolExecutor(8) as logins:
        list(logins.map(lambda n: make_password(f"secret {n}"), range(8)))
    assert [many for many, _ in watched] == [1] * 8
    assert {name for _, name in watched} == {"passwords_0"}


def test_a_hash_leaves_the_processor_to_calls():
    nice = passwords._thread.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    # A process that is nicer already stays so.
    assert nice == max(passwords.NICENESS, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_it_gives_the_connection_back(watched, monkeypatch):
    get_user_model().objects.create_user("reviewer", password="secret")
    connections = []
    submit = passwords._thread.submit

    def submitted(*args):
        connections.append(connection.connection)
        return submit(*args)

    monkeypatch.setattr(passwords, "_thread", type("Thread", (), {"submit": staticmethod(submitted)}))
    assert authenticate(HttpRequest(), username="reviewer", password="secret") is not None
    assert connections and set(connections) == {None}
    with transaction.atomic():
        # As a form that makes a user: its transaction goes on.
        get_user_model().objects.create_user("second", password="secret")
    assert authenticate(HttpRequest(), username="second", password="secret") is not None
