"""A call that is over, as its reviewers have it: heard, sought in, corrected. In Chromium, of a real call."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.browser.conftest import PASSWORD
from tests.browser.page_checks import MOVED, SIZES, at_rest, barriers, overflow
from tests.databases import row_of_ended_call, rows_of

pytestmark = pytest.mark.live
AUDIO = "document.querySelector('audio')"

PLAYED_S = f"((p) => [...Array(p.length).keys()].reduce((s, i) => s + p.end(i) - p.start(i), 0))({AUDIO}.played)"


BEYOND = """[...document.querySelectorAll("#call_form tbody :is(td, th), dd")].filter((cell) => {
    const box = cell.getBoundingClientRect();
    return box.left < -1 || box.right > document.documentElement.clientWidth + 1;
}).map((cell) => cell.textContent)"""
"""What lies beyond the page's edge."""


@pytest.fixture(scope="module")
def calls_over(request, server):
    """The addresses of calls that have been recorded and are over, one for each test, made at once."""
    tests = [item for item in request.session.items if item.path == request.path and "over" in item.fixturenames]
    folder = Path(server.environment["VAR_DIR"])
    sids = server.call(len(tests))
    until_s = time.monotonic() + 60
    with_two_turns = "SELECT call_id FROM calls_transcript GROUP BY call_id HAVING count(*) >= 2"
    asked = f"SELECT call_sid FROM calls_call WHERE id IN ({with_two_turns})"  # noqa: S608 - our own text
    while not set(sids) <= {row["call_sid"] for row in rows_of(folder, asked)}:
        assert time.monotonic() < until_s, "the calls were not heard"
        time.sleep(0.1)
    server.hang_up()
    return iter([f"/admin/calls/call/{row_of_ended_call(folder, sid)['id']}/change/" for sid in sids])


@pytest.fixture
def over(calls_over):
    """The address of a call that has been recorded and is over."""
    return next(calls_over)


def test_a_followed_call_that_ends_leads_to_its_review(tab, desk_server):
    (sid,) = desk_server.call()
    page = tab.sign_in()
    page.locator(f'.card[data-sid="{sid}"] a').click()
    page.wait_for_selector("#turns li:nth-child(2)")
    desk_server.hang_up()
    page.wait_for_selector("#over:not([hidden])")
    page.locator('a[href*="/admin/calls/call/"][href$="/change/"]').click()
    page.wait_for_url("**/admin/calls/call/*/change/")
    page.wait_for_selector("#turn-2")
    assert sid in page.content()


def editor(page, number=1):
    return page.locator(f"#turn-{number} .editor")


def test_a_turn_is_played_from_its_beginning_to_its_end(tab, over):
    page = tab.sign_in("reviewer", over)
    asked = []
    page.on("response", lambda answer: answer.url.endswith(".wav") and asked.append(answer.status))
    button = page.locator("#turn-2 button.play")
    begins_s, ends_s = float(button.get_attribute("data-from")), float(button.get_attribute("data-to"))
    assert begins_s > 1
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => !{AUDIO}.paused && {AUDIO}.currentTime > {begins_s}")
    assert button.get_attribute("aria-pressed") == "true"
    page.wait_for_function(f"() => {AUDIO}.paused")
    assert abs(page.evaluate(f"{AUDIO}.currentTime") - ends_s) < 0.15
    assert page.evaluate(PLAYED_S) == pytest.approx(ends_s - begins_s, abs=0.2)
    assert button.get_attribute("aria-pressed") == "false"

    page.locator("#turn-1 button.play").click()
    page.wait_for_function(f"() => !{AUDIO}.paused && {AUDIO}.currentTime < {begins_s}")
    page.locator("#turn-1 button.play").click()
    page.wait_for_function(f"() => {AUDIO}.paused")
    assert set(asked) == {206}
    number = re.search(r"/call/(\d+)/", over)[1]
    page = tab.sign_in(path="/admin/calls/accessentry/?kind__exact=listen")
    assert page.locator(f'#result_list tr:has(a[href="/admin/calls/call/{number}/change/"])').count() == 1


def test_the_recording_is_as_long_as_its_player_says_and_is_sought_in(tab, over):
    page = tab.sign_in("reviewer", over)
    page.evaluate(f"{AUDIO}.load(), {AUDIO}.preload = 'metadata'")
    page.wait_for_function(f"() => {AUDIO}.readyState >= 1")
    duration_s = page.evaluate(f"{AUDIO}.duration")
    assert duration_s > 3
    assert page.evaluate(f"[{AUDIO}.seekable.start(0), {AUDIO}.seekable.end(0)]") == [0, duration_s]


def test_a_turn_is_corrected_by_keyboard(tab, over):
    page = tab.sign_in("reviewer", over)
    heard = page.locator("#turn-1 .heard").inner_text()
    editor(page).locator("summary").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'text-1'")
    assert page.locator("#text-1").input_value() == heard
    assert page.evaluate("document.activeElement.selectionStart") == len(heard)  # words are mended from their end
    page.keyboard.press("Control+A")
    page.keyboard.type("שלום לך")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#turn-1 .corrected")
    assert page.locator("#turn-1 .correction .corrected").inner_text() == "שלום לך"
    assert page.locator("#turn-1 .heard").inner_text() == heard
    assert "reviewer" in page.locator("#turn-1 .by").inner_text()
    assert page.locator("#saved").inner_text() == "נשמר."
    assert page.evaluate("document.activeElement.closest('tr').id + document.activeElement.tagName") == "turn-1SUMMARY"

    page.reload()
    editor(page).locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert editor(page).get_attribute("open") is None
    editor(page).locator("summary").click()
    editor(page).locator("[name=withdrawn]").click()
    page.wait_for_selector("#turn-1 .correction", state="detached")
    assert page.locator("#turn-1 .history").count() == 1


def test_two_reviewers_of_one_turn_do_not_overwrite_each_other(open_tab, over):
    first, second = open_tab(), open_tab()
    second.expected = ("Failed to load resource: the server responded with a status of 409",)
    pages = [first.sign_in("reviewer", over), second.sign_in(path=over)]
    for page, text in zip(pages, ("שלום לך", "שלום לכם"), strict=True):
        editor(page).locator("summary").click()
        page.fill("#text-1", text)
    for page in pages:
        editor(page).locator("button").first.click()
        page.wait_for_selector("#turn-1 .corrected")
    assert "בינתיים" in pages[1].locator("#turn-1 .problem").inner_text()
    assert pages[1].locator("#turn-1 .corrected").inner_text() == "שלום לך"
    assert pages[1].locator("#text-1").input_value() == "שלום לכם"


def test_what_could_not_be_sent_is_said_and_stays(tab, over):
    tab.expected = ("Failed to load resource",)
    page = tab.sign_in("reviewer", over)
    page.route("**/correct", lambda route: route.abort())
    editor(page).locator("summary").click()
    page.fill("#text-1", "שלום לך")
    editor(page).locator("button").first.click()
    page.wait_for_selector("#turn-1 .problem:not([hidden])")
    assert page.locator("#text-1").input_value() == "שלום לך"


def test_a_turn_is_corrected_without_javascript(chromium, desk_server, over):
    page = chromium.new_context(java_script_enabled=False, locale="he-IL").new_page()
    page.goto(f"{desk_server.url}/admin/login/?next={over}")
    page.fill("#id_username", "reviewer")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    assert page.locator("#turn-1 button.play").is_hidden()
    editor(page).locator("summary").click()
    page.fill("#text-1", "שלום לך")
    editor(page).locator("button").first.click()
    page.wait_for_url("**#turn-1")
    assert page.locator("#turn-1 .corrected").inner_text() == "שלום לך"
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_call_to_review_fits_and_has_no_serious_barrier(open_tab, over, size, dark):
    page = open_tab(**SIZES[size], dark=dark).sign_in("reviewer", over)
    editor(page).locator("summary").click()
    page.fill("#text-1", "שלום לך")
    editor(page).locator("button").first.click()
    page.wait_for_selector("#turn-1 .corrected")
    editor(page).locator("summary").click()
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert (overflow(page), barriers(page)) == (0, [])


@pytest.mark.parametrize("width", [360, 768, 1280, 1440, 1920])
def test_no_column_of_a_call_is_cut(open_tab, over, width):
    page = open_tab(width=width, height=900).sign_in("reviewer", over)
    page.locator(".ran-with details summary").click()
    assert (at_rest(page, BEYOND, []), overflow(page)) == ([], 0)


def test_nothing_moves_while_a_call_is_drawn_and_the_wide_page_keeps_the_review_and_the_waveform_in_sight(
    open_tab, over
):
    page = open_tab(width=1440, height=900).sign_in("reviewer", over)
    page.wait_for_selector("#wave-1:not([hidden]) .axis")
    assert page.evaluate(MOVED) < 0.02
    page.set_viewport_size({"width": 1440, "height": 720})
    page.locator("#turns-group tbody tr").last.scroll_into_view_if_needed()
    for part in ("#done button", "#wave-1 .channel-0"):
        top, bottom = page.locator(part).evaluate(
            "one => { const b = one.getBoundingClientRect(); return [b.top, b.bottom]; }"
        )
        assert 0 <= top < bottom <= 720


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_each_figure_under_the_waveform_has_its_room(open_tab, over, width):
    page = open_tab(width=width, height=900).sign_in("reviewer", over)
    page.wait_for_selector("#wave-1:not([hidden]) .axis .tick")
    ticks, end = page.locator("#wave-1 .axis").evaluate(
        """axis => [[...axis.children].map((one) => one.getBoundingClientRect()).map((box) => [box.left, box.right]),
                    axis.getBoundingClientRect().right]"""
    )
    edges = [edge for tick in ticks for edge in tick]
    assert len(ticks) > 1 and edges == sorted(edges) and edges[-1] <= end


def test_the_selected_calls_are_taken_away_as_json_lines(tab, desk_server, over):
    page = tab.sign_in("reviewer", "/admin/calls/call/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("export")
    with page.expect_download() as begun:
        page.locator("button[name=index]").click()
    lines = begun.value.path().read_text("utf-8").splitlines()
    assert begun.value.suggested_filename.endswith(".jsonl")
    assert len(lines) == page.locator("input.action-select").count()
    assert all(json.loads(line)["call_sid"] for line in lines)
    tab.page.set_viewport_size({"width": 360, "height": 740})
    assert (overflow(page), barriers(page)) == (0, [])


def test_the_waveform_stands_in_step_with_the_turns(tab, over):
    page = tab.sign_in("reviewer", over)
    page.wait_for_selector("#wave-1:not([hidden]) canvas")
    regions = page.locator("#wave-1 [part~=region]")
    regions.nth(1).wait_for()
    assert regions.count() == page.locator("button.play").count()
    begins_s = float(page.locator("#turn-2 button.play").get_attribute("data-from"))
    regions.nth(1).click()
    page.wait_for_function(f"() => Math.abs({AUDIO}.currentTime - {begins_s}) < 0.1")
    page.wait_for_selector("#turn-2.spoken")
    assert page.locator("tr.spoken").count() == 1
    assert page.locator("#moment").get_attribute("href") == f"#t={begins_s:.1f}"


def test_a_call_is_heard_and_corrected_by_keyboard_alone(tab, over):
    page = tab.sign_in("reviewer", over)
    page.wait_for_selector("#wave-1:not([hidden])")
    for key in "jj":
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.id") == "turn-2"
    page.keyboard.press(">")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => !{AUDIO}.paused")
    assert page.evaluate(f"{AUDIO}.playbackRate") == 1.25
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {AUDIO}.paused")
    page.keyboard.press("k")
    page.keyboard.press("e")
    page.wait_for_function("() => document.activeElement.id === 'text-1'")
    page.keyboard.press("Control+a")
    page.keyboard.type("jk s")
    page.keyboard.press("Control+Enter")
    page.locator("#turn-1 .corrected").wait_for()
    assert page.locator("#turn-1 .corrected").inner_text() == "jk s"
    assert page.locator("#turn-1 .corrected ins").inner_text() == "jk s"
    assert page.locator("#turn-1 .heard del").count() == 1
    assert page.locator("tr#turn-1.has-correction").count() == 1
    page.locator("#turn-1 .turn-times summary").focus()
    page.keyboard.press("Enter")
    assert "ms" in page.locator("#turn-1 .turn-times li").first.inner_text()


def test_a_link_to_a_moment_opens_there(tab, over):
    page = tab.sign_in("reviewer", over)
    at_s = float(page.locator("#turn-2 button.play").get_attribute("data-from")) + 0.2
    page = tab.go(f"{over}#t={at_s:.1f}")
    page.wait_for_selector("#turn-2.spoken")
    assert abs(page.evaluate(f"{AUDIO}.currentTime") - at_s) < 0.15
    assert page.evaluate(f"{AUDIO}.paused")
