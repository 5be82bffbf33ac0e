"""The second factor as a person sets it up and is asked for it, on a phone, in a server that requires it."""

import re
from base64 import b32decode

import pytest
from django_otp.oath import totp

from tests.browser.conftest import PASSWORD, server_beside
from tests.browser.page_checks import barriers, overflow

pytestmark = pytest.mark.live


@pytest.fixture
def strict_server(desk_server):
    with server_beside(desk_server, SECOND_FACTOR="required") as strict:
        yield strict


def typed(page, code):
    page.fill("#id_code", code)
    page.press("#id_code", "Enter")


def test_a_person_sets_it_up_once_and_is_asked_for_it_from_then_on(strict_server, open_tab):
    tab = open_tab(width=360, height=740)
    tab.desk = strict_server
    page = tab.go("/admin/login/?next=/console/")
    page.fill("#id_username", "tuner")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/account/second-factor/set-up?**")
    assert (overflow(page), barriers(page)) == (0, [])
    assert not page.locator("nav.pages").count()
    page.click("summary")
    key = re.sub(r"\s", "", page.inner_text(".key"))
    shown = f"{totp(b32decode(key)):06d}"
    typed(page, shown)
    page.wait_for_selector(".codes")
    assert (overflow(page), barriers(page)) == (0, [])
    paper = page.locator(".codes li").first.inner_text()
    page.click("a.default")
    page.wait_for_url("**/console/")
    page.wait_for_selector('#link[data-link="live"]', state="attached")

    page.context.clear_cookies()
    page = tab.go("/admin/login/?next=/console/")
    page.fill("#id_username", "tuner")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/account/second-factor/?**")
    typed(page, shown)
    page.wait_for_selector(".errornote")
    assert (overflow(page), barriers(page)) == (0, [])
    page.click("text=קוד שחזור")
    page.wait_for_url("**paper=1**")
    typed(page, paper)
    page.wait_for_url("**/console/")
