"""Who may watch calls, and what they are told."""

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser, Permission, User

from calls.desk.line_limits.fields import set_limit
from calls.desk.supervision import socket as watchers
from calls.desk.supervision.socket import LiveConsumer
from calls.models import AccessEntry, Call, PhoneLine
from calls.process.live_updates import GROUP
from stt.models import TuningProfile
from tests.calls.desk.supervision.sessions import session_of
from tests.calls.process.test_live_updates import partial, turn
from tests.waiting import Socket

pytestmark = pytest.mark.django_db(transaction=True)


async def watcher(user, query=""):
    socket = Socket(LiveConsumer.as_asgi(), f"/ws/live/{query}")
    socket.scope["session"] = await session_of(user)
    connected, _ = await socket.connect()
    return socket, connected


@database_sync_to_async
def person(name, *, staff=True, may_read=True):
    user = User.objects.create(username=name, is_staff=staff)
    if may_read:
        user.user_permissions.add(Permission.objects.get(codename="view_call"))
    return user


async def test_only_staff_who_may_read_calls_watch_them():
    for user in (AnonymousUser(), await person("a", may_read=False), await person("b", staff=False)):
        _, connected = await watcher(user)
        assert not connected
    socket, connected = await watcher(await person("c"))
    assert connected
    await socket.disconnect()


@pytest.mark.parametrize("said", [{"text_data": "junk"}, {"bytes_data": b"\0"}])
async def test_what_a_watcher_says_is_passed_over(said):
    socket, _ = await watcher(await person("e"))
    await socket.send_to(**said)
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": [turn("CA1", 1)]}})
    assert (await socket.receive_json_from())["updates"]
    await socket.disconnect()


async def test_who_loses_the_permission_is_closed(monkeypatch):
    user = await person("d")
    socket, _ = await watcher(user)
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    await database_sync_to_async(user.user_permissions.clear)()
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": [turn("CA1", 1)]}})
    assert (await socket.receive_output())["code"] == watchers.NOT_ALLOWED


@database_sync_to_async
def limited(name, number="+97231110000"):
    """Somebody who sees one line."""
    user = User.objects.create(username=name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_call"))
    profile = TuningProfile.objects.create(name=name)
    set_limit(user, [PhoneLine.objects.create(number=number, name="own", profile=profile)])
    return user


def of_line(number, update):
    return {**update, "to": number}


async def test_who_sees_one_line_is_told_of_its_calls_and_alarms_alone():
    own, other = "+97231110000", "+97231110001"
    pulse = {"kind": "process", "call": "", "process": "p", "calls": {"CA1": ["listening"], "CA2": ["listening"]}}
    pulse |= {"lines": {"CA1": own, "CA2": other}}
    alarms = [["line_deaf", other, 1, ""], ["line_deaf", own, 2, ""], ["engine_down", "google", 3, ""]]
    mine = of_line(own, turn("CA1", 1))
    # The last two: as a process of an older version tells them, which says nothing of lines.
    updates = [of_line(other, turn("CA2", 1)), mine, {**pulse, "alarms": alarms}, turn("CA2", 2)]
    updates += [{**pulse, "lines": {}, "alarms": []}]
    socket, _ = await watcher(await limited("f"))
    everything, _ = await watcher(await person("g"))
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": updates}})
    told = {name: value for name, value in pulse.items() if name != "lines"}
    assert await socket.receive_json_from() == {
        "updates": [
            mine,
            {**told, "calls": {"CA1": ["listening"]}, "alarms": alarms[1:]},
            {**told, "calls": {}, "alarms": []},
        ]
    }
    assert len((await everything.receive_json_from())["updates"]) == len(updates)
    await socket.disconnect()
    await everything.disconnect()


async def test_a_call_of_another_line_is_not_followed():
    user = await limited("h")
    await database_sync_to_async(Call.objects.create)(call_sid="CA1", to_number="+97231110001")
    _, connected = await watcher(user, "?call=CA1")
    assert not connected
    assert not await database_sync_to_async(AccessEntry.objects.exists)()


async def test_who_is_limited_meanwhile_is_told_less(monkeypatch):
    user, other = await person("i"), await limited("j")
    socket, _ = await watcher(user)
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    lines = await database_sync_to_async(lambda: list(other.line_limit.lines.all()))()
    await database_sync_to_async(set_limit)(user, lines)
    updates = [of_line("+97231110001", turn("CA2", 1)), of_line(lines[0].number, turn("CA1", 1))]
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": updates}})
    assert await socket.receive_json_from() == {"updates": updates[1:]}
    await socket.disconnect()


async def test_who_follows_one_call_gets_no_other():
    pulse = {"kind": "process", "call": "", "process": "p", "calls": {"CA1": ["listening", "stream"], "CA2": []}}
    socket, _ = await watcher(await person("e"), "?call=CA1")
    await get_channel_layer().group_send(
        GROUP, {"type": "live.update", "update": {"updates": [turn("CA2", 1), partial("CA1", "כן"), pulse]}}
    )
    one = {**pulse, "calls": {"CA1": ["listening", "stream"]}}
    assert await socket.receive_json_from() == {"updates": [partial("CA1", "כן"), one]}
    await socket.disconnect()
