"""A dependency fails for a while: the database or Redis, behind a proxy that is cut, before and while calls begin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from calls.lab.call_records import record_of, score_of
from calls.lab.call_report import CallReport
from calls.lab.fault_proxy import FaultProxy
from calls.lab.outages.watcher import Watcher
from calls.lab.outages.word_audit import OutageReport, calls_across
from calls.lab.rig import Rig
from calls.lab.simulator import SimulatedCall
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library

LEAD_IN_S = 4.0
"""The outage begins this long after the first calls."""
REDIS_DELAY_S = 0.1
"""Each piece of data to and from a slow Redis is delayed by this much."""
MAX_RECOVERY_S = 15.0
"""A watcher must get updates again within this time after Redis is back: a missed heartbeat, then a new connection."""


async def database(
    rig: Rig, proxy: FaultProxy, library: Library, calls: int, clips: int, seed: int, outage_s: float
) -> OutageReport:
    """The database is cut off for this long: no word is lost or doubled."""
    planned = calls_across(rig, library, calls, clips, seed)
    running = [asyncio.create_task(_later(call, i / calls * (outage_s + 3))) for i, call in enumerate(planned)]
    await asyncio.sleep(LEAD_IN_S)
    await _cut(proxy, outage_s)
    summary, kept = await _score(await asyncio.gather(*running), library)
    return OutageReport(f"database away for {outage_s:.0f} s: {summary}", kept)


async def redis(
    rig: Rig, proxy: FaultProxy, library: Library, calls: int, clips: int, seed: int, outage_s: float
) -> OutageReport:
    """Redis is slow for this long, then cut off for as long: calls do not notice, and a watcher gets updates again."""
    planned = calls_across(rig, library, calls, clips, seed)
    watcher = Watcher(rig.url)
    watching = asyncio.create_task(watcher.run())
    planned_s = LEAD_IN_S + 2 * outage_s + MAX_RECOVERY_S
    running = [asyncio.create_task(_later(call, 1 + i / calls * planned_s)) for i, call in enumerate(planned)]
    marks = [time.monotonic()]
    await asyncio.sleep(LEAD_IN_S)
    marks.append(time.monotonic())
    proxy.delay_s = REDIS_DELAY_S
    await asyncio.sleep(outage_s)
    proxy.delay_s = 0.0
    marks.append(time.monotonic())
    await _cut(proxy, outage_s)
    marks.append(time.monotonic())
    reports = await asyncio.gather(*running)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    before, slow, cut, back = (
        sum(a <= at < b for at in watcher.updates) for a, b in zip(marks, [*marks[1:], float("inf")], strict=True)
    )
    back_s = min((at - marks[-1] for at in watcher.updates if at >= marks[-1]), default=float("inf"))
    summary, kept = await _score(reports, library)
    told = f"a watcher's updates before {before}, slow {slow}, away {cut}, back {back} after {back_s:.1f} s"
    return OutageReport(
        f"redis slow for {outage_s:.0f} s, then away for {outage_s:.0f} s: {summary}; {told}, its socket closed with "
        f"{watcher.closed}",
        kept and back_s < MAX_RECOVERY_S,
    )


async def _later(call: SimulatedCall, wait_s: float) -> CallReport:
    """Place a call after a while: some calls are running when the outage begins, the others begin during it."""
    await asyncio.sleep(wait_s)
    return await call.run()


async def _cut(proxy: FaultProxy, outage_s: float) -> None:
    proxy.refusing = True
    proxy.cut()
    await asyncio.sleep(outage_s)
    proxy.refusing = False


async def _score(reports: Iterable[CallReport], library: Library) -> tuple[str, bool]:
    by_name = {recording.name: recording for recording in library.recordings}
    total, delays_ms = Score(0, 0, 0, 0, 0), [0.0]
    calls = 0
    for report in reports:
        calls += 1
        call, turns = await record_of(report.call_sid, 60)
        total += score_of(report, turns, by_name)
        delays_ms.append(call.frame_delay_ms.get("p99", 0.0))
    summary = (
        f"{calls} calls, {total.words} words, lost {total.lost}, added {total.added}; "
        f"frame delay p99 of the worst call {max(delays_ms):.1f} ms"
    )
    return summary, total.kept
