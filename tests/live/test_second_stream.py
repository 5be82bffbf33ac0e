"""Two streams of one call in two processes: numbers of their own, the older closed, the end known to both."""

import asyncio
import os
import secrets
import subprocess
import sys
import time

import pytest
import websockets
from twilio.request_validator import RequestValidator

from calls.lab.call_report import Line
from calls.lab.simulator import SimulatedCall
from calls.lab.twilio_messages import CONNECTED, connect_of, media_message, start_message
from calls.models import Call
from tests.databases import migrated_postgres, postgresql_url, put_migrated_database, served_by  # noqa: F401 - fixtures
from tests.live.pair import TOKEN, pair  # noqa: F401 - a fixture
from tests.live.test_demo import ROOT

pytestmark = pytest.mark.live
CALLS, TURNS = 40, 6
WRITE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from calls.storage.records import CallEnded, CallStarted, EventNoted, TurnSaved
from calls.storage.writer import Writer
from calls.core.turns import Source, Turn
now, name = datetime.now(UTC), {name!r}
writer = Writer(Path({folder!r}))
writer.start()
print("ready", flush=True)
sys.stdin.readline()
for call in range({calls}):
    sid, stream = f"CA{{call}}", f"MZ{{name}}{{call}}"
    writer.accept(CallStarted(sid, stream, now))
    for number in range(1, {turns} + 1):
        turn = Turn(number, number * 1000, number * 1000 + 500, f"{{name}}{{number}}", Source.FINAL)
        writer.accept(TurnSaved(sid, turn, stream))
        writer.accept(EventNoted(sid, number, now, f"{{name}}{{number}}", stream_sid=stream))
    writer.accept(CallEnded(sid, stream, now, "stop", 1, 0, 1))
assert writer.stop(60)
"""


def kept(database_url):
    """Of each call its turns, its events, its streams and whether it has ended."""
    with served_by(database_url):
        return {
            call.call_sid: [
                sorted(call.turns.values_list("text", flat=True)),
                sorted(call.events.values_list("code", flat=True)),
                sorted({turn.number // 10_000 for turn in call.turns.all()}),
                call.ended_at is not None,
            ]
            for call in Call.objects.all()
        }


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_two_processes_number_two_streams_of_each_call_at_once_and_lose_no_turn(
    tmp_path, request, database, django_db_blocker
):
    if database == "postgres":
        url = request.getfixturevalue("migrated_postgres")
    else:
        url = f"sqlite://{tmp_path}/db.sqlite3"
        put_migrated_database(tmp_path)
    values = {"DEBUG": "1", "TWILIO_AUTH_TOKEN": "x", "VAR_DIR": str(tmp_path), "REDIS_URL": "", "DATABASE_URL": url}
    processes = []
    for name in "ab":
        code = WRITE.format(name=name, folder=str(tmp_path / "journal"), calls=CALLS, turns=TURNS)
        processes.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-v0", "-c", code],
                cwd=ROOT,
                env={**os.environ, **values},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said
    both = [f"{name}{number}" for name in "ab" for number in range(1, TURNS + 1)]
    with django_db_blocker.unblock():
        assert kept(url) == {f"CA{call}": [both, both, [0, 1], True] for call in range(CALLS)}


async def open_stream(twiml, base_url, call_sid, stream_sid):
    """A media socket as a TwiML asks for it, started."""
    stream, _ = connect_of(twiml)
    public = stream.get("url")
    signature = RequestValidator(TOKEN).compute_signature(public, {})
    url = base_url.replace("http", "ws") + "/" + public.split("/", 3)[3]
    socket = await websockets.connect(url, additional_headers={"X-Twilio-Signature": signature}, compression=None)
    await socket.send(CONNECTED)
    await socket.send(start_message(call_sid, stream_sid, stream))
    return socket


async def closes(socket, within_s):
    """The code with which it is closed while silence is played."""
    until_s = time.monotonic() + within_s
    index = 0
    while time.monotonic() < until_s:
        try:
            await socket.send(media_message("MZa", index, index * 20, b"\xff" * 160))
            await asyncio.wait_for(socket.recv(), 0.02)
        except TimeoutError:
            index += 1
        except websockets.ConnectionClosed:
            return socket.close_code
    return None


def test_a_second_stream_in_another_process_closes_the_first_one(pair):  # noqa: F811
    here, there = (SimulatedCall(Line(pair.url(port), pair.url(port), TOKEN), []) for port in pair.ports)
    sid = "CA" + secrets.token_hex(16)

    async def run():
        first = await open_stream(await here.ring(sid), here.line.base_url, sid, "MZa")
        assert await closes(first, 0.5) is None
        after = {"CallSid": sid, "From": "+972501234567", "To": "+97231234567", "CallStatus": "in-progress"}
        # For Twilio its socket is lost; the process that has it does not know yet.
        twiml = await there.post("/twilio/after", after)
        second = await open_stream(twiml, there.line.base_url, sid, "MZb")
        code = await closes(first, 10)
        await second.close()
        return code

    assert asyncio.run(run()) == 4409


def test_a_token_that_is_used_again_at_another_process_opens_no_second_stream(pair):  # noqa: F811
    here, there = (SimulatedCall(Line(pair.url(port), pair.url(port), TOKEN), []) for port in pair.ports)
    sid = "CA" + secrets.token_hex(16)

    async def run():
        twiml = await here.ring(sid)
        first = await open_stream(twiml, here.line.base_url, sid, "MZa")
        with pytest.raises(websockets.InvalidStatus, match="403"):
            await open_stream(twiml, there.line.base_url, sid, "MZb")
        assert await closes(first, 0.5) is None
        await first.close()

    asyncio.run(run())
