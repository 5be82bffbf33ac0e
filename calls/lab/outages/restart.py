"""The server is restarted while calls run: killed and started again, or told to drain."""

from __future__ import annotations

import asyncio
import signal
import time
from random import Random

from calls.lab.outages.word_audit import OutageReport, audit_of, calls_across, score_of_all
from calls.lab.rig import Rig, RigError
from stt.emulator.recordings import Library

RESTART_PAUSE_S = 0.3
"""No server listens for this long, and for as long as the new one takes to start."""


async def kill(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> OutageReport:
    """SIGKILL at a random moment, and a new server at once."""
    random = Random(seed)
    running = [asyncio.create_task(call.run()) for call in calls_across(rig, library, calls, clips, seed)]
    await asyncio.sleep(random.uniform(4, 12))
    if rig.server is None:
        raise RigError("server_failed: there is none")
    rig.server.kill()
    await asyncio.to_thread(rig.server.wait)
    killed_s = time.monotonic()
    await asyncio.sleep(RESTART_PAUSE_S)
    await asyncio.to_thread(rig.start_server)
    gap_s = time.monotonic() - killed_s
    reports = await asyncio.gather(*running)
    audit = await audit_of(reports, library)
    streams = sum(len(report.streams) for report in reports)
    summary = f"kill {seed}: {len(reports)} calls, {streams} streams, away {gap_s:.1f} s; {audit}"
    return OutageReport(summary, audit.passed and streams >= len(reports))


async def drain(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> OutageReport:
    """SIGTERM: every call runs to its end."""
    running = [asyncio.create_task(call.run()) for call in calls_across(rig, library, calls, clips, seed)]
    await asyncio.sleep(5)
    if rig.server is None:
        raise RigError("server_failed: there is none")
    rig.server.send_signal(signal.SIGTERM)
    reports = await asyncio.gather(*running)
    code = await asyncio.to_thread(rig.server.wait, 60)
    score = await score_of_all(reports, library)
    summary = (
        f"drain: {len(reports)} calls, {score.words} words, lost {score.lost}, added {score.added}; exit code {code}"
    )
    return OutageReport(summary, code == 0 and score.kept)
