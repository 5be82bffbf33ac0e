"""A supervisor has an answering call say a sentence and be quiet, in Chromium; the call runs in another process than
the one that serves the page."""

import os
import secrets
from dataclasses import replace

import pytest

from calls.lab.caller_script import read_step
from calls.lab.simulator import SimulatedCall
from tests.browser.conftest import server_beside
from tests.browser.page_checks import SIZES, barriers, overflow
from tests.browser.test_actions import follow
from tests.paths import SAMPLES

pytestmark = pytest.mark.live
LINE = "+97235550177"
SENTENCE = "כבר בודקים את זה."
PUT_A_LINE = f"""
from django.conf import settings
from calls.models import PhoneLine
from calls.lines.settings_cache import first_profile
PhoneLine.objects.update_or_create(number={LINE!r}, defaults=dict(
    profile=first_profile(settings.ENVIRONMENT_TUNING), name="שירות", responder="repeat",
    greeting="שלום, הגעתם אלינו.", voice="google:he-IL-Chirp3-HD-Aoede",
))
"""
TAKE_IT_AWAY = f"from calls.models import PhoneLine; PhoneLine.objects.filter(number={LINE!r}).delete()"
SAYS = SAMPLES / "order_1.wav"


@pytest.fixture(scope="module")
def second_server(server):
    """It knows the line from its beginning: a call to one that it has not read yet is answered by nobody."""
    server.shell(PUT_A_LINE)
    with server_beside(server) as second:
        yield second
    server.shell(TAKE_IT_AWAY)


@pytest.fixture
def answered(desk_server, second_server):
    """A call to a line that says back what it hears: greeted, then silent; the caller speaks at 8 s and at 20 s.

    It lasts for as long as a busy machine may need to draw and judge its pages, and ends with the test."""
    script = [read_step(step) for step in (f"{SAYS}@8s", f"{SAYS}@20s", "hang-up@240s")]
    call_sid = "CA" + secrets.token_hex(16)
    line = replace(second_server.rig.line, to_number=LINE)
    second_server.run(SimulatedCall(line, (), script=script, longest_s=250, call_sid=call_sid))
    yield call_sid
    second_server.hang_up()


def in_english(page):
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": page.url}])


def order(page, opens, button="button.grave"):
    page.click(f"[data-opens={opens}]")
    page.click(f"#{opens} {button}")
    page.wait_for_selector("[role=status] .messages li")
    return page.locator("[role=status] .messages li").inner_text()


def test_a_sentence_is_said_and_the_line_is_quiet_until_it_answers_again(tab, answered):
    page = follow(tab, "supervisor", answered)
    page.click("[data-opens=say]")
    assert page.evaluate("document.activeElement.name") == "sentence"
    page.keyboard.type(SENTENCE)
    page.click("#say button.grave")
    page.wait_for_selector("[role=status] .messages li:not(.error)")
    said = page.locator("#turns .answer", has_text=SENTENCE)
    said.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('#turns .answer .about')].some((one) => one.textContent.includes('מפקח'))"
    )
    message = page.locator("[role=status] .messages li")  # it follows what becomes of the order
    message.and_(page.get_by_text("נאמר עד סופו")).wait_for()
    assert "(" not in order(page, "be-quiet")
    page.wait_for_selector("#quiet:not([hidden])")
    assert page.locator("#quiet-by").inner_text() == "supervisor"
    assert page.locator("[data-opens=be-quiet]").is_hidden()
    page.wait_for_selector("#turns li:not(.answer)")  # the caller is heard
    before = page.locator("#turns .answer").count()
    assert "(" not in order(page, "answer-again")
    page.wait_for_selector("#quiet", state="hidden")
    assert page.locator("#turns .answer").count() == before
    page.wait_for_function(f"() => document.querySelectorAll('#turns .answer').length > {before}")  # the next words


@pytest.mark.parametrize("size", SIZES)
def test_its_dialogs_fit_and_have_no_serious_barrier(open_tab, desk_server, answered, size):
    tab = open_tab(**SIZES[size])
    page = follow(tab, "supervisor", answered)
    for opens in ("say", "be-quiet"):
        page.click(f"[data-opens={opens}]")
        assert (overflow(page), barriers(page)) == (0, [])
        page.keyboard.press("Escape")
    assert "(" not in order(page, "be-quiet")
    page.wait_for_selector("#quiet:not([hidden])")
    assert (overflow(page), barriers(page)) == (0, [])


def test_a_sentence_that_cannot_be_said_is_there_to_be_mended(tab, answered):
    page = follow(tab, "supervisor", answered)
    page.click("[data-opens=say]")
    page.fill("#say textarea", "…")
    tab.expected = ("Failed to load resource: the server responded with a status of 400",)
    page.click("#say button.grave")
    page.wait_for_selector("#say[open] [role=alert]")
    assert "text_unspeakable" in page.locator("#say-error").inner_text()
    assert page.input_value("#say textarea") == "…"
    assert (overflow(page), barriers(page)) == (0, [])


def test_who_may_not_sees_no_button_and_cannot_send(tab, desk_server, answered):
    page = follow(tab, "reviewer", answered)
    assert page.locator("[data-opens], dialog").count() == 0
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    for command in ("say", "quiet", "answer-again"):
        path = f"{desk_server.url}/console/calls/{answered}/{command}"
        form = {"csrfmiddlewaretoken": token, "sentence": SENTENCE}
        assert page.request.post(path, form=form, headers={"Referer": page.url}).status == 403


@pytest.mark.skipif("PICTURES" not in os.environ, reason="makes pictures to be looked at")
def test_pictures(open_tab, answered):
    for width in (360, 1280, 1920):
        for language in ("he", "en"):
            tab = open_tab(width=width, height=900)
            page = tab.sign_in("supervisor")
            if language == "en":
                in_english(page)
            page.goto(f"{tab.desk.url}/console/calls/{answered}")
            page.wait_for_selector("#turns li")
            folder = os.environ["PICTURES"]
            if width == 360 and language == "he":
                page.click("[data-opens=say]")
                page.fill("#say textarea", SENTENCE)
                page.click("#say button.grave")
                page.wait_for_selector(".messages li")
                order(page, "be-quiet")
            page.wait_for_selector("#quiet:not([hidden])")
            page.screenshot(path=f"{folder}/call-{width}-{language}.png", full_page=True)
            for opens in ("say", "answer-again"):
                page.click(f"[data-opens={opens}]")
                page.screenshot(path=f"{folder}/{opens}-{width}-{language}.png")
                page.keyboard.press("Escape")
            page.goto(f"{tab.desk.url}/console/")
            page.wait_for_selector(".card .quiet:not(:empty)")
            page.screenshot(path=f"{folder}/wall-{width}-{language}.png")
