"""Who may not see callers' numbers sees them nowhere, and finds calls by a whole one."""

import json

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils import timezone

from calls.desk.numbers import sees_numbers
from calls.desk.supervision.socket import LiveConsumer
from calls.models import Call, Transcript
from calls.process.live_updates import GROUP
from tests.calls.desk.supervision.sessions import session_of
from tests.rows import LINE
from tests.waiting import Socket

NUMBER = "+972501234567"
MASKED = "+9725••••••67"


def person(*, sees):
    """May read and export calls."""
    user = User.objects.create_user(f"sees-{sees}", is_staff=True)
    user.groups.add(Group.objects.get(name="reviewer"))
    if sees:
        user.user_permissions.add(Permission.objects.get(codename="see_numbers"))
    return user


@pytest.fixture
def call(db):
    now = timezone.now()
    call = Call.objects.create(call_sid="CA1", from_number=NUMBER, to_number=LINE, started_at=now)
    Transcript.objects.create(call=call, number=1, started_ms=0, ended_ms=900, source="final", text="שלום")
    return call


def pages(call):
    """All that shows whose call it is."""
    calls = reverse("admin:calls_call_changelist")
    yield calls, None
    yield reverse("admin:calls_call_change", args=[call.pk]), None
    yield reverse("console:state"), None
    yield reverse("console:call", args=[call.call_sid]), None
    for action in ("export", "export_table"):
        yield calls, {"action": action, "_selected_action": [call.pk]}


def body(answer):
    """Of a page, of JSON with its Hebrew and its bullets as they are, or of a file that is sent piece by piece."""
    if "json" in answer["Content-Type"] and not answer.streaming:
        return json.dumps(answer.json(), ensure_ascii=False)
    if answer.streaming:
        return async_to_sync(whole)(answer)
    return answer.content.decode()


async def whole(answer):
    return b"".join([piece async for piece in answer.streaming_content]).decode()


def shown(client, call):
    for address, sent in pages(call):
        answer = client.get(address) if sent is None else client.post(address, sent)
        assert answer.status_code == 200, address
        yield address, body(answer)


@pytest.mark.parametrize("sees", [True, False])
def test_a_number_is_whole_or_masked_wherever_it_is_shown(client, call, sees):
    client.force_login(person(sees=sees))
    told = list(shown(client, call))
    assert len(told) == 6
    for address, text in told:
        assert (NUMBER in text) is sees, address
        assert (MASKED in text) is not sees, address
        assert sees or "1234567" not in text, address


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("050-123-4567", True),
        ("+972501234567", True),
        ("1234567", False),
        ("50123", False),
        ("67", False),
        ("שלום", True),
    ],
)
def test_a_masked_number_is_found_by_all_of_it_alone(client, call, typed, found):
    Transcript.objects.update(search_text="שלום")
    for user, finds in ((person(sees=False), found), (person(sees=True), True)):
        client.force_login(user)
        page = client.get(reverse("admin:calls_call_changelist"), {"q": typed}).content.decode()
        assert (reverse("admin:calls_call_change", args=[call.pk]) in page) is finds, (typed, user)
        assert ("מספר של מתקשר נמצא רק לפי המספר המלא" in page) is not sees_numbers(user)


@pytest.mark.parametrize(
    "caller",
    ["whatsapp:+972501234567", "sip:+972501234567@pbx", "sip:0501234567@pbx", "sips:972501234567@pbx"],
)
def test_a_number_is_found_also_where_it_called_by_another_way(client, call, caller):
    Call.objects.update(from_number=caller)
    Call.objects.create(call_sid="CA2", from_number="whatsapp:+9725012345678", to_number=LINE)
    other = Call.objects.get(call_sid="CA2")
    for typed, user, finds in (
        ("0501234567", person(sees=False), True),
        (caller, User.objects.get(username="sees-False"), True),
        ("50123456", User.objects.get(username="sees-False"), False),
        ("050123", person(sees=True), "+972" in caller or ":0" in caller),
        ("0501234567", User.objects.get(username="sees-True"), True),
    ):
        client.force_login(user)
        page = client.get(reverse("admin:calls_call_changelist"), {"q": typed}).content.decode()
        assert (reverse("admin:calls_call_change", args=[call.pk]) in page) is finds, (typed, user)
        if user.username == "sees-False":
            assert reverse("admin:calls_call_change", args=[other.pk]) not in page, typed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("sees", "number"), [(True, NUMBER), (False, MASKED)])
def test_a_watcher_is_told_of_a_call_likewise(sees, number):
    user = person(sees=sees)

    async def told():
        socket = Socket(LiveConsumer.as_asgi(), "/ws/live/")
        socket.scope["session"] = await session_of(user)
        assert (await socket.connect())[0]
        updates = [{"kind": "call", "call": "CA1", "from": NUMBER, "to": LINE}, {"kind": "turn", "call": "CA1"}]
        await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": updates}})
        answer = await socket.receive_json_from()
        await socket.disconnect()
        return answer["updates"]

    begun, turn = async_to_sync(told)()
    assert (begun["from"], begun["to"], turn) == (number, LINE, {"kind": "turn", "call": "CA1"})
