"""The server ends under running calls: killed and started again, or told to drain."""

from __future__ import annotations

import asyncio
import signal
import time
from random import Random

from calls.lab.outages.word_audit import Outcome, calls_through, remains_of, score_whole
from calls.lab.rig import Rig, RigError
from stt.emulator.recordings import Library

GONE_S = 0.3
"""How long nobody listens."""


async def kill(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> Outcome:
    """SIGKILL at a random moment, and a new server at once."""
    random = Random(seed)
    running = [asyncio.create_task(call.run()) for call in calls_through(rig, library, calls, clips, seed)]
    await asyncio.sleep(random.uniform(4, 12))
    if rig.server is None:
        raise RigError("server_failed: there is none")
    rig.server.kill()
    await asyncio.to_thread(rig.server.wait)
    killed_s = time.monotonic()
    await asyncio.sleep(GONE_S)
    await asyncio.to_thread(rig.start_server)
    away_s = time.monotonic() - killed_s
    reports = await asyncio.gather(*running)
    remains = await remains_of(reports, library)
    streams = sum(len(report.streams) for report in reports)
    said = f"kill {seed}: {len(reports)} calls, {streams} streams, away {away_s:.1f} s; {remains}"
    return Outcome(said, remains.whole and streams >= len(reports))


async def drain(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> Outcome:
    """SIGTERM: every call goes on to its end."""
    running = [asyncio.create_task(call.run()) for call in calls_through(rig, library, calls, clips, seed)]
    await asyncio.sleep(5)
    if rig.server is None:
        raise RigError("server_failed: there is none")
    rig.server.send_signal(signal.SIGTERM)
    reports = await asyncio.gather(*running)
    code = await asyncio.to_thread(rig.server.wait, 60)
    score = await score_whole(reports, library)
    said = f"drain: {len(reports)} calls, {score.words} words, lost {score.lost}, added {score.added}; exit code {code}"
    return Outcome(said, code == 0 and score.kept)
