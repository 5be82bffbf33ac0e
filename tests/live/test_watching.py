"""Who watches through a Redis that fails is told again, or is sent away to come back."""

import contextlib
import secrets
from types import SimpleNamespace

import pytest
import redis
from channels.layers import channel_layers
from channels_redis.core import RedisChannelLayer

from calls.desk.line_limits.seen import ALL
from calls.desk.supervision import socket as watchers
from calls.lab.fault_proxy import FaultProxy
from calls.process.services import services
from tests.waiting import Socket

# Channels closes old connections around each message: whatever the worker has opened before is this test's too.
pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]
REDIS = "redis://127.0.0.1:6379/1"
CALL = {"kind": "call", "call": "CA1"}


@contextlib.asynccontextmanager
async def watching_through_a_proxy(monkeypatch):
    """On this machine's Redis, in a place of its own."""
    monkeypatch.setattr(watchers, "PULSE_S", 0.3)
    monkeypatch.setattr(watchers, "_watcher_at", lambda session_key: (object(), True, ALL))
    monkeypatch.setattr(watchers, "note_lasting", lambda *access, **what: None)
    server = redis.from_url(REDIS, socket_connect_timeout=20)
    try:
        server.ping()
    except redis.RedisError:
        pytest.skip("needs a Redis on 127.0.0.1:6379")
    prefix = f"test-{secrets.token_hex(4)}"
    with contextlib.closing(server), FaultProxy("127.0.0.1:6379") as proxy:
        layer = RedisChannelLayer(hosts=[f"redis://{proxy.address}/1"], prefix=prefix)
        before = channel_layers["default"]
        channel_layers.set("default", layer)
        socket = Socket(watchers.LiveConsumer.as_asgi(), "/ws/live/")
        socket.scope["session"] = SimpleNamespace(session_key="s")
        try:
            assert (await socket.connect())[0]
            yield socket, proxy, lambda: server.delete(f"{prefix}:group:{watchers.GROUP}")
        finally:
            channel_layers.set("default", before)
            await layer.close_pools()


async def update_comes(socket):
    services().updates.publish(CALL)
    return await socket.receive_json_from() == {"updates": [CALL]}


async def test_a_redis_that_resets_its_connections_closes_the_socket(monkeypatch):
    async with watching_through_a_proxy(monkeypatch) as (socket, proxy, _):
        assert await update_comes(socket)
        proxy.refusing = True
        proxy.cut()
        assert await socket.receive_output() == {"type": "websocket.close", "code": watchers.LAYER_LOST}


async def test_a_redis_that_falls_silent_closes_the_socket(monkeypatch):
    async with watching_through_a_proxy(monkeypatch) as (socket, proxy, _):
        assert await update_comes(socket)
        proxy.delay_s = 3600
        closed = await socket.receive_output()
        assert (closed["type"], closed["code"]) == ("websocket.close", watchers.LAYER_LOST)


async def test_a_redis_that_forgot_who_watches_is_told_again(monkeypatch):
    async with watching_through_a_proxy(monkeypatch) as (socket, _, forget):
        assert await update_comes(socket)
        assert forget() == 1
        for _ in range(20):
            services().updates.publish(CALL)
            if not await socket.receive_nothing(0.3):
                break
        assert await socket.receive_json_from() == {"updates": [CALL]}
        await socket.disconnect()
