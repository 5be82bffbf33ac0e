"""Two versions side by side, as a deploy has them for a while: each reads what the other has written."""

import asyncio
import contextlib
import secrets
import subprocess
import threading
import time

import pytest

from calls.lab.call_report import CallRefused, Line
from calls.lab.simulator import SimulatedCall
from tests.databases import row_of_ended_call, rows_of
from tests.live.test_process import TOKEN, Process
from tests.paths import ROOT, SAMPLES

pytestmark = pytest.mark.live
BEFORE = "10ac711135bd1e5e6c9f9e8980c9bd921104b94c"
"""The last version whose modules stood side by side."""
PATIENCE_S = 30.0
CLIP, WORDS = SAMPLES / "order_1.wav", "אני רוצה להזמין שתי פיצות גדולות"


@pytest.fixture(scope="module")
def version_before(tmp_path_factory):
    """Its files."""
    archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True)
    if archive.returncode:
        pytest.skip(f"needs the project's history: {BEFORE[:7]} is not in it")
    folder = tmp_path_factory.mktemp("before")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    return folder


def server(folder, engine, checkout=ROOT):
    made = type("Version", (Process,), {"checkout": checkout})
    return made(folder, "manage.py", "serve", "--port", STT_EMULATOR_HOST=engine)


def call_to(process, tail_s=0.6):
    line = Line(process.url, process.url, TOKEN)
    return SimulatedCall(line, [CLIP], lead_s=0.2, tail_s=tail_s, call_sid="CA" + secrets.token_hex(16))


def words_of(folder, call_sid):
    query = (
        "SELECT COALESCE(t.revised_text, t.text) AS words FROM calls_transcript t "
        "JOIN calls_call c ON c.id = t.call_id WHERE c.call_sid = ? ORDER BY t.started_ms"
    )
    return " ".join(row["words"] for row in rows_of(folder, query, call_sid)).strip()


def killed_while_it_hears(folder, process):
    """The CallSid of a call whose server is killed when its words are kept, and which the caller has not ended."""
    call = call_to(process, tail_s=600)

    def stay_on_the_line():
        # Nobody answers any more once the server is killed.
        with contextlib.suppress(OSError, CallRefused):
            asyncio.run(call.run())

    threading.Thread(target=stay_on_the_line, daemon=True).start()
    until_s = time.monotonic() + PATIENCE_S
    while words_of(folder, call.call_sid) != WORDS:
        assert time.monotonic() < until_s, process.log.read_text()
        time.sleep(0.05)
    process.process.kill()
    process.process.wait()
    return call.call_sid


def test_each_hears_calls_beside_the_other_and_closes_what_the_other_left(tmp_path, version_before, engine):
    with server(tmp_path, engine, version_before) as before, server(tmp_path, engine) as now:
        for process in (before, now):
            call = call_to(process)
            asyncio.run(call.run())
            assert row_of_ended_call(tmp_path, call.call_sid)["end_reason"] == "stop"
            assert words_of(tmp_path, call.call_sid) == WORDS
        left = killed_while_it_hears(tmp_path, before)
        assert row_of_ended_call(tmp_path, left)["end_reason"] == "crashed", now.log.read_text()
        assert words_of(tmp_path, left) == WORDS
        with server(tmp_path, engine, version_before):
            left = killed_while_it_hears(tmp_path, now)
            assert row_of_ended_call(tmp_path, left)["end_reason"] == "crashed"
            assert words_of(tmp_path, left) == WORDS
