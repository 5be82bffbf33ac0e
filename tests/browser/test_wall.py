"""The wall and a followed call, in Chromium."""

import json
import re

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


BEATS = """
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from calls.process.live_updates import GROUP
beats = [
    {"kind": "process", "call": "", "process": f"late:{lag}", "calls": {}, "lag_ms": lag, "recogniser": "up",
     "alarms": []}
    for lag in (3.4, 90.2, 400.0)
]
async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "live.update", "update": {"updates": beats}})
"""


def test_how_a_server_keeps_up_is_said_in_words_and_measured_in_the_title(page, desk_server):
    page.wait_for_selector('#link[data-link="live"]')
    desk_server.shell(BEATS)
    said = {"in_time": "עומד בקצב", "behind": "מפגר", "overloaded": "אינו מקבל שיחות חדשות"}
    for (pace, words), lag_ms in zip(said.items(), ("3", "90", "400"), strict=True):
        node = page.locator(f'#processes li[data-process^="late:"][data-pace="{pace}"]')
        node.wait_for()
        assert words in node.text_content() and "ms" not in node.text_content()
        assert f"(loop lag, p95)\u2069: \u2066{lag_ms} ms" in node.get_attribute("title")


BEGINS = """
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from calls.process.live_updates import GROUP
updates = [
    {"kind": "process", "call": "", "process": "late:begins", "calls": {}, "lag_ms": 3.4, "recogniser": "up",
     "alarms": []},
    {"kind": "call", "call": "CAbegins", "stream": "MZ1", "state": "started", "from": "", "to": "+97231234567",
     "started_at": "2026-11-27T12:00:00+00:00", "process": "late:begins"},
]
async_to_sync(get_channel_layer().group_send)(GROUP, {"type": "live.update", "update": {"updates": updates}})
"""


def test_a_server_has_as_many_calls_as_are_listed_of_it_before_its_next_pulse(page, desk_server):
    page.wait_for_selector('#link[data-link="live"]')
    desk_server.shell(BEGINS)
    card(page, "CAbegins").wait_for()
    assert "שיחה אחת" in page.locator('#processes li[data-process="late:begins"]').text_content()


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


PUT_A_CALL = """
from calls.models import Call
Call.objects.filter(call_sid='CA1').delete()
Call.objects.create(call_sid='CA1', stream_sid='MZ1', started_at='2026-11-27T08:00:00Z')
"""
END_IT = "from calls.models import Call; Call.objects.filter(call_sid='CA1').update(ended_at='2026-11-27T08:00:14.6Z')"


def test_a_call_that_has_ended_is_over_and_not_in_trouble(tab, desk_server):
    desk_server.shell(PUT_A_CALL)
    sockets = []
    tab.page.route_web_socket(re.compile("/ws/live/"), lambda socket: sockets.append(socket))
    tab.sign_in()
    tab.page.clock.install()
    page = tab.go("/console/calls/CA1")
    page.wait_for_selector('#link[data-link="live"]')

    def tell(**update):
        sockets[-1].send(json.dumps({"updates": [{"call": "CA1", **update}]}))

    tell(kind="state", shows="listening", hears="down", quiet_by="")
    page.wait_for_selector("#hears[data-hears=down]")
    tell(kind="call", state="ended", stream="MZ1")
    tell(kind="state", shows="listening", hears="down", quiet_by="")  # a process that had not heard of the end
    tell(kind="note", number=1, at="2026-11-27T08:00:14Z", code="stream_old", detail="")
    page.wait_for_selector("#events li")
    opened = len(sockets)
    page.clock.run_for(30_000)  # the row says nothing of the end yet, and the socket is silent
    assert page.locator("#link").get_attribute("data-link") == "ended"
    assert page.locator(".signs").inner_text() == page.locator("#lasted").inner_text()
    desk_server.shell(END_IT)
    page.clock.run_for(1_000)
    page.locator("#lasted", has_text="00:15").wait_for()
    assert page.locator("#link").inner_text() == page.locator("#over").inner_text() == "השיחה הסתיימה"
    assert len(sockets) == opened


def test_the_page_of_a_call_that_is_not_saved_yet_becomes_its_page_by_itself(tab, desk_server):
    page, sid = tab.sign_in(), "CA" + "0b" * 16
    page.goto(f"{desk_server.url}/console/calls/{sid}")
    assert "מחפשים את השיחה" in page.locator("h1").text_content()
    desk_server.shell(
        "from calls.models import Call; "
        f"Call.objects.create(call_sid='{sid}', started_at='2026-11-27T08:00:00Z', ended_at='2026-11-27T08:01:00Z')"
    )
    page.wait_for_selector("#turns", state="attached")


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


def test_an_alarm_is_heard_seen_to_and_on_the_wall_until_it_is_over(page, desk_server):
    page.wait_for_selector('#link[data-link="live"]')
    page.locator("#sound").click()
    alarm = "from calls.process.alarm_monitor import settle; from calls.core.line_health import Trouble, Verdict; "
    line = "('+97235550100', Trouble.DEAF)"
    desk_server.shell(alarm + f"settle({{{line}: Verdict.TROUBLED}})")
    page.wait_for_selector("#alarms li")
    page.wait_for_selector('#sound[aria-pressed="true"][data-rung="1"]')
    assert "+97235550100" in page.locator("#alarms a").text_content()
    assert "/admin/calls/alarm/" in page.locator("#alarms a").get_attribute("href")
    page.locator("#alarms button").click()
    page.wait_for_selector("#alarms li.is-seen-to")
    assert "desk" in page.locator("#alarms .seen-to").text_content()
    assert not page.locator("#alarms button").is_visible()
    desk_server.shell("from calls.models import Alarm; Alarm.objects.update(over_at='2026-11-25T00:00:00Z')")
    page.wait_for_selector("#alarms li", state="detached")


def test_an_alarm_that_somebody_sees_to_stays_so_whatever_a_process_read_before(tab):
    sockets = []
    tab.page.route_web_socket(re.compile("/ws/live/"), lambda socket: sockets.append(socket))
    page = tab.sign_in()
    page.wait_for_selector('#link[data-link="live"]')
    beat = {"kind": "process", "call": "", "process": "one:1", "calls": {}, "lag_ms": 3, "recogniser": "up"}
    one, other = ["line_deaf", "+97235550100", 7], ["line_deaf", "+97235550101", 8]
    for alarms in ([[*one, "dana"]], [[*one, ""], [*other, ""]]):
        sockets[-1].send(json.dumps({"updates": [{**beat, "alarms": alarms}]}))
        page.wait_for_function("count => document.querySelectorAll('#alarms li').length === count", arg=len(alarms))
    assert page.locator("#alarms li.is-seen-to .seen-to").all_text_contents() == ["בטיפול של \u2068dana\u2069"]
    assert "+97235550100" in page.locator("#alarms li.is-seen-to a").text_content()


def test_a_call_in_trouble_comes_first_and_is_not_called_fast(tab):
    sockets = []
    tab.page.route_web_socket(re.compile("/ws/live/"), lambda socket: sockets.append(socket))
    page = tab.sign_in()
    page.wait_for_selector('#link[data-link="live"]')

    def tell(*updates):
        sockets[-1].send(json.dumps({"updates": updates}))

    # However long this takes: no process falls silent.
    page.evaluate("performance.now = () => 0")
    for number, sid in enumerate(("CA1", "CA2", "CA3")):
        began = f"2026-11-26T10:0{number}:00Z"
        tell(
            {"kind": "call", "call": sid, "stream": "MZ", "from": "", "to": "", "started_at": began, "state": "started"}
        )
        # What it shows comes later than the call itself, and is no trouble until then.
        card(page, sid).wait_for()
        tell({"kind": "turn", "call": sid, "number": 1, "text": "שלום", "final_ms": 300})
        tell({"kind": "state", "call": sid, "shows": "listening", "hears": "stream", "quiet_by": ""})
    card(page, "CA3").locator(".late", has_text="300 ms").wait_for()
    shown = "cards => cards.map(card => card.dataset.sid)"
    assert page.eval_on_selector_all("#wall .card", shown) == ["CA1", "CA2", "CA3"]
    card(page, "CA3").locator("a").focus()
    tell({"kind": "state", "call": "CA3", "shows": "listening", "hears": "deaf", "quiet_by": ""})
    page.wait_for_selector("#wall .card:first-child[data-sid=CA3][data-hears=deaf]")
    assert page.eval_on_selector_all("#wall .card", shown) == ["CA3", "CA1", "CA2"]
    assert card(page, "CA3").locator(".late").text_content() == ""
    assert page.evaluate("document.activeElement.closest('.card').dataset.sid") == "CA3"
    stands_in = {"shows": "listening", "hears": "stream", "quiet_by": "", "stand_in": "deepgram"}
    tell({"kind": "state", "call": "CA1", **stands_in})
    card(page, "CA1").locator(".hears", has_text="deepgram").wait_for()


def test_an_alarm_of_an_engine_names_it_as_the_one_that_is_down(page, desk_server):
    desk_server.shell(
        "from calls.process.alarm_monitor import settle; from calls.core.line_health import Trouble, Verdict; "
        "settle({('emulator:deepgram', Trouble.ENGINE): Verdict.TROUBLED})"
    )
    page.wait_for_selector("#alarms li")
    said = page.locator("#alarms li a").text_content()
    assert said.replace("\u2066", "").replace("\u2069", "") == (
        "מנוע הזיהוי emulator:deepgram אינו פעיל; השיחות עברו למנוע אחר"
    )
    desk_server.shell("from calls.models import Alarm; Alarm.objects.update(over_at='2026-11-25T00:00:00Z')")
    page.wait_for_selector("#alarms li", state="detached")


def test_an_alarm_of_the_whole_service_names_no_line(page, desk_server):
    desk_server.shell(
        "from calls.process.alarm_monitor import settle; from calls.core.line_health import Trouble, Verdict; "
        "settle({('', Trouble.SETTINGS): Verdict.TROUBLED})"
    )
    said = page.locator("#alarms li a").text_content()
    assert said == "הגדרות הקווים אינן ניתנות לקריאה; תקפות אלה שנקראו לאחרונה"
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
    page.wait_for_selector('#link:not([data-link="live"])')
    desk_server.redis.start()
    page.wait_for_selector('#link[data-link="live"]')
    moves(card(page, sid).locator(".words"))
