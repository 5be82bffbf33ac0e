"""The console's pages as the server makes them."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from calls.core.actions import Note
from calls.core.messages import Start
from calls.core.recognition_health import RecognitionStatus
from calls.core.turns import Source, Turn
from calls.desk.line_limits.fields import set_limit
from calls.live.call_log import CallLog
from calls.models import Call, CallEvent, PhoneLine, Transcript
from calls.process.loop_lag import LoopLag
from calls.process.services import services
from calls.storage import rows
from calls.twilio.models import SupervisorAction
from stt.models import TuningProfile
from stt.tuning import Tuning

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client):
    user = User.objects.create(username="reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_call"))
    client.force_login(user)
    return client


@pytest.fixture
def call():
    call = Call.objects.create(
        call_sid="CA1", from_number="+972501234567", to_number="+97231234567", started_at=datetime.now(UTC)
    )
    common = {"call": call, "ended_ms": 900, "source": "final", "final_ms": 700}
    Transcript.objects.create(number=1, started_ms=0, text="שלום", revised_text="שלום לך", revision=1, **common)
    Transcript.objects.create(number=2, started_ms=2000, text="תודה", **common)
    CallEvent.objects.create(call=call, number=1, at=datetime.now(UTC), code="stream_old")
    return call


def state(client, name="console:state", *args):
    return client.get(reverse(name, args=args)).json()


def test_the_wall_has_the_calls_that_run_with_their_last_turn(reader, call):
    PhoneLine.objects.create(number="+97231234567", name="מכירות", profile=TuningProfile.objects.create(name="p"))
    Call.objects.create(call_sid="CA2", started_at=datetime.now(UTC), ended_at=datetime.now(UTC))
    Call.objects.create(call_sid="CA3", started_at=datetime.now(UTC) - timedelta(days=2))
    (row,) = state(reader)["calls"]
    assert (row["call"], row["turn"]["number"], row["turn"]["text"]) == ("CA1", 2, "תודה")
    assert state(reader)["lines"] == {"+97231234567": "מכירות"}


def test_two_hundred_calls_are_read_with_as_many_questions_as_one(reader, call, django_assert_max_num_queries):
    Call.objects.bulk_create(Call(call_sid=f"CB{i}", started_at=datetime.now(UTC)) for i in range(200))
    with django_assert_max_num_queries(14):
        assert len(state(reader)["calls"]) == 201


def test_a_turn_has_the_key_that_it_was_published_with_whatever_number_its_row_got(reader):
    """A page that reads the database again must not show a turn twice."""
    live, records = [], []
    own = SimpleNamespace(
        updates=SimpleNamespace(publish=live.append), writer=SimpleNamespace(accept=records.append), loop_lag=LoopLag()
    )
    for sid in ("MZ1", "MZ2"):
        logbook = CallLog("CA1", 0, own)
        logbook.begun(Start(sid, "CA1"), Tuning(), "", RecognitionStatus.STREAMING)
        logbook.revised(Turn(1, 0, 900, sid, Source.FINAL))
        logbook.note(Note("fallback"))
    rows.write(records)
    said = state(reader, "console:call_state", "CA1")
    turns = [update for update in live if update["kind"] == "turn"]
    notes = [update for update in live if update["kind"] == "note"]
    assert sorted(turn["number"] for turn in said["turns"]) == [1, 10_001]
    assert {turn["key"]: turn["text"] for turn in said["turns"]} == {one["key"]: one["text"] for one in turns}
    assert {event["key"] for event in said["events"]} == {one["key"] for one in notes}
    assert len({one["key"] for one in turns}) == len({one["key"] for one in notes}) == 2
    (row,) = state(reader)["calls"]
    assert (row["stream"], row["turn"]["key"]) == ("MZ2", "MZ2:1")


def test_a_call_is_followed_from_what_was_heard_so_far(reader, call):
    page = reader.get(reverse("console:call", args=["CA1"])).content.decode()
    assert 'dir="rtl"' in page
    assert "שלום לך" in page
    said = state(reader, "console:call_state", "CA1")
    assert [turn["text"] for turn in said["turns"]] == ["שלום לך", "תודה"]
    assert [event["code"] for event in said["events"]] == ["stream_old"]
    assert said["ended_at"] == ""
    ended_at = call.started_at + timedelta(seconds=15)
    Call.objects.update(ended_at=ended_at)
    assert datetime.fromisoformat(state(reader, "console:call_state", "CA1")["ended_at"]) == ended_at


def test_what_became_of_a_sentence_is_not_claimed_of_a_call_that_is_over(reader, call):
    SupervisorAction.objects.create(
        call_sid="CA1", kind="say", outcome="taken", username="ronit", asked_at=datetime.now(UTC)
    )
    (waits,) = state(reader, "console:call_state", "CA1")["done"]
    assert (waits["outcome"], waits["who"], waits["failed"]) == ("ממתין להשמעה", "ronit", False)
    Call.objects.update(ended_at=datetime.now(UTC))
    (lost,) = state(reader, "console:call_state", "CA1")["done"]
    assert lost["outcome"] == "לא ידוע אם המתקשר שמע"
    assert lost["outcome"] in reader.get(reverse("console:call", args=["CA1"])).content.decode()


def test_an_unknown_call_is_not_found_and_any_other_address_is_the_wall(reader):
    assert reader.get(reverse("console:call", args=["CA9"])).status_code == 404
    assert reader.get("/console/whatever/else")["Location"] == reverse("console:wall")


def test_a_call_whose_row_is_not_written_yet_is_asked_for_again_and_in_the_end_not_found(reader, call):
    page = reverse("console:call", args=["CA" + "0a" * 16])
    waits = reader.get(page)
    assert waits["Refresh"] == f"1; url={page}?asked=1"
    shown = waits.content.decode()
    assert "מחפשים את השיחה" in shown
    assert reverse("console:costs") in shown  # the menu
    asked_s = 0
    while waits.status_code == 202:
        after_s, url = waits["Refresh"].split("; url=")
        asked_s, waits = asked_s + int(after_s), reader.get(url)
    assert (waits.status_code, asked_s) == (404, 10)
    assert reader.get(page, {"asked": "x"}).status_code == 404
    Call.objects.update(call_sid="CA" + "0a" * 16)
    assert reader.get(page, {"asked": "2"}).status_code == 200


async def begins(call_sid, line):
    await services().shared.began(
        call_sid, "MZ1", int(datetime(2026, 11, 27, 12, 17, 3, tzinfo=UTC).timestamp() * 1000), line
    )


def test_a_call_that_began_is_not_saved_yet_for_as_long_as_its_row_takes(reader, call):
    sid = "CA" + "0c" * 16
    page = reverse("console:call", args=[sid])
    async_to_sync(begins)(sid, "+97235550100")
    for asked in ("0", "10"):
        waits = reader.get(page, {"asked": asked})
        assert (waits.status_code, waits["Refresh"]) == (202, f"2; url={page}")
        shown = waits.content.decode()
        assert "השיחה עדיין לא נשמרה" in shown and "14:17:03" in shown
    Call.objects.update(call_sid=sid)
    assert reader.get(page).status_code == 200


def test_a_call_that_began_on_a_line_that_is_not_seen_is_not_found(client):
    line = PhoneLine.objects.create(name="Ours", number="+97235550101", profile=TuningProfile.objects.create(name="p"))
    dana = User.objects.create_user("dana", is_staff=True)
    dana.groups.add(Group.objects.get(name="reviewer"))
    set_limit(dana, [line])
    client.force_login(dana)
    ours, theirs, older = ("CA" + digits * 16 for digits in ("1a", "1b", "1c"))
    for sid, line in ((ours, "+97235550101"), (theirs, "+97235550100"), (older, "")):
        async_to_sync(begins)(sid, line)
    found = [
        client.get(reverse("console:call", args=[sid]), {"asked": "10"}).status_code for sid in (ours, theirs, older)
    ]
    assert found == [202, 404, 404]


def test_a_call_of_a_line_that_is_not_seen_is_answered_as_an_unknown_one(client, call):
    dana = User.objects.create_user("dana", is_staff=True)
    dana.groups.add(Group.objects.get(name="reviewer"))
    set_limit(dana, [])
    client.force_login(dana)
    hidden, unknown = "CA" + "0a" * 16, "CA" + "0b" * 16
    Call.objects.update(call_sid=hidden)

    def answered(sid, asked):
        answer = client.get(reverse("console:call", args=[sid]), {"asked": asked})
        page = re.sub('(?<=csrfmiddlewaretoken" value=")[^"]+', "", answer.content.decode())
        return answer.status_code, answer.get("Refresh", "").replace(sid, "CA"), page.replace(sid, "CA")

    for asked in (0, 1, 10):
        assert answered(hidden, asked) == answered(unknown, asked)


@pytest.mark.parametrize("path", ["", "state.json", "calls/CA1", "calls/CA1/state.json"])
def test_who_may_not_read_calls_sees_no_page(client, call, path):
    assert "/login/" in client.get(f"/console/{path}")["Location"]
    client.force_login(User.objects.create(username="nobody", is_staff=True))
    assert client.get(f"/console/{path}").status_code == 403
