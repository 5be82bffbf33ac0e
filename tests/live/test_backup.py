"""A backup made while a call runs, restored into an empty box: every call, word and second of audio is there."""

import asyncio
import contextlib
import json
import secrets
import threading
import time

import psycopg
import pytest

from calls.lab.call_report import Line
from calls.lab.simulator import SimulatedCall
from calls.storage.recording import Recording
from stt.audio import duration_ms
from tests.databases import SERVER, own_postgresql, postgresql_url, rows_of  # noqa: F401 - a fixture
from tests.live.test_demo import manage
from tests.live.test_process import TOKEN, Process
from tests.paths import SAMPLES

pytestmark = pytest.mark.live
PATIENCE_S = 40.0
CLIPS = [SAMPLES / "order_1.wav", SAMPLES / "answers_1.wav"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_urls(request):
    """Of the box, and of the one that is restored into."""
    if request.param == "sqlite":
        yield "", ""
        return
    migrated = request.getfixturevalue("postgresql_url").removeprefix(SERVER)
    with own_postgresql(migrated) as here, own_postgresql() as there:
        yield here, there


class RunningCall:
    """``with RunningCall(process) as call``: a call that speaks, and is silent until left."""

    def __init__(self, process):
        line = Line(process.url, process.url, TOKEN)
        self.sid = "CA" + secrets.token_hex(16)
        self._call = SimulatedCall(line, CLIPS, lead_s=0.2, tail_s=600, call_sid=self.sid)

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._call.run())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self):
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()


class Kept:
    """What a box has kept of calls."""

    def __init__(self, var_dir, database_url):
        self.var_dir = var_dir
        self._environment = {"DATABASE_URL": database_url} if database_url else {}

    def manage(self, *arguments):
        done = manage(*arguments, var_dir=self.var_dir, **self._environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def calls(self):
        exported = map(json.loads, self.manage("export_calls").splitlines())
        return {call["call_sid"]: call for call in exported}

    def rows_when(self, query, sid):
        """The rows of a query, once there are some."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            if rows := self._rows(query, sid):
                return rows
            time.sleep(0.1)
        raise AssertionError(f"{sid}: no row of {query}")

    def _rows(self, query, sid):
        if url := self._environment.get("DATABASE_URL"):
            with psycopg.connect(url) as connection:
                return connection.execute(query.replace("?", "%s"), [sid]).fetchall()
        return [tuple(row) for row in rows_of(self.var_dir, query, sid)]

    def recording(self, sid):
        (path,) = (path for path in self.var_dir.glob(f"recordings/*/{sid}-*.vrec") if ".line." not in path.name)
        return path


def short_call(process):
    line = Line(process.url, process.url, TOKEN)
    call = SimulatedCall(line, CLIPS[:1], lead_s=0.2, tail_s=0.6, call_sid="CA" + secrets.token_hex(16))
    asyncio.run(call.run())
    return call.call_sid


ENDED = "SELECT call_sid FROM calls_call WHERE call_sid = ? AND ended_at IS NOT NULL"
SAID = (
    "SELECT t.number, t.text FROM calls_transcript t JOIN calls_call c ON c.id = t.call_id "
    "WHERE c.call_sid = ? AND t.text <> '' ORDER BY t.started_ms"
)


def words(call):
    return " ".join(turn["text"] for turn in call["turns"]).split()


def test_a_box_is_restored_from_a_backup_that_was_made_while_a_call_ran(tmp_path, engine, database_urls):
    here, there = (Kept(tmp_path / name, url) for name, url in zip(("here", "there"), database_urls, strict=True))
    here.var_dir.mkdir()
    environment = {"STT_EMULATOR_HOST": engine, "DRAIN_TIMEOUT_S": "0"}
    serve = ("manage.py", "serve", "--port")
    with Process(here.var_dir, *serve, **here._environment, **environment) as process:
        over = short_call(process)
        here.rows_when(ENDED, over)
        with RunningCall(process) as running:
            said = here.rows_when(SAID, running.sid)
            audio_ms = Recording(here.recording(running.sid)).span_ms()[1]
            here.manage("backup", str(tmp_path / "backup"))
            assert here._rows(ENDED, running.sid) == []
        here.rows_when(ENDED, running.sid)
        kept = here.calls()
    there.manage("restore", str(tmp_path / "backup"))
    with Process(there.var_dir, *serve, **there._environment, **environment):
        there.rows_when(ENDED, running.sid)
        assert there._rows(SAID, running.sid)[: len(said)] == said
    again = there.calls()
    assert again.keys() == kept.keys() == {over, running.sid}
    assert again[over] == kept[over]
    assert there.recording(over).read_bytes() == here.recording(over).read_bytes()
    assert again[running.sid]["end_reason"] == "crashed"
    assert set(words(again[running.sid])) <= set(words(kept[running.sid]))
    begins_ms, ulaw = Recording(there.recording(running.sid)).ulaw()
    _, all_of_it = Recording(here.recording(running.sid)).ulaw()
    assert begins_ms + duration_ms(ulaw) >= audio_ms
    assert all_of_it.startswith(ulaw)
