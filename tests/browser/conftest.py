"""Chromium, a server of its own with a Redis of its own, and people to log in as.

Without Chromium these tests are skipped, and say so; with BROWSER_TESTS=required (CI) that is a failure.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field, replace

import pytest
from django.conf import settings

from calls.lab.browser import CHROMIUM_ARGUMENTS, find_chromium
from calls.lab.own_database import USER, own_database
from calls.lab.rig import Rig, free_port
from calls.lab.sample_calls import long_calls
from tests.browser.shell import Shell
from tests.browser.used_pages import UsedPages
from tests.databases import put_migrated_database
from tests.twilio_rest import ACCOUNT_SID, PORT, TwilioRest
from tests.waiting import COMMAND_S, PATIENCE_S

PASSWORD = "desk-password"
PEOPLE = ("reviewer", "supervisor", "tuner")
"""One of each group, named like it."""
WAIT_MS = 45_000

MAKE_PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name in {PEOPLE!r}:
    user = User.objects.create_user(name, password={PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=name))
"""


def missing(what):
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(f"BROWSER_TESTS=required, and there is no {what}")
    pytest.skip(f"needs {what}")


class OwnRedis:
    """A redis-server on a port of its own, to be stopped and started at will."""

    def __init__(self):
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(COMMAND_S)


@dataclass
class Desk:
    """A server with its callers."""

    rig: Rig
    redis: OwnRedis
    rest: TwilioRest
    """Twilio's other side."""
    environment: dict
    shell: Shell
    """Does what it is told in Python, on this server's database."""
    signed_in: dict = field(default_factory=dict)
    """By who logged in, the cookies of that."""
    _loops: list = field(default_factory=list)

    @property
    def url(self):
        return self.rig.url

    def call(self, count=1):
        """So many sample calls, from now on; their CallSids. They end with the test."""
        return self.run(*long_calls(self.rig, count))

    def run(self, *calls):
        """These calls, from now on; their CallSids. They end with the test."""

        async def run():
            tasks = [asyncio.create_task(call.run()) for call in calls]
            self._loops.append((asyncio.get_running_loop(), tasks, threading.current_thread()))
            await asyncio.gather(*tasks, return_exceptions=True)

        threading.Thread(target=asyncio.run, args=(run(),)).start()
        return [call.call_sid for call in calls]

    def hang_up(self):
        for loop, tasks, thread in self._loops:
            for task in tasks:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(task.cancel)
            thread.join(PATIENCE_S)
        self._loops.clear()


@pytest.fixture(scope="package")
def chromium():
    executable = find_chromium() or missing("Chromium (apt install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def used_pages(chromium):
    return UsedPages(chromium)


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    if not shutil.which("redis-server"):
        missing("redis-server (apt install redis-server)")
    redis = OwnRedis()
    redis.start()
    try:
        with (
            own_database(PASSWORD, fill=put_migrated_database) as environment,
            TwilioRest(environment["TWILIO_AUTH_TOKEN"]) as rest,
        ):
            environment |= {
                "REDIS_URL": redis.url,
                "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
                "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
                PORT: str(rest.port),
            }
            log = tmp_path_factory.mktemp("desk") / "server.log"
            with (
                Shell({**os.environ, "ENV_FILE": "", **environment}) as shell,
                Rig(settings.BASE_DIR / "samples", log, environment=environment, speaks=True) as rig,
            ):
                shell(MAKE_PEOPLE)
                yield Desk(rig, redis, rest, environment, shell)
    finally:
        redis.stop()


@pytest.fixture
def desk_server(server):
    yield server
    server.hang_up()


@contextlib.contextmanager
def server_beside(desk, **environment):
    """Another process on the same database and Redis, with callers of its own; ``environment`` is set besides."""
    first = desk.rig
    rig = replace(
        first,
        port=free_port(first.port + 1),
        speech_host=first.emulator_address,
        environment={**first.environment, **environment},
        _started=[],
        _last_words=[],
    )
    try:
        rig.start_server()
        second = replace(desk, rig=rig, _loops=[])
        yield second
        second.hang_up()
    finally:
        rig.__exit__()


@pytest.fixture
def second_server(desk_server):
    """One that a test may end."""
    with server_beside(desk_server) as second:
        yield second


class Tab:
    """A page, logged in on demand, and what Chromium complains about."""

    def __init__(self, page, complaints, desk):
        self.page, self.complaints, self.desk = page, complaints, desk
        self.expected = ()
        """Beginnings of complaints that a test provokes."""

    def sign_in(self, user=USER, path="/console/"):
        """As somebody who has logged in before, once they have."""
        self.page.context.add_cookies(self.desk.signed_in.get(user, []))
        if user not in self.desk.signed_in or self.go(path).locator("#id_password").count():
            self._log_in(user, path)
        return self.page

    def _log_in(self, user, path):
        self.go(f"/admin/login/?next={path}")
        self.page.fill("#id_username", user)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(f"**{path}")
        self.desk.signed_in[user] = self.page.context.cookies()

    def go(self, path):
        self.page.goto(self.desk.url + path)
        return self.page

    @property
    def unexpected(self):
        return [said for said in self.complaints if not said.startswith(self.expected or ("\0",))]


@pytest.fixture
def open_tab(used_pages, desk_server):
    """Make tabs, of any size and scheme; none may have complained at the end."""
    tabs = []
    with contextlib.ExitStack() as pages:

        def opened(width=1280, height=800, *, zoom=1, dark=False):
            page = used_pages.page(width, height, zoom=zoom, dark=dark, wait_ms=WAIT_MS)
            tabs.append(Tab(*pages.enter_context(page), desk_server))
            return tabs[-1]

        yield opened
    assert [said for tab in tabs for said in tab.unexpected] == []


@pytest.fixture
def tab(open_tab):
    return open_tab()


@pytest.fixture
def page(tab):
    """The desk's superuser on the wall."""
    return tab.sign_in()
