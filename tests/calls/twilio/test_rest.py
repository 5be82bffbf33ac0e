"""Ending a call and handing it over, through Twilio's official client."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from calls.models import Call, LinePerson, PhoneLine, SupervisorAction
from calls.twilio import action_rows
from calls.twilio import rest as rest_module
from stt.models import TuningProfile
from tests.rows import ANSWERING
from tests.twilio_rest import ACCOUNT_SID, PORT, TwilioRest
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.django_db
LINE = "+97235550100"
ABROAD = "+882160001234"


@pytest.fixture
def rest(account, settings, monkeypatch):
    settings.TWILIO_HTTP_CLIENT = "tests.twilio_rest.LoopbackClient"
    with TwilioRest("12345") as rest:
        monkeypatch.setenv(PORT, str(rest.port))
        yield rest


@pytest.fixture(autouse=True)
def account(settings):
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, "12345"


@pytest.fixture
def call():
    return Call.objects.create(call_sid="CA1", to_number=LINE, started_at=timezone.now())


@pytest.fixture
def line():
    return PhoneLine.objects.create(number=LINE, name="מכירות", profile=TuningProfile.objects.create(name="p"))


@pytest.fixture
def dana(line):
    return line.people.create(name="דנה", number="+97231234567")


def member(group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def test_a_call_is_ended_once_with_a_row_of_who_did_it(client, rest, call):
    client.force_login(member("supervisor"))
    for _ in range(2):
        assert client.post(reverse("console:end", args=["CA1"])).status_code == 302
    assert rest.asked == [("CA1", {"Status": "completed"})]
    (row,) = SupervisorAction.objects.all()
    assert (row.username, row.kind, row.outcome, row.call_sid) == ("supervisor", "end", "done", "CA1")


def test_what_twilio_is_asked_is_no_line_of_the_log(client, rest, call, caplog):
    client.force_login(member("supervisor"))
    client.post(reverse("console:end", args=["CA1"]))
    assert rest.asked and not [line for line in caplog.records if line.name.startswith("twilio")]


def hand_over(client, number, field="number"):
    return client.post(reverse("console:hand_over", args=["CA1"]), {field: number})


@pytest.mark.parametrize("written", ["+972 (3) 123-4567", "03-123-4567", "\u200e031234567\u200f"])
def test_a_caller_is_handed_to_a_person(client, rest, call, dana, written):
    client.force_login(member("supervisor"))
    hand_over(client, written)
    ((sid, change),) = rest.asked
    assert sid == "CA1"
    assert "<Dial>+97231234567</Dial>" in change["Twiml"]
    page = client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert '<bdi dir="ltr">+97231234567</bdi>' in page


def test_a_line_hands_its_caller_over_to_a_person_itself(rest, call):
    assert rest_module.hand_over_by_line("CA1", "+97231111111") == ""
    action = SupervisorAction.objects.get()
    assert (action.user, action.username, action.outcome) == (None, action_rows.BY_LINE, "done")


def test_a_hand_over_that_fails_is_told_to_whatever_answers(call, settings):
    settings.TWILIO_ACCOUNT_SID = ""
    assert rest_module.hand_over_by_line("CA1", "+97231111111") == "no_account"
    assert SupervisorAction.objects.get().code == "no_account"


@pytest.mark.parametrize("field", ["number", "other_number"])
def test_a_supervisor_hands_nobody_over_to_a_number_that_is_not_the_lines(client, rest, call, dana, field):
    another = PhoneLine.objects.create(number="+97235550101", name="אחר", profile=dana.line.profile)
    another.people.create(name="רון", number=ABROAD)
    client.force_login(member("supervisor"))
    refused = hand_over(client, ABROAD, field)
    assert refused.status_code == 403
    assert "number_not_allowed" in refused.content.decode()
    assert rest.asked == []
    (row,) = SupervisorAction.objects.all()
    assert (row.username, row.number, row.outcome, row.code) == ("supervisor", ABROAD, "failed", "number_not_allowed")


def test_who_may_hand_over_anywhere_may(client, rest, call, dana):
    client.force_login(member("admin"))
    assert hand_over(client, ABROAD, "other_number").status_code == 302
    assert rest.asked[0][1]["Twiml"].count(ABROAD) == 1


def test_a_supervisor_picks_from_the_lines_people_and_only_who_may_types_a_number(client, call, dana):
    url = reverse("console:call", args=["CA1"])
    client.force_login(member("supervisor"))
    page = client.get(url).content.decode()
    assert '<option value="+97231234567">&#x2068;דנה&#x2069; · &#x2066;+97231234567&#x2069;</option>' in page
    assert "other_number" not in page
    client.force_login(member("admin"))
    assert "other_number" in client.get(url).content.decode()


def test_a_call_that_came_over_sip_has_its_lines_people(client, rest, call, dana):
    PhoneLine.objects.update(number="sip:sales@pbx.example.org")
    Call.objects.update(to_number="sip:sales@PBX.example.org:5061;transport=tls")
    client.force_login(member("supervisor"))
    assert "מכירות" in client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert hand_over(client, dana.number).status_code == 302
    assert len(rest.asked) == 1


def test_a_line_without_people_says_where_they_are_added(client, call, line):
    client.force_login(member("supervisor"))
    page = client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert reverse("admin:calls_phoneline_change", args=[line.pk]) in page
    assert "<select" not in page and "<input type=" not in page.split("hand-over-title")[1].split("</dialog>")[
        0
    ].replace('<input type="hidden"', "")


@pytest.mark.parametrize(("group", "kept"), [("tuner", 1), ("admin", 2), ("supervisor", 1), ("reviewer", 1)])
def test_who_may_change_dialled_numbers_keeps_the_lines_people(client, dana, group, kept):
    client.force_login(member(group))
    line = dana.line
    client.post(
        reverse("admin:calls_phoneline_change", args=[line.pk]),
        {
            **{"name": line.name, "number": line.number, "profile": line.profile_id, **ANSWERING},
            **{"people-TOTAL_FORMS": 2, "people-INITIAL_FORMS": 1},
            **{
                "people-0-id": dana.pk,
                "people-0-line": line.pk,
                "people-0-name": "דנה",
                "people-0-number": dana.number,
            },
            **{"people-1-line": line.pk, "people-1-name": "רון", "people-1-number": "+97231111111"},
        },
    )
    assert LinePerson.objects.count() == kept


def test_a_line_has_a_number_once(dana):
    with pytest.raises(ValidationError, match="person with this number|איש קשר"):
        LinePerson(line=dana.line, name="רון", number=dana.number).clean()
    dana.clean()
    LinePerson(name="רון", number=dana.number).clean()  # of a line that is not saved yet


@pytest.mark.parametrize("number", ["", "*2700", "+0123456789", "+97250<Dial>", "sip:me@example.org"])
def test_what_is_no_number_is_not_dialled(client, rest, call, number):
    client.force_login(member("supervisor"))
    client.post(reverse("console:hand_over", args=["CA1"]), {"number": number})
    assert rest.asked == []
    assert not SupervisorAction.objects.exists()


@pytest.mark.parametrize("group", ["reviewer", "tuner"])
@pytest.mark.parametrize("name", ["console:end", "console:hand_over"])
def test_who_may_not_end_calls_cannot_and_sees_no_button(client, rest, call, group, name):
    client.force_login(member(group))
    assert client.post(reverse(name, args=["CA1"]), {"number": "+97231234567"}).status_code == 403
    assert "<dialog" not in client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert rest.asked == []


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_without_an_account_no_such_button_is_offered_and_the_page_says_why(client, call, dana, settings, name):
    client.force_login(member("supervisor"))
    url = reverse("console:call", args=["CA1"])
    assert "<dialog" in client.get(url).content.decode()
    setattr(settings, name, "")
    page = client.get(url).content.decode()
    assert not any(f'data-opens="{one}"' in page or f'<dialog id="{one}"' in page for one in ("end", "hand-over"))
    assert 'data-opens="say"' in page  # no word of it goes to Twilio's interface
    assert f'<bdi dir="ltr" class="code">{name}</bdi>' in page and "no_account" in page


@pytest.mark.parametrize("over", [{"ended_at": timezone.now()}, {"status": "completed"}, {"status": "busy"}])
def test_a_call_that_is_over_is_not_offered_to_be_ended(client, call, over):
    Call.objects.update(**over)
    client.force_login(member("supervisor"))
    page = client.get(reverse("console:call", args=["CA1"])).content.decode()
    assert "<dialog" not in page and ">no_account<" not in page


def test_a_call_that_is_over_already_is_said_to_be(rest, call):
    rest.over.add("CA1")
    action = rest_module.end_call(call, member("supervisor"))
    assert (action.outcome, action.code) == ("already_over", "twilio_21220")


def test_what_failed_is_told_and_may_be_tried_again(rest, call, settings):
    user = member("supervisor")
    settings.TWILIO_AUTH_TOKEN = "wrong"
    assert (rest_module.end_call(call, user).outcome, rest_module.end_call(call, user).code) == (
        "failed",
        "twilio_20003",
    )
    settings.TWILIO_ACCOUNT_SID = ""
    assert rest_module.end_call(call, user).code == "no_account"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, "12345"
    assert rest_module.end_call(call, user).outcome == "done"


def test_nobody_at_twilios_address_is_told(rest, call, monkeypatch):
    monkeypatch.setenv(PORT, "1")
    assert rest_module.end_call(call, member("supervisor")).code == "twilio_unreachable"


def test_what_a_dead_process_left_behind_is_carried_out(rest, call):
    user = member("supervisor")
    SupervisorAction.objects.create(
        call_sid="CA1",
        kind="end",
        username="gone",
        asked_at=timezone.now() - timedelta(seconds=action_rows.STALE_S + 1),
    )
    assert rest_module.end_call(call, user).outcome == "done"
    assert SupervisorAction.objects.get().username == "supervisor"


@pytest.mark.django_db(transaction=True)
def test_two_who_click_at_once_end_the_call_once(rest, call):
    user = member("supervisor")
    rest.gate.clear()
    start = threading.Barrier(3)

    def click(_):
        start.wait(PATIENCE_S)
        try:
            return rest_module.end_call(call, user).outcome
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        clicks = pool.map(click, range(3))
        rest.gate.set()
        outcomes = list(clicks)
    assert len(rest.asked) == 1
    assert set(outcomes) <= {"asked", "done"}


def test_a_forged_form_ends_nothing(rest, call):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(member("supervisor"))
    assert client.post(reverse("console:end", args=["CA1"])).status_code == 403
    assert rest.asked == []
