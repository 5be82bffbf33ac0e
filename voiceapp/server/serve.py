"""daphne that drains: SIGTERM stops nothing that is spoken.

On SIGTERM or SIGINT ``/readyz`` says no, running calls go on for up to DRAIN_TIMEOUT_S, every turn is written, and the
process ends with 0. daphne alone drops every socket at once and never calls ``disconnect``. If a step of the drain
raises, the next ones still run; if the drain or the loop hangs, a watchdog thread ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from daphne.server import Server
from django.conf import settings
from twisted.internet import reactor

from voiceapp.runtime import metrics
from voiceapp.runtime.counted import counted
from voiceapp.runtime.garbage import collect_seldom
from voiceapp.server.listening import Port, PortUnavailable, UnixSocket
from voiceapp.server.served import Served
from voiceapp.server.websocket import Socket, SocketServer

logger = logging.getLogger(__name__)

FIRST_READ_S = 2.0
"""So long a process that begins to serve waits for the lines; a database that takes longer is not waited for."""
FLUSH_S = 30.0
CHECK_S = 0.2
LAST_PIECE_S = 12.0
"""For calls whose line is speaking: it comes to the end of its sentence (10 s, calls/reply/agent.py)."""
LAST_WORDS_S = 20.0
"""For calls that were ended: their streams are read to the end, and the one-shot recogniser may be asked, twice."""
WATCHDOG_S = 75.0
"""After DRAIN_TIMEOUT_S, when the watchdog ends the process: longer than last words and flushing take."""
LAST_LINE_S = 2.0
"""How long the watchdog waits for its own log line: the log may be what hangs."""
SERVICE_RESTART = 1012
SERVICE_UNAVAILABLE = 503


class _Server(SocketServer):
    """daphne, whose end says why when it could not listen."""

    refused: Any = None
    """The error."""

    def listen_error(self, failure: Any) -> None:
        self.refused = getattr(failure.value, "socketError", failure.value)
        self.stop()


def serve(application: Any, place: Port | UnixSocket, served: Served) -> None:
    """Serve until told to end; returns only by PortUnavailable. ``served`` is started here, and ended."""
    # A call that comes before its line is known would begin as nobody's.
    served.lines.start()
    served.lines.wait_until_known(FIRST_READ_S)
    place.prepare()
    server: _Server = _Server(
        application,
        endpoints=[place.endpoint],
        proxies=settings.PROXY_NETWORKS,
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
        ready_callable=lambda: _on_ready(server, place, served),
    )
    server.run()
    why = getattr(server.refused, "strerror", None) or str(server.refused)
    raise PortUnavailable(f"port_unavailable: {place}: {why}. Set {place.advice(server.refused)}.")


def _on_ready(server: Server, place: Port | UnixSocket, served: Served) -> None:
    # daphne calls this when it listens, with its loop set and not yet running, its factories made and not yet used.
    served.start()
    server.ws_factory.protocol = Socket
    collect_seldom()
    loop = reactor._asyncioEventloop
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not loop.add_signal_handler: a loop that hangs would never call it.
        signal.signal(number, lambda *_: _end(loop, server, served))
    # Who watches sees a process before its first call.
    loop.call_soon(served.start_on_loop)
    logger.info("listening on %s", place.url)


async def _wait_for_calls(served: Served, timeout_s: float) -> None:
    deadline_s = asyncio.get_running_loop().time() + timeout_s
    while served.calls and asyncio.get_running_loop().time() < deadline_s:
        await asyncio.wait(served.calls.pumps, timeout=CHECK_S)


_draining: set[asyncio.Task[None]] = set()


def _end(loop: asyncio.AbstractEventLoop, server: Server, served: Served) -> None:
    """Start the drain and its watchdog, once. A signal handler: it may interrupt anything, so it neither waits nor
    logs."""
    admission = served.admission
    if not admission.draining:
        admission.draining = True
        threading.Thread(target=_watch_the_drain, name="drain-watchdog", daemon=True).start()
        loop.call_soon_threadsafe(lambda: _draining.add(loop.create_task(_drain_and_exit(server, served))))


def _watch_the_drain() -> None:
    """End the process if the drain has not ended it in time."""
    limit_s = settings.DRAIN_TIMEOUT_S + WATCHDOG_S
    time.sleep(limit_s)
    line = threading.Thread(target=_say_where_it_hangs, args=(limit_s,), daemon=True)
    line.start()
    line.join(LAST_LINE_S)
    os._exit(1)


def _say_where_it_hangs(limit_s: float) -> None:
    stacks = ("".join(traceback.format_stack(frame)) for frame in sys._current_frames().values())
    logger.critical("the drain hangs: the process is ended after %.0f s\n%s", limit_s, "\n".join(stacks))


async def _drain_and_exit(server: Server, served: Served) -> None:
    written = False
    try:
        written = await _drain(server, served)
    finally:
        sys.stderr.flush()
        # A hung one-shot's thread would be joined at exit, for ever.
        os._exit(0 if written else 1)


async def _drain(server: Server, served: Served) -> bool:
    """Let running calls end, close what is left and write everything; True when all of it is written."""
    flushed = False
    loop = asyncio.get_running_loop()
    # Not the loop's: its few threads may all be taken by Django's error pages.
    threads = ThreadPoolExecutor(2, "drain")
    logger.info("draining: %s", counted(len(served.calls), "call"))
    with _step("wait"):
        await _wait_for_calls(served, settings.DRAIN_TIMEOUT_S)
    speaking: set[asyncio.Task[None]] = set()
    for call in served.calls:
        with _step("call"):
            speaking |= {task for task in [call.drain()] if task is not None}
    if speaking:
        with _step("wait"):
            await asyncio.wait(speaking, timeout=LAST_PIECE_S)
    # Calls close their sockets themselves, the last of them when others know why: what is open then is no call's.
    with _step("wait"):
        await _wait_for_calls(served, LAST_WORDS_S)
    for protocol in list(server.connections):
        with _step("socket"):
            _close(protocol)
    with _step("recordings"):
        await loop.run_in_executor(threads, served.disk.stop, FLUSH_S)
    with _step("rows"):
        flushed = await loop.run_in_executor(threads, served.writer.stop, FLUSH_S)
    with _step("watchers"):
        await served.updates.flush()
    logger.info(
        "drained: %s left, rows %s", counted(len(served.calls), "call"), "written" if flushed else "not all written"
    )
    return flushed


def _close(protocol: Any) -> None:
    """Close an open socket, and refuse one that waits for its handshake's answer; leave other requests alone."""
    if not isinstance(protocol, Socket):
        return
    if protocol.state == protocol.STATE_CONNECTING:
        protocol.refuse(SERVICE_UNAVAILABLE, "Service Unavailable")
    else:
        # daphne's own end is 1006; Twilio asks /twilio/after either way, people's browsers reconnect.
        protocol.sendCloseFrame(code=SERVICE_RESTART, isReply=False)


@contextlib.contextmanager
def _step(name: str) -> Iterator[None]:
    """Count and log what a step of the drain raises, so that the next step runs."""
    try:
        yield
    except Exception:
        metrics.DRAIN_ERRORS.labels(name).inc()
        logger.exception("a step of the drain failed: %s", name)
