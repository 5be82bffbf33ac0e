"""Who may listen in to a running call, what is kept of it, and who is sent away."""

from datetime import UTC, datetime

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import AnonymousUser, Permission, User
from redis.exceptions import RedisError

from calls.desk.line_limits.fields import set_limit
from calls.desk.supervision import listening
from calls.desk.supervision.listening import ListenConsumer
from calls.models import AccessEntry, Call
from calls.process.listening_in import MOST_OF_CALL, group_of
from calls.process.services import services
from tests.calls.desk.supervision.sessions import session_of
from tests.waiting import Socket

pytestmark = pytest.mark.django_db(transaction=True)
SOUND = b"\x00\x01\x02"


@database_sync_to_async
def person(name, *permissions, staff=True):
    user = User.objects.create(username=name, is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions or ("view_call", "listen_call")))
    return user


@pytest.fixture
def running(transactional_db):
    return Call.objects.create(call_sid="CA1", started_at=datetime.now(UTC))


async def listener(user, call_sid="CA1"):
    socket = Socket(ListenConsumer.as_asgi(), f"/ws/listen/?call={call_sid}")
    socket.scope["session"] = await session_of(user)
    connected, _ = await socket.connect()
    return socket, connected


async def sound(times=1):
    for _ in range(times):
        await get_channel_layer().group_send(group_of("CA1"), {"type": "listen.sound", "sound": SOUND})


async def closed_by(socket):
    while (message := await socket.receive_output())["type"] != "websocket.close":
        pass
    return message["code"]


async def test_only_who_may_read_and_listen_hears_a_call(running):
    for user in (
        AnonymousUser(),
        await person("a", "view_call"),
        await person("b", "listen_call"),
        await person("c", staff=False),
    ):
        _, connected = await listener(user)
        assert not connected
    assert not await AccessEntry.objects.aexists()


async def test_all_who_listen_get_the_sound_and_stand_in_the_access_log(running):
    first, _ = await listener(await person("ronit"))
    second, _ = await listener(await person("avi"))
    names = [(one.kind, one.call_sid, one.username) async for one in AccessEntry.objects.order_by("pk")]
    assert names == [("listen_in", "CA1", "ronit"), ("listen_in", "CA1", "avi")]
    await sound()
    for socket in (first, second):
        assert await socket.receive_from() == SOUND
        await socket.disconnect()
    assert services().listening.begin("CA1")  # their places are free
    services().listening.end("CA1")


async def test_the_access_log_says_until_when_somebody_listened(running):
    socket, _ = await listener(await person("ronit"))
    began = (await AccessEntry.objects.aget()).last_at
    await socket.disconnect()
    entry = await AccessEntry.objects.aget()
    assert entry.began_at <= began < entry.last_at


async def test_who_heard_nothing_because_the_layer_is_away_is_not_noted(running, monkeypatch):
    async def away(*_):
        raise RedisError

    monkeypatch.setattr(get_channel_layer(), "group_add", away)
    socket, _ = await listener(await person("ronit"))
    assert await closed_by(socket) == listening.LAYER_LOST
    await socket.wait()
    assert not await AccessEntry.objects.aexists()
    assert services().listening.begin("CA1")  # the place is free
    services().listening.end("CA1")


async def test_the_process_that_runs_the_call_is_asked_for_its_sound(running, monkeypatch):
    asked = []

    async def ask(call_sid):
        asked.append(call_sid)

    monkeypatch.setattr(services().listening, "ask", ask)
    monkeypatch.setattr(listening, "RENEW_S", 0.001)
    socket, _ = await listener(await person("d"))
    while len(asked) < 3:
        await sound()
        await socket.receive_from()
        await socket.send_to(text_data=str(1_000_000))
    assert set(asked) == {"CA1"}
    await socket.disconnect()


async def test_a_listener_that_takes_nothing_is_dropped(running):
    socket, _ = await listener(await person("e"))
    await sound(listening.MOST_UNTAKEN + 1)
    assert await closed_by(socket) == listening.UNTAKEN
    await sound()
    assert await socket.receive_nothing(timeout=0.05)


async def test_a_listener_that_says_what_it_has_taken_goes_on(running):
    socket, _ = await listener(await person("f"))
    for taken in range(1, 2 * listening.MOST_UNTAKEN):
        await sound()
        assert await socket.receive_from() == SOUND
        await socket.send_to(text_data=str(taken))
    for odd in ("-1", "99999999999999999999", "א"):
        await socket.send_to(text_data=odd)
    await sound()
    assert await socket.receive_from() == SOUND
    await socket.disconnect()


async def test_a_call_that_is_over_or_unknown_is_not_listened_to(running):
    await database_sync_to_async(Call.objects.update)(ended_at=datetime.now(UTC))
    user = await person("g")
    for call_sid in ("CA1", "CA9", ""):
        socket, _ = await listener(user, call_sid)
        assert await closed_by(socket) == listening.NOT_RUNNING


async def test_a_call_has_so_many_listeners_and_no_more(running):
    user = await person("h")
    sockets = [(await listener(user))[0] for _ in range(MOST_OF_CALL)]
    one_more, _ = await listener(user)
    assert await closed_by(one_more) == listening.TOO_MANY
    for socket in sockets:
        await socket.disconnect()


async def test_who_loses_the_permission_is_closed(running, monkeypatch):
    monkeypatch.setattr(listening, "RENEW_S", 0.001)
    monkeypatch.setattr(listening, "CHECK_AGAIN_S", 0)
    user = await person("i")
    socket, _ = await listener(user)
    await database_sync_to_async(user.user_permissions.clear)()
    assert await closed_by(socket) == listening.NOT_ALLOWED


async def test_a_call_without_any_sound_is_given_up_and_asked_for_anew_by_the_page(running, monkeypatch):
    monkeypatch.setattr(listening, "RENEW_S", 0.001)
    monkeypatch.setattr(listening, "SILENT_S", 0)
    socket, _ = await listener(await person("j"))
    assert await closed_by(socket) == listening.SOUNDLESS


async def test_a_layer_that_is_away_closes_the_socket_and_leaves_no_place_taken(running, monkeypatch):
    async def away(*_):
        raise RedisError

    monkeypatch.setattr(get_channel_layer(), "group_add", away)
    user = await person("k")
    for _ in range(MOST_OF_CALL + 1):
        socket, _ = await listener(user)
        assert await closed_by(socket) == listening.LAYER_LOST


async def test_nobody_listens_to_a_line_that_they_do_not_see(running, monkeypatch):
    user = await person("l")
    await database_sync_to_async(set_limit)(user, [])
    socket, _ = await listener(user)
    assert await closed_by(socket) == listening.NOT_RUNNING
    assert not await database_sync_to_async(AccessEntry.objects.exists)()


async def test_who_is_limited_meanwhile_hears_no_more(running, monkeypatch):
    user = await person("m")
    monkeypatch.setattr(listening, "CHECK_AGAIN_S", 0)
    monkeypatch.setattr(listening, "RENEW_S", 0.01)
    socket, _ = await listener(user)
    await database_sync_to_async(set_limit)(user, [])
    assert await closed_by(socket) == listening.NOT_ALLOWED
