"""The project's WebSockets under daphne, before applications that are busy: for tests/live/test_flood.py.

``/ws/connecting`` is let in, and ``/ws/deaf`` is read, once ``POST /open`` was asked; at the end each says how many
messages it had and how many were in order. ``/ws/echo`` answers at once. ``GET /state`` has what waits and where.
"""

import asyncio
import json
import re
import sys
from pathlib import Path

from daphne.server import twisted_loop  # noqa: F401 - installs the asyncio reactor first

from voiceapp.server.websocket import Socket, SocketServer

gate = asyncio.Event()
gone = []
"""Paths of sockets whose applications heard that they had ended."""


async def application(scope, receive, send):
    if scope["type"] == "http":
        await answer(scope["path"], receive, send)
        return
    assert (await receive())["type"] == "websocket.connect"
    if scope["path"] == "/ws/connecting":
        await gate.wait()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/ws/deaf":
        await gate.wait()
    expected = in_order = 0
    while (message := await receive())["type"] == "websocket.receive":
        if scope["path"] == "/ws/echo":
            await send({"type": "websocket.send", "text": message["text"]})
            continue
        if message["text"].strip() == "end":
            await send({"type": "websocket.send", "text": f"{in_order} of {expected} in order"})
        else:
            in_order += message["text"].strip() == str(expected)
            expected += 1
    gone.append(scope["path"])


async def answer(path, receive, send):
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if path == "/open":
        gate.set()
    said = json.dumps({"body_bytes": len(body), **state()}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})


def state():
    sockets = [protocol for protocol in server.connections if isinstance(protocol, Socket)]
    return {
        "sockets": [socket.path.decode() for socket in sockets],
        "held": sum(socket.held for socket in sockets),
        "messages": max((len(socket.application_queue._messages) for socket in sockets), default=0),
        "buffered_bytes": max((len(socket.data) for socket in sockets), default=0),
        "most_memory_bytes": most_memory_bytes(),
        "gone": gone,
    }


def most_memory_bytes():
    # Not getrusage's: that begins with what the parent had.
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


def ready():
    server.ws_factory.protocol = Socket
    Path(sys.argv[3]).touch()


server = SocketServer(
    application,
    endpoints=[f"tcp:port={sys.argv[1]}:interface=127.0.0.1"],
    ping_interval=float(sys.argv[2]),
    ping_timeout=float(sys.argv[2]),
    websocket_max_message_size=65_536,
    websocket_max_frame_size=65_536,
    websocket_handshake_timeout=60,
    websocket_connect_timeout=60,
    signal_handlers=False,
    ready_callable=ready,
)
server.run()
