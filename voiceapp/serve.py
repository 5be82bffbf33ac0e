"""daphne that drains: SIGTERM stops nothing that is spoken.

On SIGTERM or SIGINT ``/readyz`` says no, running calls go on for up to DRAIN_TIMEOUT_S, every turn is written, and the
process ends with 0. daphne alone drops every socket at once and never calls ``disconnect``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from twisted.internet import reactor

from calls import consumers, startup
from calls.store import writer
from voiceapp import health

logger = logging.getLogger(__name__)

FLUSH_S = 30.0
CHECK_S = 0.2


def serve(application: Any, host: str, port: int) -> None:
    """Serve until told to end; does not return."""
    startup.start()
    server = Server(
        application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        signal_handlers=False,
        # daphne pings only after this long a silence from the peer, so never in a live stream.
        ping_interval=20,
        ping_timeout=30,
        application_close_timeout=10,
        websocket_timeout=-1,
        websocket_max_message_size=65_536,
        websocket_max_frame_size=65_536,
        websocket_handshake_timeout=10,
        proxy_forwarded_address_header=None,
        ready_callable=lambda: _on_ready(host, port),
    )
    server.run()


def _on_ready(host: str, port: int) -> None:
    # daphne calls this with its loop set and not yet running.
    loop = reactor._asyncioEventloop
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _drain_once, loop)
    logger.info("listening on http://%s:%d", host, port)


_draining: set[asyncio.Task[None]] = set()


def _drain_once(loop: asyncio.AbstractEventLoop) -> None:
    if not _draining:
        _draining.add(loop.create_task(_drain()))


async def _drain() -> None:
    health.draining = True
    deadline_s = asyncio.get_running_loop().time() + settings.DRAIN_TIMEOUT_S
    logger.info("draining: %d calls", len(consumers.running))
    while consumers.running and asyncio.get_running_loop().time() < deadline_s:
        await asyncio.wait(set(consumers.running), timeout=CHECK_S)
    flushed = await asyncio.to_thread(writer().stop, FLUSH_S)
    logger.info("drained: %d calls left, rows %s", len(consumers.running), "written" if flushed else "not all written")
    sys.stderr.flush()
    # A hung one-shot's thread would be joined at exit, for ever.
    os._exit(0 if flushed else 1)
