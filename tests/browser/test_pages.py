"""Every page: no complaint from Chromium, no horizontal scrolling, no serious barrier."""

import pytest

from tests.browser.page_checks import MOVED, SIZES, at_rest, barriers, overflow

pytestmark = pytest.mark.live
ADMIN = (
    "/admin/ /admin/calls/call/ /admin/calls/phoneline/add/ /admin/stt/tuningprofile/ /admin/stt/tuningprofile/add/ "
    "/admin/calls/price/add/ /admin/calls/webhookdelivery/ /admin/auth/user/ /admin/auth/group/ "
    "/admin/password_change/ /account/ /account/second-factor/set-up /admin/calls/alarm/ /admin/calls/supervisoraction/"
).split()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_console_fits_and_has_no_serious_barrier(open_tab, desk_server, size, dark):
    (sid,) = desk_server.call()
    tab = open_tab(**SIZES[size], dark=dark)
    page = tab.sign_in()
    page.wait_for_selector(f'.card[data-sid="{sid}"] .late:not(:empty)')
    assert (overflow(page), barriers(page)) == (0, [])
    page = tab.go(f"/console/calls/{sid}")
    page.wait_for_selector("#turns li")
    page.wait_for_selector('#link[data-link="live"]')
    assert (overflow(page), barriers(page)) == (0, [])
    page.click("[data-opens=hand-over]")
    page.locator("#hand-over").wait_for()
    assert (overflow(page), barriers(page)) == (0, [])
    page = tab.go("/console/costs")
    assert (overflow(page), barriers(page)) == (0, [])
    assert page.locator(".scroll").evaluate("one => one.scrollWidth - one.clientWidth") == 0


CUT = """[...document.querySelectorAll("#result_list td, #result_list th")].filter((cell) => {
    const box = cell.querySelector(".card-value")?.getBoundingClientRect() ?? cell.getBoundingClientRect();
    return box.width > 1 && (box.left < -1 || box.right > document.documentElement.clientWidth + 1);
}).map((cell) => cell.className)"""

SCROLLED = "[...document.querySelectorAll('.results')].some((one) => one.scrollWidth > one.clientWidth)"


@pytest.mark.parametrize("width", [360, 768, 1280, 1440, 1920])
def test_no_column_of_a_list_is_cut(open_tab, desk_server, width):
    desk_server.call()
    tab = open_tab(width=width, height=900)
    for path in ("/admin/calls/call/", "/admin/calls/accessentry/", "/admin/calls/supervisoraction/"):
        page = tab.sign_in(path=path) if path.endswith("/call/") else tab.go(path)
        page.wait_for_selector("#result_list.cards, #changelist")
        assert (at_rest(page, CUT, []), at_rest(page, SCROLLED, False), overflow(page)) == ([], False, 0)


CUT_NUMBERS = """[...document.querySelectorAll("input[type=number]")].filter((field) => {
    field.value = 100000;
    return field.scrollWidth > field.clientWidth;
}).map((field) => field.name)"""


@pytest.mark.parametrize("width", [360, 1280])
def test_six_figures_stand_whole_in_a_profiles_field(open_tab, desk_server, width):
    tab = open_tab(width=width, height=900)
    page = tab.sign_in(path="/admin/stt/tuningprofile/add/")
    assert page.locator("input[type=number]").count() > 20
    assert (page.evaluate(CUT_NUMBERS), overflow(page)) == ([], 0)


@pytest.mark.parametrize("path", ADMIN)
def test_the_stock_admin_works_under_the_policy_stands_still_and_has_no_barrier(tab, desk_server, path):
    tab.sign_in()
    page = tab.go(path)
    assert page.locator("h1, h2").count()
    assert page.evaluate(MOVED) < 0.02
    page.set_viewport_size({"width": 768, "height": 900})
    assert (overflow(page), barriers(page)) == (0, [])


LATE_MS = 150
MOVE = (
    ("desk", "/admin/calls/price/add/"),
    ("desk", "/admin/calls/phoneline/add/"),
    ("desk", "/console/"),
    ("desk", "/console/calls/{}"),
    ("phone", "/console/costs"),
    ("phone", "/console/calls/{}"),
)
PUT_A_SILENT_CALL = """
from django.utils import timezone
from calls.models import Call, Transcript
call = Call.objects.create(call_sid={sid!r}, started_at=timezone.now())
turn = {{"number": 1, "started_ms": 0, "ended_ms": 900, "text": "שלום", "source": "final"}}
Transcript.objects.create(call=call, **turn)
"""


@pytest.fixture
def silent_call(desk_server):
    """One that runs and in which nothing more is said: the words of a call move what stands under them."""
    sid = "CA" + "5e" * 16
    desk_server.shell(PUT_A_SILENT_CALL.format(sid=sid))
    yield sid
    desk_server.shell(f"from calls.models import Call; Call.objects.get(call_sid={sid!r}).delete()")


@pytest.mark.parametrize(("size", "path"), MOVE)
def test_what_a_script_draws_late_moves_nothing(open_tab, desk_server, silent_call, size, path):
    """A page is drawn before its scripts are in, where the network or the machine is slow."""
    (sid,) = desk_server.call()
    tab = open_tab(**SIZES[size])
    page = tab.sign_in()
    page.wait_for_selector(f'.card[data-sid="{sid}"] .late:not(:empty)')

    def come_late(route):
        page.wait_for_timeout(LATE_MS)
        route.continue_()

    page.route("**/*.js", come_late)
    tab.go(path.format(silent_call))
    page.wait_for_selector("#link:not(:empty)" if "console" in path and "costs" not in path else "body")
    assert page.evaluate(MOVED) < 0.02


def test_the_console_has_the_theme_that_was_chosen_in_the_admin(tab):
    page = tab.sign_in(path="/admin/")
    page.locator(".theme-toggle").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page = tab.go("/console/costs")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator(".theme-toggle").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_the_login_and_the_list_of_calls_have_no_serious_barrier(tab, desk_server):
    (sid,) = desk_server.call()
    page = tab.go("/admin/login/")
    assert barriers(page) == []
    page = tab.sign_in()
    page.wait_for_selector(f'.card[data-sid="{sid}"] .late:not(:empty)')
    page = tab.go("/admin/calls/call/")
    assert barriers(page) == []


def test_what_breaks_the_policy_is_noticed(tab):
    page = tab.sign_in()
    page.evaluate("document.body.appendChild(document.createElement('script')).textContent = 'window.ran = 1'")
    page.wait_for_function("() => true")
    assert any("policy: script-src-elem inline" in said for said in tab.unexpected)
    assert page.evaluate("window.ran") is None
    tab.complaints.clear()


def test_a_page_is_looked_at_when_it_has_come_to_rest(tab):
    tab.page.set_content(
        "<p style='width: 2000px'>.</p><script>setTimeout(() => document.querySelector('p').remove(), 100)</script>",
        wait_until="commit",
    )
    assert overflow(tab.page) == 0


def test_a_page_that_stays_too_wide_is_told_of(tab):
    tab.page.set_content("<p style='width: 2000px'>.</p>")
    assert overflow(tab.page, within_ms=500) == 2000 + 8 - 1280


def test_a_barrier_is_told_of_with_its_elements(tab):
    tab.page.set_content("<html lang='he'><title>.</title><main><h1>.</h1><input id='unnamed'></main></html>")
    assert barriers(tab.page) == [["label", ['<input id="unnamed">']]]
