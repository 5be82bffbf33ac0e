"""``manage.py serve`` with an application of other habits: for tests/live/test_process.py.

A WebSocket is never answered. ``/breaks-off`` fails in mid-answer, ``/stuck`` stops the loop for good; every other path
answers with the number of connections that the server remembers and the process's memory. The first argument is how
long a drain may hang, the second the port.
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import django

from voiceapp.server import reactor

reactor.install()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from calls.process.services import services  # noqa: E402
from voiceapp.server import serve  # noqa: E402
from voiceapp.server.listening import Port  # noqa: E402


async def application(scope, receive, send):
    await receive()
    if scope["type"] == "websocket":
        await asyncio.Event().wait()
    if scope["path"] == "/stuck":
        print("stuck", file=sys.stderr, flush=True)
        time.sleep(600)  # noqa: ASYNC251 - as a loop that hangs
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/breaks-off":
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise FileNotFoundError("deleted while it was read")
    said = json.dumps({"connections": len(servers[0].connections), "memory_bytes": memory_bytes()})
    await send({"type": "http.response.body", "body": said.encode()})


def memory_bytes():
    return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


servers = []
on_ready = serve._on_ready


def ready(server, place, served):
    servers.append(server)
    on_ready(server, place, served)


serve._on_ready = ready
serve.WATCHDOG_S = float(sys.argv[1])
serve.serve(application, Port("127.0.0.1", int(sys.argv[2])), services())
