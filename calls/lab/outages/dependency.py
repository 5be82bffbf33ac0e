"""The database or Redis is away for a while, behind a proxy that is cut; calls begin before and meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from calls.lab.call_records import record_of, score_of
from calls.lab.call_report import CallReport
from calls.lab.fault_proxy import FaultProxy
from calls.lab.outages.watcher import Watcher
from calls.lab.outages.word_audit import Outcome, calls_through
from calls.lab.rig import Rig
from calls.lab.simulator import SimulatedCall
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library

BEFORE_S = 4.0
SLOW_S = 0.1
"""A slow Redis: each piece of data waits so long, in both directions."""
BACK_WITHIN_S = 15.0
"""A watcher is told again so soon after Redis is back: an unanswered pulse, and a page that connects again."""


async def database(
    rig: Rig, proxy: FaultProxy, library: Library, calls: int, clips: int, seed: int, away_s: float
) -> Outcome:
    """Cut for so long: nothing is lost or doubled."""
    planned = calls_through(rig, library, calls, clips, seed)
    running = [asyncio.create_task(_later(call, i / calls * (away_s + 3))) for i, call in enumerate(planned)]
    await asyncio.sleep(BEFORE_S)
    await _cut(proxy, away_s)
    said, whole = await _score(await asyncio.gather(*running), library)
    return Outcome(f"database away for {away_s:.0f} s: {said}", whole)


async def redis(
    rig: Rig, proxy: FaultProxy, library: Library, calls: int, clips: int, seed: int, away_s: float
) -> Outcome:
    """Slow for so long, then cut for so long: calls do not notice, and who watches is told again when it is back."""
    planned = calls_through(rig, library, calls, clips, seed)
    watcher = Watcher(rig.url)
    watching = asyncio.create_task(watcher.run())
    whole_s = BEFORE_S + 2 * away_s + BACK_WITHIN_S
    running = [asyncio.create_task(_later(call, 1 + i / calls * whole_s)) for i, call in enumerate(planned)]
    marks = [time.monotonic()]
    await asyncio.sleep(BEFORE_S)
    marks.append(time.monotonic())
    proxy.delay_s = SLOW_S
    await asyncio.sleep(away_s)
    proxy.delay_s = 0.0
    marks.append(time.monotonic())
    await _cut(proxy, away_s)
    marks.append(time.monotonic())
    reports = await asyncio.gather(*running)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    before, slow, away, back = (
        sum(a <= at < b for at in watcher.updates) for a, b in zip(marks, [*marks[1:], float("inf")], strict=True)
    )
    back_s = min((at - marks[-1] for at in watcher.updates if at >= marks[-1]), default=float("inf"))
    said, whole = await _score(reports, library)
    told = f"a watcher's updates before {before}, slow {slow}, away {away}, back {back} after {back_s:.1f} s"
    return Outcome(
        f"redis slow for {away_s:.0f} s, then away for {away_s:.0f} s: {said}; {told}, its socket closed with "
        f"{watcher.closed}",
        whole and back_s < BACK_WITHIN_S,
    )


async def _later(call: SimulatedCall, wait_s: float) -> CallReport:
    """Some are on the line when it happens, the others call meanwhile."""
    await asyncio.sleep(wait_s)
    return await call.run()


async def _cut(proxy: FaultProxy, away_s: float) -> None:
    proxy.refusing = True
    proxy.cut()
    await asyncio.sleep(away_s)
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
    said = (
        f"{calls} calls, {total.words} words, lost {total.lost}, added {total.added}; "
        f"frame delay p99 of the worst call {max(delays_ms):.1f} ms"
    )
    return said, total.kept
