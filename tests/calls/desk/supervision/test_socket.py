"""Who may watch calls, and what they are told."""

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, Permission, User

from calls.desk.supervision import socket as watchers
from calls.desk.supervision.socket import LiveConsumer
from calls.process.live_updates import GROUP
from tests.calls.process.test_live_updates import partial, turn

pytestmark = pytest.mark.django_db(transaction=True)


async def watcher(user, query=""):
    socket = WebsocketCommunicator(LiveConsumer.as_asgi(), f"/ws/live/{query}")
    socket.scope["user"] = user
    connected, _ = await socket.connect(timeout=5)
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


async def test_who_loses_the_permission_is_closed(monkeypatch):
    user = await person("d")
    socket, _ = await watcher(user)
    monkeypatch.setattr(watchers, "CHECK_AGAIN_S", 0)
    await database_sync_to_async(user.user_permissions.clear)()
    await get_channel_layer().group_send(GROUP, {"type": "live.update", "update": {"updates": [turn("CA1", 1)]}})
    assert (await socket.receive_output(timeout=5))["code"] == watchers.NOT_ALLOWED


async def test_who_follows_one_call_gets_no_other():
    pulse = {"kind": "process", "call": "", "process": "p", "calls": {"CA1": ["listening", "stream"], "CA2": []}}
    socket, _ = await watcher(await person("e"), "?call=CA1")
    await get_channel_layer().group_send(
        GROUP, {"type": "live.update", "update": {"updates": [turn("CA2", 1), partial("CA1", "כן"), pulse]}}
    )
    one = {**pulse, "calls": {"CA1": ["listening", "stream"]}}
    assert await socket.receive_json_from(timeout=5) == {"updates": [partial("CA1", "כן"), one]}
    await socket.disconnect()
