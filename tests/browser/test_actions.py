"""What a supervisor can do to a call, and a tuner cannot."""

import pytest

pytestmark = pytest.mark.live


@pytest.fixture
def running(desk_server):
    """A call, and a Twilio that hangs up when it is told to."""
    (sid,) = desk_server.call()
    desk_server.rest.asked.clear()
    desk_server.rest.on_change = lambda call_sid, change: desk_server.hang_up()
    yield sid
    desk_server.rest.on_change = lambda call_sid, change: None


def follow(tab, user, sid):
    page = tab.sign_in(user)
    page.locator(f'.card[data-sid="{sid}"] a').click()
    page.wait_for_selector("#turns li")
    return page


def test_a_supervisor_ends_a_call_after_a_second_thought(tab, desk_server, running):
    page = follow(tab, "supervisor", running)
    page.click("[data-opens=end]")
    page.keyboard.press("Escape")
    page.locator("#end").wait_for(state="hidden")
    assert desk_server.rest.asked == []
    page.click("[data-opens=end]")
    page.click("#end button.grave")
    page.wait_for_selector(".messages li")
    assert desk_server.rest.asked == [(running, {"Status": "completed"})]
    page.wait_for_selector("#over:not([hidden])")
    page.locator("[data-opens=end]").wait_for(state="hidden")


ADD_PERSON = """
from calls.models import Call, PhoneLine
from stt.models import TuningProfile
call = Call.objects.get(call_sid={sid!r})
line, _ = PhoneLine.objects.get_or_create(
    number=call.to_number, defaults={{"name": "מכירות", "profile": TuningProfile.objects.first()}}
)
line.people.update_or_create(number="+97231234567", defaults={{"name": "דנה"}})
"""


@pytest.fixture
def add_person(desk_server):
    yield lambda sid: desk_server.shell(ADD_PERSON.format(sid=sid))
    desk_server.shell("from calls.models import PhoneLine; PhoneLine.objects.all().delete()")


def test_a_supervisor_hands_a_call_over_to_a_person_by_keyboard(tab, desk_server, running, add_person):
    page = follow(tab, "supervisor", running)
    page.click("[data-opens=hand-over]")
    assert page.locator("#hand-over a").is_visible()
    assert page.locator("#hand-over select, #hand-over input[type=tel]").count() == 0
    page.keyboard.press("Escape")
    add_person(running)
    page.reload()
    page.wait_for_selector("#turns li")
    page.click("[data-opens=hand-over]")
    assert page.evaluate("document.activeElement.name") == "number"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "+97231234567"
    page.locator("#hand-over button.grave").press("Enter")
    page.wait_for_selector(".messages li")
    ((sid, change),) = desk_server.rest.asked
    assert sid == running
    assert "+97231234567" in change["Twiml"]


def test_a_tuner_without_the_permission_cannot(tab, desk_server, running):
    page = follow(tab, "tuner", running)
    assert page.locator("[data-opens=end]").count() == 0
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
    path = f"{desk_server.url}/console/calls/{running}/end"
    assert page.request.post(path, form={"csrfmiddlewaretoken": token}).status == 403
    assert desk_server.rest.asked == []
