"""The wall and a followed call, in Chromium."""

import pytest

pytestmark = pytest.mark.live


def card(page, sid):
    return page.locator(f'.card[data-sid="{sid}"]')


def moves(locator):
    """Its text changes, and changes again."""
    for _ in range(2):
        before = locator.text_content()
        locator.page.wait_for_function(
            "([node, before]) => node.textContent && node.textContent !== before",
            arg=[locator.element_handle(), before],
        )


def test_a_call_appears_its_words_move_and_it_goes(page, desk_server):
    page.wait_for_selector('#link[data-link="live"]')
    (sid,) = desk_server.call()
    card(page, sid).wait_for()
    moves(card(page, sid).locator(".words"))
    assert card(page, sid).locator(".from").text_content() == "+972501234501"
    page.wait_for_selector(f'.card[data-sid="{sid}"] .late:not(:empty)')
    # A transition is drawn sixty times a second: two hundred cards whose edge fades took three times the processor.
    assert page.eval_on_selector_all(
        ".card, .card *",
        """nodes => nodes.map(getComputedStyle)
            .every(style => style.transitionDuration === "0s" && style.animationName === "none")""",
    )
    desk_server.hang_up()
    card(page, sid).wait_for(state="detached")


def test_a_wall_that_is_opened_later_has_the_running_calls(tab, desk_server):
    sids = desk_server.call(3)
    page = tab.sign_in()
    for sid in sids:
        card(page, sid).wait_for()
    assert page.locator("#count").text_content() == "3"
    page.wait_for_selector('#processes li[data-health="up"]')


def process_line(page, desk, health):
    return page.locator(f'#processes li[data-process$=":{desk.rig.server.pid}"][data-health="{health}"]')


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_one_wall_has_the_calls_of_two_processes_and_knows_when_one_is_gone(page, desk_server, second_server, end):
    (here,), (there,) = desk_server.call(), second_server.call()
    for sid in (here, there):
        moves(card(page, sid).locator(".words"))
    for desk in (desk_server, second_server):
        process_line(page, desk, "up").wait_for()
    getattr(second_server.rig.server, end)()
    if end == "terminate":
        card(page, there).wait_for(state="detached")  # a process that ends says so of its calls
    else:
        page.wait_for_selector(f'.card[data-sid="{there}"][data-shows="unknown"]')
    process_line(page, second_server, "lost").wait_for()
    process_line(page, desk_server, "up").wait_for()
    moves(card(page, here).locator(".words"))


def test_a_call_is_followed_as_it_is_spoken(tab, desk_server):
    (sid,) = desk_server.call()
    page = tab.sign_in()
    card(page, sid).locator("a").click()
    page.wait_for_selector("#partial:not([hidden])")
    moves(page.locator("#partial"))
    page.wait_for_selector("#turns li:nth-child(2) .emulated:not(:empty)")
    desk_server.hang_up()
    page.wait_for_selector("#over:not([hidden])")


def test_the_wall_is_sifted_and_walked_by_keyboard(page, desk_server):
    first, second = desk_server.call(2)
    card(page, second).wait_for()
    card(page, first).wait_for()
    page.fill("#find", "4538")
    card(page, first).wait_for(state="hidden")
    assert card(page, second).is_visible()
    page.fill("#find", "")
    card(page, first).wait_for()
    page.locator(".card a").first.focus()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("document.activeElement.closest('.card').dataset.sid")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/calls/{focused}")


def test_an_alarm_is_on_the_wall_until_it_is_over(page, desk_server):
    desk_server.call()
    alarm = "from calls.process.alarm_monitor import settle; from calls.core.line_health import Trouble, Verdict; "
    line = "('+97235550100', Trouble.DEAF)"
    desk_server.shell(alarm + f"settle({{{line}: Verdict.TROUBLED}})")
    page.wait_for_selector("#alarms li")
    assert "+97235550100" in page.locator("#alarms").text_content()
    desk_server.shell("from calls.models import Alarm; Alarm.objects.update(over_at='2026-11-25T00:00:00Z')")
    page.wait_for_selector("#alarms li", state="detached")


def test_an_alarm_of_an_engine_names_it_as_the_one_that_is_down(page, desk_server):
    desk_server.shell(
        "from calls.process.alarm_monitor import settle; from calls.core.line_health import Trouble, Verdict; "
        "settle({('emulator:deepgram', Trouble.ENGINE): Verdict.TROUBLED})"
    )
    page.wait_for_selector("#alarms li")
    said = page.locator("#alarms li").text_content()
    assert said.replace("\u2066", "").replace("\u2069", "") == (
        "מנוע הזיהוי emulator:deepgram אינו פעיל; השיחות עברו למנוע אחר"
    )
    desk_server.shell("from calls.models import Alarm; Alarm.objects.update(over_at='2026-11-25T00:00:00Z')")
    page.wait_for_selector("#alarms li", state="detached")


def test_who_may_not_read_calls_is_told(tab, desk_server):
    desk_server.shell(
        "from django.contrib.auth.models import User; from tests.browser.conftest import PASSWORD; "
        "User.objects.create_user('nobody', password=PASSWORD, is_staff=True)",
    )
    tab.expected = ("Failed to load resource",)
    tab.sign_in("nobody", "/admin/")
    assert tab.page.request.get(desk_server.url + "/console/").status == 403


def test_redis_restarted_and_the_wall_recovers(tab, desk_server):
    """The last one of this server: what its layer still has of dead connections refuses pages that come next."""
    tab.expected = ("WebSocket connection to",)
    page = tab.sign_in()
    (sid,) = desk_server.call()
    card(page, sid).wait_for()
    desk_server.redis.stop()
    page.wait_for_selector('#link:not([data-link="live"])', timeout=30_000)
    desk_server.redis.start()
    page.wait_for_selector('#link[data-link="live"]', timeout=30_000)
    moves(card(page, sid).locator(".words"))
