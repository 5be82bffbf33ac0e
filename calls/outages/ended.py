"""The server ends under running calls: killed and started again, or told to drain."""

from __future__ import annotations

import asyncio
import signal
import time
from random import Random

from calls.outages.remains import Outcome, calls_through, remains_of, score_whole
from calls.trial import Trial, TrialError
from stt.emulator.recordings import Library

GONE_S = 0.3
"""How long nobody listens."""


async def kill(trial: Trial, library: Library, calls: int, clips: int, seed: int) -> Outcome:
    """SIGKILL at a random moment, and a new server at once."""
    random = Random(seed)
    running = [asyncio.create_task(call.run()) for call in calls_through(trial, library, calls, clips, seed)]
    await asyncio.sleep(random.uniform(4, 12))
    if trial.server is None:
        raise TrialError("server_failed: there is none")
    trial.server.kill()
    await asyncio.to_thread(trial.server.wait)
    killed_s = time.monotonic()
    await asyncio.sleep(GONE_S)
    await asyncio.to_thread(trial.start_server)
    away_s = time.monotonic() - killed_s
    reports = await asyncio.gather(*running)
    remains = await remains_of(reports, library)
    streams = sum(len(report.streams) for report in reports)
    said = f"kill {seed}: {len(reports)} calls, {streams} streams, away {away_s:.1f} s; {remains}"
    return Outcome(said, remains.whole and streams >= len(reports))


async def drain(trial: Trial, library: Library, calls: int, clips: int, seed: int) -> Outcome:
    """SIGTERM: every call goes on to its end."""
    running = [asyncio.create_task(call.run()) for call in calls_through(trial, library, calls, clips, seed)]
    await asyncio.sleep(5)
    if trial.server is None:
        raise TrialError("server_failed: there is none")
    trial.server.send_signal(signal.SIGTERM)
    reports = await asyncio.gather(*running)
    code = await asyncio.to_thread(trial.server.wait, 60)
    score = await score_whole(reports, library)
    said = f"drain: {len(reports)} calls, {score.words} words, lost {score.lost}, added {score.added}; exit code {code}"
    return Outcome(said, code == 0 and score.kept)
