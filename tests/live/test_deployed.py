"""A box of deploy/'s own files takes twenty calls through a restart, and nobody outside says who they are."""

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from calls.lab.call_records import score_of
from calls.lab.call_report import Line
from calls.lab.simulator import SimulatedCall
from calls.models import Call
from calls.storage.call_streams import call_streams
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library
from tests.databases import served_by
from tests.live.deployed import DOMAIN, TOKEN, asked
from tests.paths import SAMPLES
from tests.waiting import COMMAND_S, eventually

pytestmark = pytest.mark.live
CALLS, CALLS_BEFORE = 20, 12
"""All of them, and those that run when a process is told to end."""
BEFORE_RESTART_S, BETWEEN_S = 3.0, 0.3
PATIENCE_S = 40.0
SPOOFED = {
    "X-Real-IP": "6.6.6.6",
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=6.6.6.6;proto=http;host=evil.example",
    "X-Another-Process": "asked",
    "Daphne-Root-Path": "/evil",
}


def call_to(box, number, tail_s=1.5):
    names = [recording.name for recording in Library([SAMPLES]).recordings]
    clips = [SAMPLES / names[(number * 3 + i) % len(names)] for i in range(2)]
    line = Line(box.url, f"https://{DOMAIN}", TOKEN)
    sid = "CA" + secrets.token_hex(16)
    return SimulatedCall(
        line, clips, lead_s=0.2, tail_s=tail_s, seed=number, from_number=f"+9725000{number:05}", call_sid=sid
    )


async def calls_through_a_restart(box):
    """The reports of all calls, and how the process ended."""
    running = [asyncio.create_task(call_to(box, number).run()) for number in range(CALLS_BEFORE)]
    await asyncio.sleep(BEFORE_RESTART_S)
    restart = asyncio.create_task(asyncio.to_thread(box.restart, "media-1"))
    for number in range(CALLS_BEFORE, CALLS):
        running.append(asyncio.create_task(call_to(box, number).run()))
        await asyncio.sleep(BETWEEN_S)
    return await asyncio.gather(*running), await restart


def kept(report):
    """The call's row, once it is complete, and its turns."""
    closed = Call.objects.filter(call_sid=report.call_sid, ended_at__isnull=False)
    call = eventually(closed.all().first, PATIENCE_S, 0.1)
    assert call, f"{report.call_sid} was not closed"
    return call, list(call.turns.heard())


def test_a_restart_costs_twenty_calls_no_word(box, django_db_blocker):
    reports, code = asyncio.run(calls_through_a_restart(box))
    assert code == 0
    by_name = {recording.name: recording for recording in Library([SAMPLES]).recordings}
    total, processes = Score(0, 0, 0, 0, 0), set()
    with django_db_blocker.unblock(), served_by(box.database_url):
        for report in reports:
            call, turns = kept(report)
            total += score_of(report, turns, by_name)
            processes |= {stream.values["process"] for stream in call_streams(call.streams)}
    assert (total.lost, total.added) == (0, 0) and total.words >= CALLS * 4
    assert [report.after for report in reports if len(report.streams) != 1 or "<Say" in report.after] == []
    # Both took calls: before one of them was told to end, and the other behind it.
    assert len(processes) >= 2
    # A socket's path has its token.
    assert "/ws/twilio/" not in box.logs()


def without_tokens(page):
    return re.sub(r'(nonce|value)="[^"]*"', "", page)


def test_nobody_outside_says_who_they_are(box):
    for path in ("/", "/admin/login/", "/healthz", "/nothing"):
        status, leads_to, page = box.answer(path)
        spoofed_status, spoofed_leads_to, spoofed_page = box.answer(path, SPOOFED)
        assert (spoofed_status, spoofed_leads_to) == (status, leads_to)
        assert without_tokens(spoofed_page) == without_tokens(page)
        assert "evil" not in spoofed_page + spoofed_leads_to
    # The same source, whatever it says of itself.
    headers = [{**SPOOFED, "X-Real-IP": f"6.6.6.{i}", "X-Forwarded-For": f"6.6.6.{i}"} for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda own: box.answer("/admin/login/", own)[0], headers))
        asked_for = list(pool.map(lambda own: box.answer("/account/password/", own)[0], headers))
    assert 429 in statuses and 200 in statuses
    assert 429 in asked_for and 429 not in asked_for[:10]
    assert box.answer("/metrics")[0] == 404
    for name in box.servers:
        status, _, text = asked(f"{box.status_url}/metrics/{name}")
        assert status == 200 and "voiceapp_calls_live" in text
        assert asked(f"{box.status_url}/readyz/{name}")[0] == 200
    assert asked(f"{box.status_url}/metrics/media-1/../../x")[0] == 404


async def asked_while_all_end(box):
    """What a new caller's webhook is answered with while calls keep both processes from ending; and their reports."""
    running = [asyncio.create_task(call_to(box, 40 + number, tail_s=6).run()) for number in range(6)]
    await asyncio.sleep(BEFORE_RESTART_S)
    for name in ("media-1", "media-2"):
        box.servers[name].process.terminate()
    await asyncio.sleep(BETWEEN_S)
    twiml = await call_to(box, 50).ring("CA" + secrets.token_hex(16))
    return twiml, await asyncio.gather(*running)


def test_a_caller_who_finds_every_process_ending_hears_the_lines_sentence(box):
    """The last test of this box: nobody hears in it any more."""
    twiml, reports = asyncio.run(asked_while_all_end(box))
    assert "<Say" in twiml and "<Connect" not in twiml
    assert [len(report.streams) for report in reports] == [1] * len(reports)
    assert [box.servers[name].process.wait(COMMAND_S) for name in ("media-1", "media-2")] == [0, 0]
