"""Answers of the line on a call's pages, in Chromium: stored ones, and one that is followed while it is played."""

import json
import re
import secrets

import pytest
from django.utils import translation

from calls.desk.event_details import shown_detail
from tests.browser.page_checks import SIZES, at_rest, barriers, overflow

pytestmark = pytest.mark.live
MAKE = """
from datetime import UTC, datetime, timedelta
from dataclasses import replace
from calls.storage import rows
from calls.storage.records import CallEnded, TurnSaved, ValueSaved
from tests.calls.storage.sample_records import STARTED, answer, turn
sid, now = {sid!r}, datetime.now(UTC)
of_call = [
    replace(STARTED, started_at=now - timedelta(minutes=1)),
    TurnSaved("CA1", turn(total_ms=1060, revision=1).turn, "MZ1"),
    answer("MZ1"), ValueSaved("CA1", "card", "4580", True, 1, "MZ1"),
]
over = [CallEnded("CA1", "MZ1", now, "stop", 9, 0, 9, reply_tokens=7)] if {over} else []
rows.write(replace(one, call_sid=sid) for one in of_call + over)
"""
ANSWER = {
    "kind": "answer", "stream": "MZ1", "key": "MZ1:5002", "number": 5002, "started_ms": 9000, "outcome": "played",
    "code": "", "withdrawals": 1, "floor_rule": "expected", "total_ms": 440,
    "stages": {"floor": 400, "responder": 0, "voice": 0, "sending": 40}, "responder": "scripted", "voice": "recorded",
}  # fmt: skip


@pytest.fixture
def made(desk_server):
    """Makes a call with a turn, its answer and a secret value; its CallSid. It is over with the test: the wall of the
    shared server shows whatever runs."""
    running = []

    def make(*, over=False):
        sid = "CA" + secrets.token_hex(16)
        desk_server.shell(MAKE.format(sid=sid, over=over))
        if not over:
            running.append(sid)
        return sid

    yield make
    for sid in running:
        desk_server.shell(MAKE.format(sid=sid, over=True))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_answers_fit_and_have_no_serious_barrier(open_tab, made, size, dark):
    sid = made(over=True)
    tab = open_tab(**SIZES[size], dark=dark)
    page = tab.sign_in()
    tab.go(f"/console/calls/{sid}")
    page.wait_for_selector("#turns .answer .bar rect")
    assert (overflow(page), barriers(page)) == (0, [])
    page.locator('a[href*="/admin/calls/call/"][href$="/change/"]').click()
    page.wait_for_selector(".answer .bar rect")
    assert (overflow(page), barriers(page)) == (0, [])
    heard = page.locator("tr.agent .field-words")
    assert "שלום," in heard.inner_text() and heard.locator("del").count() == 1


@pytest.mark.parametrize("language", ["he", "en"])
def test_no_column_is_cut_off_on_a_laptop(tab, made, language):
    made(over=True)
    tab.page.set_extra_http_headers({"Accept-Language": language})
    page = tab.sign_in(path="/admin/calls/call/")
    assert clipped(page) == []
    page.locator("#result_list a").first.click()
    page.wait_for_selector(".inline-group.turns")
    assert clipped(page) == []


def clipped(page):
    """Tables and lists that are wider than their place."""
    return at_rest(
        page,
        "[...document.querySelectorAll('.results, .inline-group, .module')]"
        ".filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.id || it.className)",
        [],
    )


def test_an_answer_is_followed_while_it_is_played(tab, made):
    sid = made()
    sockets = []
    page = tab.sign_in()
    page.route_web_socket(re.compile("/ws/live/"), lambda socket: sockets.append(socket))
    tab.go(f"/console/calls/{sid}")
    page.wait_for_selector("#turns .answer")

    def send(**changes):
        sockets[-1].send(json.dumps({"updates": [{**ANSWER, "call": sid, **changes}]}))

    row = page.locator("#turns li").last
    send(heard="", unheard="תודה, להתראות!", revision=0, playing=True)
    page.wait_for_selector("#turns .playing")
    assert row.locator(".unheard").evaluate("(it) => getComputedStyle(it).textDecorationLine") == "none"
    send(heard="תודה,", unheard="להתראות!", revision=1, playing=False, outcome="interrupted")
    page.wait_for_selector("#turns:not(:has(.playing))")
    assert row.locator(".unheard").evaluate("(it) => getComputedStyle(it).textDecorationLine") == "line-through"
    send(heard="", unheard="תודה, להתראות!", revision=0, playing=True)
    sockets[-1].send(json.dumps({"updates": [{"kind": "value", "call": sid, "key": "city", "value": "חיפה"}]}))
    page.wait_for_selector("#saved tr:nth-child(2)")
    assert (row.locator(".heard").inner_text(), row.locator(".unheard").inner_text()) == ("תודה,", "להתראות!")
    assert "נקטעה" in row.locator(".about").inner_text()
    event = {
        "kind": "note",
        "call": sid,
        "number": 900,
        "code": "deaf",
        "detail": "",
        "at": "2026-11-26T10:00:00+00:00",
    }
    sockets[-1].send(json.dumps({"updates": [event]}))
    page.locator("#events li[title='12:00:00']").wait_for()
    told = [
        *("turn 3", "voice_raised", "Transfer, Dana Levi: no_such_person", "espeak-ng: this is no WAV file."),
        *("google:he-IL-A: ResourceExhausted: 429 Quota exceeded\n\tfor metric", "The model's server answered 429."),
    ]
    for number, detail in enumerate(told, 901):
        update = {**event, "number": number, "key": f"MZ1:{number}", "detail": detail}
        sockets[-1].send(json.dumps({"updates": [update]}))
    page.locator("#events .detail").nth(len(told) - 1).wait_for()
    with translation.override("he"):
        assert page.locator("#events .detail").all_text_contents() == [shown_detail(one) for one in told]
    assert page.locator(".facts .zone").inner_text() == "שעון ישראל"
    assert page.locator("#turns .total").first.inner_text().strip("\u2066\u2069") == "נענה אחרי \u20661060 ms"
