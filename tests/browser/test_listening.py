"""A supervisor listens in to a running call, in Chromium; the call runs in another process than the one that serves the
page."""

import re

import pytest

from tests.browser.conftest import server_beside
from tests.browser.page_checks import SIZES, barriers, overflow
from tests.browser.test_actions import follow

pytestmark = pytest.mark.live
HEARD = "#listen-status[data-state=listening_in]"
LOUD = "() => Number(document.getElementById('listen-status').dataset.loudest) > 0.01"
NOTED = """
from calls.models import AccessEntry
noted = AccessEntry.objects.filter(kind="listen_in", call_sid={sid!r})
assert list(noted.order_by("pk").values_list("username", flat=True)) == ["supervisor", "reviewer"]
"""


@pytest.fixture(scope="module")
def second_server(server):
    with server_beside(server) as second:
        yield second


@pytest.fixture
def running(second_server):
    (sid,) = second_server.call()
    yield sid
    second_server.hang_up()


def test_a_call_of_another_process_is_heard_within_a_second_until_it_ends(
    open_tab, desk_server, second_server, running
):
    page = follow(open_tab(), "supervisor", running)
    assert page.locator("#listen").get_attribute("aria-pressed") == "false"
    page.click("#listen")
    page.wait_for_selector(HEARD)
    page.wait_for_function(LOUD)
    late_ms = int(page.locator("#listen-status").get_attribute("data-late"))
    assert 0 < late_ms <= 1000
    # Nobody takes another one's place.
    other = follow(open_tab(), "reviewer", running)
    other.click("#listen")
    other.wait_for_selector(HEARD)
    other.wait_for_function(LOUD)
    other.click("#listen")
    assert other.locator("#listen-status").inner_text() == ""
    page.wait_for_selector(HEARD)
    desk_server.shell(NOTED.format(sid=running))
    second_server.hang_up()
    page.wait_for_selector("#listen-status[data-state=ended]", state="attached")
    page.locator("#listen").wait_for(state="hidden")


def test_who_may_not_listen_has_no_button(open_tab, running):
    assert follow(open_tab(), "tuner", running).locator("#listen").count() == 0


def test_a_lost_socket_comes_back_and_a_refusal_is_said(open_tab, running):
    tab = open_tab()
    page, sockets = tab.sign_in("supervisor"), []
    page.route_web_socket(re.compile("/ws/listen/"), lambda socket: sockets.append(socket))
    tab.go(f"/console/calls/{running}")
    page.click("#listen")
    page.wait_for_selector("#listen-status[data-state=listen_silent]")
    sockets[0].close(code=4503)
    page.wait_for_selector("#listen-status[data-state=off]")
    page.wait_for_selector("#listen-status[data-state=listen_silent]")
    assert len(sockets) == 2
    sockets[1].close(code=4429)
    page.wait_for_selector("#listen-status[data-state=listen_many]")
    assert page.locator("#listen").get_attribute("aria-pressed") == "false"


UNTIL = """
from datetime import timedelta
from calls.models import AccessEntry
from django.utils import timezone
(entry,) = AccessEntry.objects.filter(kind="listen_in", call_sid={sid!r}, username="supervisor")
assert timezone.now() - timedelta(seconds=5) < entry.last_at, entry.last_at
"""


@pytest.mark.parametrize("lost", ["redis", "process"])
def test_a_listener_is_told_of_what_is_lost_and_hears_again_by_itself(open_tab, desk_server, running, lost):
    tab = open_tab()
    tab.expected = ("WebSocket connection to", "Failed to load resource")
    page = follow(tab, "supervisor", running)
    page.click("#listen")
    page.wait_for_selector(HEARD)
    page.wait_for_function(LOUD)
    if lost == "redis":
        desk_server.redis.stop()
    else:
        desk_server.rig.server.kill()
    page.wait_for_selector("#listen-status[data-state=off]")
    assert page.locator("#listen-status").inner_text() == "החיבור נותק: מתחברים שוב"
    assert page.locator("#listen").get_attribute("aria-pressed") == "true"
    if lost == "redis":
        desk_server.redis.start()
    else:
        desk_server.rig.start_server()
    page.wait_for_selector(HEARD, timeout=60_000)
    page.wait_for_function(LOUD)
    page.click("#listen")
    page.wait_for_selector("#listen-status[data-state='']", state="attached")
    desk_server.shell(UNTIL.format(sid=running))


@pytest.mark.parametrize("size", SIZES)
def test_listening_fits_and_has_no_serious_barrier(open_tab, running, size):
    page = follow(open_tab(**SIZES[size]), "supervisor", running)
    page.click("#listen")
    page.wait_for_selector(HEARD)
    assert (overflow(page), barriers(page)) == (0, [])
