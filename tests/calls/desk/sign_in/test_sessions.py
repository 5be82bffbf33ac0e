"""How long a session lasts, what ends it, and what an open page learns of that."""

import os
import subprocess
import sys

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings as product
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from calls.desk.access_log.models import AccessEntry
from calls.desk.sign_in import devices, sessions
from calls.desk.supervision import socket as watchers
from calls.process.live_updates import GROUP
from calls.routing import websocket_application
from tests.calls.process.test_live_updates import turn
from tests.paths import ROOT
from tests.waiting import Socket

PASSWORD = "a-long-password"
WALL, ACCOUNT = reverse("console:wall"), reverse("account:page")


@pytest.fixture
def reader(db):
    user = User.objects.create_user("dana", password=PASSWORD, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_call"))
    return user


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch):
        self.passed_s, began_s = 0.0, sessions.time.time()
        monkeypatch.setattr(sessions.time, "time", lambda: began_s + self.passed_s)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def is_let_in(client):
    return client.get(WALL).status_code == 200


def test_a_session_that_is_not_used_ends(reader, clock):
    client = signed_in(reader)
    clock.passed_s = product.SESSION_IDLE_MIN * 60 - 1
    assert is_let_in(client)
    clock.passed_s += product.SESSION_IDLE_MIN * 60 - 1
    assert is_let_in(client)
    clock.passed_s += product.SESSION_IDLE_MIN * 60 + sessions.NOTED_EVERY_S
    assert client.get(WALL)["Location"] == "/admin/login/?next=/console/"
    assert not Session.objects.exists()


def test_a_session_that_is_used_all_the_time_ends_as_well(reader, clock):
    client = signed_in(reader)
    for _ in range(product.SESSION_MAX_H):
        assert is_let_in(client)
        clock.passed_s += 3600
    clock.passed_s += 1
    assert not is_let_in(client)


def test_its_use_is_written_now_and_then(reader, clock, django_assert_num_queries):
    client = signed_in(reader)
    is_let_in(client)
    kept = Session.objects.get().session_data
    clock.passed_s = sessions.NOTED_EVERY_S - 1
    is_let_in(client)
    assert Session.objects.get().session_data == kept
    clock.passed_s += 1
    is_let_in(client)
    assert Session.objects.get().session_data != kept


def test_one_of_an_older_version_begins_now(reader, clock):
    client = signed_in(reader)
    session = client.session
    del session[sessions.BEGAN], session[sessions.USED]
    session.save()
    assert is_let_in(client)
    clock.passed_s = product.SESSION_MAX_H * 3600 + 1
    assert not is_let_in(client)


def test_whoever_signs_out_everywhere_is_out_in_every_browser(reader):
    here, there, other = signed_in(reader), signed_in(reader), signed_in(User.objects.create_superuser("boss"))
    assert "2" in here.get(ACCOUNT).content.decode()
    answer = here.post(reverse("account:sign_out_everywhere"))
    assert answer["Location"] == reverse("admin:login")
    assert not is_let_in(here) and not is_let_in(there)
    assert is_let_in(other)
    assert AccessEntry.objects.get(kind="account").detail == "signed out everywhere: 2 sessions"


def test_a_changed_password_ends_the_other_sessions(reader):
    here, there = signed_in(reader), signed_in(reader)
    new = "another-long-password"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post(reverse("admin:password_change"), form).status_code == 302
    assert is_let_in(here)
    assert not is_let_in(there)


def test_a_session_of_the_secret_key_before_goes_on(reader, settings):
    client = signed_in(reader)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert is_let_in(client)
    settings.SECRET_KEY_FALLBACKS = []
    # It was signed anew.
    assert is_let_in(client)


COOKIES = """
from voiceapp import settings as s
for kind in ("SESSION", "CSRF", "LANGUAGE"):
    name = getattr(s, f"{kind}_COOKIE_NAME", "")
    print(kind, name, *(getattr(s, f"{kind}_COOKIE_{what}") for what in ("SECURE", "HTTPONLY", "SAMESITE")))
"""


def test_cookies_are_this_hosts_alone_over_tls_and_out_of_scripts_reach(tmp_path):
    deployed = {**os.environ, "DEBUG": "0", "SECRET_KEY": "k" * 50, "VAR_DIR": str(tmp_path), "ENV_FILE": ""}
    command = [sys.executable, "-c", COOKIES]
    said = subprocess.run(command, cwd=ROOT, env=deployed, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "SESSION __Host-sessionid True True Lax",
        "CSRF __Host-csrftoken True True Lax",
        "LANGUAGE  True True Lax",
    ]


async def watching(client, path="/ws/live/"):
    """The socket of a page, with its cookies."""
    name = product.SESSION_COOKIE_NAME
    headers = [
        (b"cookie", f"{name}={client.cookies[name].value}".encode()),
        (b"origin", b"http://localhost"),
        (b"host", b"localhost"),
    ]
    socket = Socket(websocket_application(), path, headers=headers)
    connected, _ = await socket.connect()
    return socket, connected


async def said_to(socket):
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": [turn("CA1", 1)]}})
    return await socket.receive_output()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["everywhere", "password", "time"])
async def test_a_live_page_goes_with_its_session(reader, monkeypatch, clock, end):
    client = await database_sync_to_async(signed_in)(reader)
    socket, connected = await watching(client)
    assert connected
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    assert (await said_to(socket))["type"] == "websocket.send"
    if end == "everywhere":
        await database_sync_to_async(sessions.end_all)(reader)
    elif end == "password":
        await database_sync_to_async(reader.set_password)("another-long-password")
        await database_sync_to_async(reader.save)()
    else:
        clock.passed_s = product.SESSION_MAX_H * 3600 + 1
    assert (await said_to(socket))["code"] == watchers.NOT_ALLOWED


@pytest.mark.django_db(transaction=True)
async def test_a_live_page_lives_through_a_change_of_the_secret_key(reader, settings):
    client = await database_sync_to_async(signed_in)(reader)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    socket, connected = await watching(client)
    assert connected
    await socket.disconnect()
    assert await database_sync_to_async(is_let_in)(client)


@pytest.mark.django_db(transaction=True)
async def test_watching_is_using(reader, monkeypatch, clock):
    client = await database_sync_to_async(signed_in)(reader)
    socket, _ = await watching(client)
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    for _ in range(3):
        clock.passed_s += product.SESSION_IDLE_MIN * 60 - 1
        assert (await said_to(socket))["type"] == "websocket.send"
    await socket.disconnect()
    assert await database_sync_to_async(is_let_in)(client)


@pytest.mark.django_db(transaction=True)
async def test_who_has_not_shown_the_second_factor_watches_nothing(reader, settings, monkeypatch):
    settings.SECOND_FACTOR_REQUIRED = True
    may_listen = await database_sync_to_async(Permission.objects.get)(codename="listen_call")
    await database_sync_to_async(reader.user_permissions.add)(may_listen)
    client = await database_sync_to_async(signed_in)(reader)
    for path in ("/ws/live/", "/ws/listen/?call=CA1"):
        _, connected = await watching(client, path)
        assert not connected

    def show():
        app = devices.offered_app(reader)
        devices.confirm(app)
        session = client.session
        session["otp_device_id"] = app.persistent_id
        session.save()

    await database_sync_to_async(show)()
    socket, connected = await watching(client)
    assert connected
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    await database_sync_to_async(devices.forget)(reader)
    assert (await said_to(socket))["code"] == watchers.NOT_ALLOWED
