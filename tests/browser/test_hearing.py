"""What a line says, heard in the admin with the keyboard alone, in Chromium."""

import pytest

from calls.reply.voices.espeak import EspeakVoices
from tests.browser.page_checks import SIZES, barriers, overflow

pytestmark = pytest.mark.live
MAKE = """
from calls.lines.models import PhoneLine
from calls.lines.dialogues import Dialogue
from calls.lines.settings_cache import first_profile
from pathlib import Path
from stt.tuning import Tuning
text = Path("samples/dialogues/booking.yaml").read_text("utf-8")
dialogue = Dialogue.objects.get_or_create(name="תור", defaults={"text": text})[0]
values = {"name": "מספרה", "profile": first_profile(Tuning()), "greeting": "שָׁלוֹם", "responder": "scripted"}
PhoneLine.objects.get_or_create(number="+97235550177", defaults={**values, "dialogue": dialogue, "voice": "espeak:he"})
"""


@pytest.fixture
def pages(desk_server):
    """Paths of the pages of a line and its dialogue."""
    desk_server.shell(MAKE)
    return "/admin/calls/phoneline/", "/admin/calls/dialogue/"


def opened(tab, listed):
    page = tab.go(listed) or tab.page
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_selector("button.hear:visible")
    return page


TOUCHING = """[...document.querySelectorAll(".form-multiline")].flatMap((row) => {
    const boxes = [...row.children].map((one) => [one, one.getBoundingClientRect()]);
    const touch = (a, b) => a.left < b.left && b.left - a.right < 12 && a.bottom > b.top && b.bottom > a.top;
    return boxes.filter(([, a]) => boxes.some(([, b]) => touch(a, b))).map(([one]) => one.textContent.trim());
})"""
BEGINS = """(node) => { const { left, right } = node.getBoundingClientRect();
    return document.documentElement.dir === "rtl" ? right : left; }"""


@pytest.mark.parametrize("width", [1280, 1920])
def test_fields_of_one_row_stand_apart_and_what_is_heard_begins_where_fields_do(open_tab, pages, width):
    tab = open_tab(width=width)
    tab.sign_in()
    page = opened(tab, pages[0])
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(TOUCHING) == []
    begin_at = [page.locator(one).evaluate(BEGINS) for one in ("ul.to-hear", "#id_voice")]
    assert abs(begin_at[0] - begin_at[1]) <= 2


@pytest.fixture
def spoken():
    if why := EspeakVoices().unusable():
        pytest.skip(f"needs a voice: {why}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_buttons_fit_and_have_no_serious_barrier(open_tab, pages, size, dark):
    tab = open_tab(**SIZES[size], dark=dark)
    tab.sign_in()
    for listed in pages:
        page = opened(tab, listed)
        # Django's own rows of people have their labels in the table's head alone.
        assert (overflow(page), [one for one in barriers(page) if "people-" not in str(one)]) == (0, [])


def test_a_greeting_is_heard_and_stopped_by_keyboard(open_tab, pages, spoken):
    tab = open_tab()
    tab.sign_in(user="tuner", path="/admin/")
    page = opened(tab, pages[0])
    button = page.locator("#id_greeting + button.hear")
    assert button.get_attribute("aria-label") == "השמעה: ברכת פתיחה"
    with page.expect_response("**/desk/hear") as answer:
        page.focus("#id_greeting")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    assert answer.value.headers["content-type"] == "audio/wav"
    page.locator("#id_greeting + button.hear[aria-pressed=false]").wait_for()  # played to its end
    page.fill("#id_greeting", "שָׁלוֹם " * 30)
    with page.expect_response("**/desk/hear"):
        button.press("Space")
    assert button.get_attribute("aria-pressed") == "true"
    button.press("Space")
    assert button.get_attribute("aria-pressed") == "false"


def test_words_without_points_are_named_beside_the_button(open_tab, pages, spoken):
    tab = open_tab()
    tab.sign_in(user="tuner", path="/admin/")
    page = opened(tab, pages[0])
    tab.expected = ("Failed to load resource: the server responded with a status of 422",)
    page.fill("#id_greeting", "שלום לכולם")
    page.locator("#id_greeting + button.hear").press("Enter")
    told = page.locator(".hear-problem:visible")
    told.wait_for()
    assert told.inner_text() == "הקול אינו יכול להקריא את המילים האלה בלי ניקוד: שלום, לכולם. text_unspeakable"
    page.locator("input[name=_save]").click()
    assert "בלי ניקוד: שלום, לכולם." in page.locator(".field-greeting .errorlist").inner_text()


def test_a_dialogues_text_is_heard_in_the_chosen_voice(open_tab, pages, spoken):
    tab = open_tab()
    tab.sign_in(user="tuner", path="/admin/")
    page = opened(tab, pages[1])
    assert page.locator("#id_hear_voice").input_value() == "espeak:he"
    with page.expect_response("**/desk/hear") as answer:
        page.locator(".to-hear button.hear").first.press("Enter")
    assert answer.value.status == 200
