"""A real server and a real browser. Skipped where there is no Chromium."""

from __future__ import annotations

import contextlib
import os
import shutil

import pytest
import redis

from tests.live.pair import REDIS, Pair

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PASSWORD = "desk-password"
ARGUMENTS = [
    "--no-sandbox",  # root in CI
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(what: str) -> None:
    """Skip; or fail where browser tests are required (CI)."""
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(f"BROWSER_TESTS=required, and there is no {what}")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="package")
def chromium():
    """The machine's Chromium, through Playwright."""
    if CHROMIUM is None:
        missing("a Chromium on the PATH (apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs requirements-dev.txt")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A page in Hebrew; an error on its console, and so a violation of the CSP, fails the test."""
    context = chromium.new_context(locale="he-IL", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


@pytest.fixture(scope="package")
def desk_server(tmp_path_factory):
    """Two server processes on one database and one Redis."""
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=2)) as client:
            client.ping()
    except redis.RedisError:
        missing("a Redis on 127.0.0.1:6379")
    with Pair(tmp_path_factory.mktemp("desk")) as pair:
        pair.shell(
            "from django.contrib.auth.models import User\n"
            f"User.objects.create_superuser('tuner', password={PASSWORD!r})"
        )
        yield pair
