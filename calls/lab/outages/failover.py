"""One of two servers behind a balancer ends while calls run: the other one takes them over."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import datetime
from random import Random

from django.utils import timezone

from calls.core.numbering import NUMBERS_A_STREAM
from calls.lab.balancer import BalancedRig
from calls.lab.call_records import record_of
from calls.lab.call_report import CallReport
from calls.lab.outages.word_audit import (
    OutageReport,
    audit_of,
    calls_across,
    score_of_all,
)
from calls.lines.exporting import exported
from calls.storage.call_streams import call_streams
from calls.storage.models import Call
from stt.audio import FRAME_MS
from stt.emulator.recordings import Library
from voiceapp.runtime.percentile import percentile

MAX_GAP_S = 3.0
"""A call whose server was killed must be heard by the other one within this time."""


async def kill_one(rig: BalancedRig, library: Library, calls: int, clips: int, seed: int) -> OutageReport:
    """SIGKILL one server: the other must hear its calls within MAX_GAP_S. The killed one is started again."""
    running = [asyncio.create_task(call.run()) for call in calls_across(rig, library, calls, clips, seed)]
    await asyncio.sleep(Random(seed).uniform(4, 8))
    rig.servers[0].kill()
    killed_at, killed_s = timezone.now(), time.monotonic()
    reports = await asyncio.gather(*running)
    audit = await audit_of(reports, library)
    gaps_s: list[float] = []
    taken_over = True
    for report in reports:
        if len(report.streams) > 1:
            call, turns = await record_of(report.call_sid)
            begun_at = _begun_at(call, report.streams[1])
            first_frame_s = report.sent_s[(report.spans[0][1] - report.spans[0][0]) // FRAME_MS]
            gaps_s.append(max((begun_at - killed_at).total_seconds(), first_frame_s - killed_s))
            taken_over = taken_over and {turn.number // NUMBERS_A_STREAM for turn in turns} == {0, 1}
            taken_over = taken_over and await asyncio.to_thread(_is_exported_whole, call, report)
    max_gap_s = max(gaps_s, default=0.0)
    summary = (
        f"balancer, kill {seed}: {len(reports)} calls, {len(gaps_s)} went on in the other process, away "
        f"{percentile(gaps_s, 0.5) or 0.0:.2f} s, at most {max_gap_s:.2f} s; {audit}"
    )
    rig.servers[0] = await asyncio.to_thread(rig.serve, rig.ports[0])
    return OutageReport(summary, audit.passed and taken_over and bool(gaps_s) and max_gap_s < MAX_GAP_S)


async def drain_one(rig: BalancedRig, library: Library, calls: int, clips: int, seed: int) -> OutageReport:
    """SIGTERM one server: half of the calls are running, the others come while it drains; none hears the fallback."""
    planned = calls_across(rig, library, calls, clips, seed)
    running = [asyncio.create_task(call.run()) for call in planned[: calls // 2]]
    await asyncio.sleep(4)
    rig.servers[1].send_signal(signal.SIGTERM)
    for call in planned[calls // 2 :]:
        running.append(asyncio.create_task(call.run()))
        await asyncio.sleep(0.5)
    reports = await asyncio.gather(*running)
    code = await asyncio.to_thread(rig.servers[1].wait, 60)
    score = await score_of_all(reports, library)
    fallbacks = sum(len(report.streams) != 1 or "<Say" in report.after for report in reports)
    summary = (
        f"balancer, drain {seed}: {len(reports)} calls, half of them new; {fallbacks} heard the fallback; "
        f"{score.words} words, lost {score.lost}, added {score.added}; exit code {code}"
    )
    return OutageReport(summary, score.kept and fallbacks == 0 and code == 0)


def _begun_at(call: Call, stream_sid: str) -> datetime:
    return next(one.started_at for one in call_streams(call.streams) if one.stream_sid == stream_sid and one.started_at)


def _is_exported_whole(call: Call, report: CallReport) -> bool:
    return [stream["stream_sid"] for stream in exported(call)["streams"]] == report.streams
