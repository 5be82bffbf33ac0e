"""The database or Redis is away for a while, behind a proxy that is cut; calls begin before and meanwhile."""

from __future__ import annotations

import asyncio

from calls.outages.remains import Outcome, calls_through
from calls.proxy import CutProxy
from calls.scoring import Score
from calls.simulator import CallReport
from calls.trial import Trial, record_of, score_of
from stt.emulator.recordings import Library


async def cut_off(
    trial: Trial, proxy: CutProxy, library: Library, calls: int, clips: int, seed: int, away_s: float
) -> Outcome:
    """Nothing is lost or doubled."""
    by_name = {recording.name: recording for recording in library.recordings}
    planned = calls_through(trial, library, calls, clips, seed)

    async def one(index: int) -> CallReport:
        # Some are on the line when it happens, the others call meanwhile.
        await asyncio.sleep(index / len(planned) * (away_s + 3))
        return await planned[index].run()

    running = [asyncio.create_task(one(index)) for index in range(len(planned))]
    await asyncio.sleep(4)
    proxy.refusing = True
    proxy.cut()
    await asyncio.sleep(away_s)
    proxy.refusing = False
    total, delays_ms = Score(0, 0, 0, 0, 0), [0.0]
    for report in await asyncio.gather(*running):
        call, turns = await record_of(report.call_sid, 60)
        total += score_of(report, turns, by_name)
        delays_ms.append(call.frame_delay_ms.get("p99", 0.0))
    return Outcome(
        f"away for {away_s:.0f} s: {calls} calls, {total.words} words, lost {total.lost}, added {total.added}; "
        f"frame delay p99 of the worst call {max(delays_ms):.1f} ms",
        total.kept,
    )
