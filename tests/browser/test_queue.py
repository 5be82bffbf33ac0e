"""Calls are worked through by keyboard alone, and two people never have the same one open."""

from itertools import combinations

import pytest

from tests.browser.page_checks import SIZES, barriers, overflow
from tests.reviewable_calls import RIGHT, WRONG_TURN

pytestmark = pytest.mark.live
CALLS = 4
MAKE_CALLS = f"""
from calls.models import QueuedCall
from tests.reviewable_calls import make_reviewable
make_reviewable({CALLS})
"""
PRESS_MEM = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'מ', bubbles: true}))"
"""The key of N on a Hebrew keyboard."""
BESIDE = """[...document.querySelectorAll("#keys dl > div")].every(({ children: [keys, does] }) =>
    does.getBoundingClientRect().top < keys.getBoundingClientRect().bottom)"""
"""What each key does stands beside it."""
ANSWER = """
from calls.models import Call
for call in Call.objects.filter(call_sid__startswith="CAreview"):
    call.turns.create(number=5001, speaker="agent", started_ms=0, ended_ms=200, text="שלום", played_text="שלום")
"""
"""The line speaks first in each."""
FORGET = """
from calls.models import Call, QueuedCall
Call.objects.filter(call_sid__startswith="CAreview").delete()
"""


@pytest.fixture
def stored(desk_server):
    desk_server.shell(MAKE_CALLS)
    yield
    desk_server.shell(FORGET)


def begin(page):
    """The first button of the queue's page has the focus."""
    page.wait_for_function("() => document.activeElement?.matches('button.default')")
    page.keyboard.press("Enter")


def opened(page):
    """The page of a call, which is this person's."""
    page.wait_for_selector(".review .bar[data-mine=yes]")
    return page.url.split("/change/")[0]


def test_a_call_is_corrected_and_the_next_one_opened_by_keyboard_alone(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    another = open_tab().sign_in(path="/review/queue/")
    begin(another)
    second = opened(another)
    assert first != second

    page.wait_for_selector("#wave-1:not([hidden])")
    for key in "j" * WRONG_TURN + "ue":
        page.keyboard.press(key)
    page.wait_for_function(f"() => document.activeElement.id === 'text-{WRONG_TURN}'")
    page.wait_for_selector(f"#marks-{WRONG_TURN} [data-kind=unclear][aria-pressed=true]")
    page.keyboard.press("Control+a")
    page.keyboard.type(RIGHT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f"#turn-{WRONG_TURN} .corrected")
    assert page.locator(f"#turn-{WRONG_TURN} del").count() >= 1
    page.keyboard.press("3")
    with page.expect_navigation():
        page.keyboard.press("n")
    third = opened(page)
    assert third not in (first, second)

    page.goto(first + "/change/")
    assert "להדרכה" in page.locator("#review strong").inner_text()
    # Nobody else can be done with what this person has open.
    another.goto(third + "/change/")
    another.wait_for_selector(".review .bar[data-mine=no]")
    assert "reviewer" in another.locator(".holder").inner_text()
    assert another.locator("#done button").is_disabled()


def test_a_call_without_errors_takes_one_key_also_on_a_hebrew_keyboard(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    with page.expect_navigation():
        page.evaluate(PRESS_MEM)
    second = opened(page)
    assert first != second
    with page.expect_navigation():
        page.keyboard.press("r")
    assert opened(page) not in (first, second)


def test_a_correction_is_saved_and_the_next_call_opened_by_one_key(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    page.wait_for_selector("#wave-1:not([hidden])")
    for key in "j" * WRONG_TURN + "e":
        page.keyboard.press(key)
    page.wait_for_function(f"() => document.activeElement.id === 'text-{WRONG_TURN}'")
    page.keyboard.press("Control+a")
    page.keyboard.type(RIGHT)
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.wait_for_function(f"() => document.activeElement.id === 'text-{WRONG_TURN}'")
    with page.expect_navigation():
        page.keyboard.press("Control+Shift+Enter")
    assert opened(page) != first
    page.goto(first + "/change/")
    assert page.locator(f"#turn-{WRONG_TURN} .correction .corrected").inner_text() == RIGHT


def test_what_is_not_saved_yet_is_not_left(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    page.locator("#turn-1 .editor summary").click()
    page.fill("#text-1", "שלום לך")
    page.locator("#done button").focus()
    page.keyboard.press("n")
    page.wait_for_selector(".unsaved:not([hidden])")
    assert page.url.startswith(first)
    assert page.evaluate("document.activeElement.id") == "text-1"
    for button in ("#done button", "#put-back button"):
        page.locator(button).click()
        assert page.evaluate("document.activeElement.id") == "text-1"
    page.keyboard.press("Control+a")
    page.keyboard.type("שלום")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#turn-1 .editor:not([open])")
    page.locator("#write-note").click()
    page.fill("#note-text", "להקשיב שוב")
    page.locator("#done button").click()
    assert page.evaluate("document.activeElement.id") == "note-text"
    assert page.url.startswith(first)


def test_letters_are_no_keys_where_nothing_can_be_typed(open_tab, stored, desk_server):
    desk_server.shell(ANSWER)
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_selector("#turn-5001 #uncorrected:not([hidden])")
    page.keyboard.type("not n")
    assert page.url.startswith(first) and page.locator("#note-text").is_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_function("() => document.activeElement.id === 'text-1'")
    assert page.locator("#uncorrected").is_hidden()


def test_a_key_that_can_do_nothing_says_why(open_tab, stored, desk_server):
    desk_server.shell(ANSWER)
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    opened(page)
    for keys, said in (("ju", "אפשר לסמן רק את דברי המתקשרים"), ("t", "אין תגיות")):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_selector(f"#no-effect:text('{said}')")
    page.keyboard.press("j")
    page.wait_for_selector("#no-effect:empty", state="attached")


def test_what_is_told_of_a_waiting_call_stands_apart_on_a_phone(open_tab, stored):
    page = open_tab(width=360, height=800).sign_in("reviewer", "/review/queue/")
    parts = page.locator(".waiting li").first.locator("> *")
    box_of = "({left, right, top, bottom}) => [left, right, top, bottom]"
    boxes = parts.evaluate_all(f"all => all.map((one) => one.getBoundingClientRect()).map({box_of})")
    assert len(boxes) == 5
    for (left, right, top, bottom), (its_left, its_right, its_top, its_bottom) in combinations(boxes, 2):
        is_beside = right + 10 <= its_left or its_right + 10 <= left
        assert is_beside or bottom <= its_top or its_bottom <= top


def test_done_too_early_is_taken_back_by_a_key(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    with page.expect_navigation():
        page.keyboard.press("n")
    opened(page)
    with page.expect_navigation():
        page.keyboard.press("z")
    assert opened(page) == first
    assert page.locator("#undo").count() == 0


def test_a_note_is_saved_by_the_keys_of_a_correction(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    opened(page)
    page.keyboard.press("c")
    page.keyboard.type("להקשיב שוב")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.locator(".review .note").inner_text().startswith("להקשיב שוב")


def test_a_link_does_not_lose_what_was_typed(open_tab, stored):
    page = open_tab().sign_in("reviewer", "/review/queue/")
    begin(page)
    first = opened(page)
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.keyboard.press("c")
    page.keyboard.type("להקשיב שוב")
    page.once("dialog", stay)
    page.locator(".site-header .brand").click()
    assert asked == ["beforeunload"] and page.url.startswith(first)
    page.fill("#note-text", "")
    with page.expect_navigation():
        page.locator(".site-header .brand").click()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_queue_and_its_keys_fit_and_have_no_serious_barrier(open_tab, stored, size, dark):
    page = open_tab(**SIZES[size], dark=dark).sign_in(path="/review/queue/")
    assert (overflow(page), barriers(page)) == (0, [])
    page.locator("button.default").click()
    opened(page)
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    assert page.evaluate(BESIDE)
    assert (overflow(page), barriers(page)) == (0, [])
    page.keyboard.press("Escape")
    assert (overflow(page), barriers(page)) == (0, [])
