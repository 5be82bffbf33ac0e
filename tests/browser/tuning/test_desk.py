"""The desk as its people see it: a real browser, two real servers, calls to them."""

import pytest

from tests.browser.page_checks import barriers, overflow
from tests.browser.tuning.conftest import PASSWORD

pytestmark = pytest.mark.live


@pytest.fixture
def tuner(page, desk_server):
    """Logged in at the first server."""
    page.goto(f"{desk_server.url(desk_server.ports[0])}/admin/")
    page.fill("#id_username", "tuner")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    page.wait_for_selector(".site-header .tools")
    return page


def open_default(page):
    page.click("a[href='/admin/stt/tuningprofile/']")
    page.click("#result_list tbody th a")
    page.wait_for_selector("#id_vad_hangover_ms")


def save(page, name, value):
    page.fill(f"#id_{name}", value)
    page.click("input[name=_save]")


def hangovers(desk_server):
    """What the next call to each server runs with."""
    return [desk_server.tuning_of_a_call(port)["vad_hangover_ms"] for port in desk_server.ports]


def test_what_is_tuned_is_the_next_calls_and_the_way_back_is_a_button(tuner, desk_server):
    assert hangovers(desk_server) == [220, 220]
    open_default(tuner)
    save(tuner, "vad_hangover_ms", "410")
    tuner.wait_for_selector(".success")
    assert hangovers(desk_server) == [410, 410]

    tuner.click("#result_list tbody th a")
    tuner.click("a:has-text('השפעת ההגדרות')")
    tuner.wait_for_selector(".desk[data-plots='2']")
    shown = [one.inner_text().strip() for one in tuner.locator(".u-series").all() if one.is_visible()]
    revisions = ["default@1", "default@2"]
    assert shown == [*revisions, *(f"{name} {share}" for name in revisions for share in ("p50", "p95"))]
    table = tuner.locator(".history").inner_text()
    assert "default@2" in table
    assert "tuner" in table
    assert "410" in table
    tuner.locator("tr", has_text="default@1").locator("button").click()
    tuner.wait_for_selector(".success")
    assert "default@3" in tuner.locator(".history").inner_text()
    assert hangovers(desk_server) == [220, 220]


def test_what_does_not_go_together_is_said_beside_its_field(tuner):
    open_default(tuner)
    tuner.fill("#id_stt_timeout_ms", "900")
    save(tuner, "stt_fallback_deadline_ms", "500")
    assert "חייב להיות ארוך" in tuner.locator(".field-stt_fallback_deadline_ms .errorlist").inner_text()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (640, 450), (360, 740)], ids=["desk", "200 %", "phone"])
def test_the_page_fits_and_has_no_serious_barrier(tuner, desk_server, width, height, dark):
    desk_server.tuning_of_a_call(desk_server.ports[0])
    tuner.emulate_media(color_scheme="dark" if dark else "light")
    tuner.set_viewport_size({"width": width, "height": height})
    tuner.goto(f"{desk_server.url(desk_server.ports[0])}/desk/tuning/1/")
    tuner.wait_for_selector(".desk[data-plots='2']")
    assert tuner.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert (overflow(tuner), barriers(tuner)) == (0, [])


def test_the_page_is_used_by_keyboard(tuner, desk_server):
    tuner.goto(f"{desk_server.url(desk_server.ports[0])}/desk/tuning/1/")
    tuner.focus("#id_a")
    tuner.keyboard.press("Tab")
    assert tuner.evaluate("document.activeElement.id") == "id_b"
    tuner.keyboard.press("Tab")
    tuner.keyboard.press("Enter")
    tuner.wait_for_url("**?a=*&b=*")
