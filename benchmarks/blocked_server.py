"""The server of benchmarks/nothing_blocks.py: the project's own, with a stopwatch on ``receive`` and trouble on order.

A call to STUCK has a one-shot recogniser that hangs for 2 s an utterance; on a call to QUERYING a database query of
500 ms runs every two seconds, through ``database_sync_to_async``, as a consumer's ORM work would. With ``--stock`` the
consumer dispatches as channels does, through the process's one ORM thread.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
from daphne.server import twisted_loop  # noqa: F401 - installs the asyncio reactor first

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from channels.consumer import AsyncConsumer  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from calls import routing  # noqa: E402
from calls.consumers import MediaStreamConsumer  # noqa: E402
from calls.process.services import services  # noqa: E402

STUCK, QUERYING = "+97235550101", "+97235550102"
STUCK_S, QUERY_S, PAUSE_S = 2.0, 0.5, 1.5


class TimedConsumer(MediaStreamConsumer):
    """Notes when each frame was handled: its place in the recogniser's queue is taken."""

    stock = False

    async def connect(self) -> None:
        self.handled_s = array("d")
        self.querying: asyncio.Task[None] | None = None
        await super().connect()

    async def dispatch(self, message: dict[str, Any]) -> None:
        if self.stock:
            await AsyncConsumer.dispatch(self, message)
        else:
            await super().dispatch(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await super().receive(text_data, bytes_data)
        if text_data is not None and '"media"' in text_data[:60]:
            self.handled_s.append(time.monotonic())
        if self._to(QUERYING) and self.querying is None:
            self.querying = asyncio.create_task(self._query())

    async def disconnect(self, code: int) -> None:
        if self.querying is not None:
            self.querying.cancel()
        path = Path(settings.VAR_DIR) / f"handled-{self.call.call_sid if self.call is not None else ''}.json"
        await asyncio.to_thread(path.write_text, json.dumps(list(self.handled_s)))
        await super().disconnect(code)

    def _hebrew_stt(self, audio_data: bytes) -> str:
        if self._to(STUCK):
            time.sleep(STUCK_S)
        return super()._hebrew_stt(audio_data)

    def _to(self, number: str) -> bool:
        start = self.call.session.start if self.call is not None else None
        return start is not None and start.parameters.get("to_number") == number and os.environ["TROUBLE"] == "1"

    async def _query(self) -> None:
        while True:
            await database_sync_to_async(_slow_query)()
            await asyncio.sleep(PAUSE_S)


def _slow_query() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [QUERY_S])
        return
    # SQLite has no sleep of its own; a function of ours that sleeps releases the GIL, as a real query does.
    connection.ensure_connection()
    connection.connection.create_function("sleep", 1, time.sleep)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sleep(%s)", [QUERY_S])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--stock", action="store_true", help="dispatch as channels does")
    options = parser.parse_args()
    TimedConsumer.stock = options.stock
    routing.MediaStreamConsumer = TimedConsumer  # type: ignore[misc]
    stock_tuning = services().lines.tuning_for

    def tuning_for(number: str, call_sid: str) -> Any:
        tuning = stock_tuning(number, call_sid)
        return replace(tuning, streaming=False) if number == STUCK else tuning

    services().lines.tuning_for = tuning_for  # type: ignore[method-assign]
    from voiceapp.asgi import application
    from voiceapp.server.listening import Port
    from voiceapp.server.serve import serve

    serve(application, Port("127.0.0.1", options.port), services())


if __name__ == "__main__":
    main()
