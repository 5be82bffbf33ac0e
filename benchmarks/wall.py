"""``python -m benchmarks.wall [--calls 200] [--seconds 30]``: what the wall costs the browser, and the calls.

A server and Chromium with the wall open; so many made-up calls are published through the channel layer as two
processes would: each speaks for 3 s with a partial five times a second, is a turn, and listens for 1.4 s. Says the
share of a core that Chromium's processes took (CDP's SystemInfo), and how many messages came. ``--real N``: N of the
calls are real ones of the load generator; says their frames' delay and words, with and without the wall. ``--pages``:
the wall is served by a process that hears no call. Needs a Redis (REDIS_URL).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import time
from datetime import UTC, datetime
from typing import Any

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from django.conf import settings  # noqa: E402
from playwright.async_api import async_playwright  # noqa: E402

from calls.core.frame_delays import merged_percentile  # noqa: E402
from calls.lab.browser import CHROMIUM_ARGUMENTS, find_chromium  # noqa: E402
from calls.lab.call_records import record_of, score_of  # noqa: E402
from calls.lab.load import Load  # noqa: E402
from calls.lab.own_database import USER, own_database, read_own_database  # noqa: E402
from calls.lab.rig import Rig, free_port  # noqa: E402
from calls.process.live_updates import LiveUpdates  # noqa: E402
from calls.whatif.scoring import Score  # noqa: E402
from stt.emulator.recordings import Library  # noqa: E402
from voiceapp.runtime.percentile import percentile  # noqa: E402

WORDS = "שלום אני מתקשר בקשר לדירה ברמת גן כמה חדרים יש בה והאם יש חנייה ומעלית תודה רבה".split()
SPEAKS, CYCLE = 15, 22
"""Fifths of a second."""
SETTLE_S = 5.0
COUNT_CARDS = """() => {
  window.mostCards = 0;
  const count = () => { window.mostCards = Math.max(window.mostCards, document.querySelectorAll(".card").length); };
  setInterval(count, 1000);
}"""
PASSWORD = "wall"  # noqa: S105 - of a server that lives for a minute


async def speak(calls: int, until_s: float) -> int:
    """Publish what ``calls`` calls would, each fifth of a second; how many updates that were."""
    updates = LiveUpdates()
    sids = [f"CA{number:032x}" for number in range(calls)]
    for number, sid in enumerate(sids):
        updates.publish(
            {
                "kind": "call",
                "call": sid,
                "state": "started",
                "from": f"+97250{number:07}",
                "to": "+97235550100",
                "started_at": datetime.now(UTC).isoformat(),
                "process": f"made-up:{number % 2}",
            }
        )
    published, step = calls, 0
    while time.monotonic() < until_s:
        began_s = time.monotonic()
        looks = {}
        for number, sid in enumerate(sids):
            at = (step + 7 * number) % CYCLE
            turn = (step + 7 * number) // CYCLE + 1
            looks[sid] = ["speaking" if at < SPEAKS else "listening", "stream"]
            if at < SPEAKS:
                update = {"kind": "partial", "call": sid, "number": turn, "text": " ".join(WORDS[: at + 1])}
            elif at == SPEAKS:
                update = {"kind": "turn", "call": sid, "number": turn, "text": " ".join(WORDS), "final_ms": 700}
            else:
                continue
            updates.publish(update)
            published += 1
            if at in (0, SPEAKS):
                updates.publish({"kind": "state", "call": sid, "shows": looks[sid][0], "hears": "stream"})
        if step % 5 == 0:
            for process in range(2):
                mine = dict(list(looks.items())[process::2])
                name = f"made-up:{process}"
                updates.publish(
                    {
                        "kind": "process",
                        "call": name,
                        "process": name,
                        "calls": mine,
                        "lag_ms": 1.0,
                        "recogniser": "up",
                        "alarms": [],
                    }
                )
        step += 1
        await asyncio.sleep(max(0.0, began_s + 0.2 - time.monotonic()))
    return published


async def cpu_seconds(session: Any) -> dict[str, float]:
    info = await session.send("SystemInfo.getProcessInfo")
    spent: dict[str, float] = {}
    for process in info["processInfo"]:
        spent[process["type"]] = spent.get(process["type"], 0.0) + process["cpuTime"]
    return spent


async def calls_beside(rig: Rig, count: int, seconds: float, browser: psutil.Process | None) -> str:
    """Real calls, all at once: their frames' delays, their words, and what the browser took of a core meanwhile."""
    recordings = Library([settings.BASE_DIR / "samples"]).recordings
    load = Load(rig.line, recordings, calls=count, seconds=seconds, seed=1)
    before, after = await load.run(lambda: (time.monotonic(), chromium_s(browser)))
    by_name = {recording.name: recording for recording in recordings}
    delays, worst_ms, total = [], 0.0, Score(0, 0, 0, 0, 0)
    for caller in load.callers:
        call, turns = await record_of(caller.report.call_sid)
        total += score_of(caller.report, turns, by_name)
        delays.append(call.frame_delay_ms["counts"])
        worst_ms = max(worst_ms, call.frame_delay_ms["p99"])
    p50, p99, p999 = (merged_percentile(delays, share) for share in (0.5, 0.99, 0.999))
    share = (after[1] - before[1]) / (after[0] - before[0])
    return (
        f"frame delay p50 {p50} p99 {p99} p99.9 {p999} ms, the worst call's p99 {worst_ms} ms; {total.words} words, "
        f"{total.lost} lost, {total.added} added; sender late p99 {percentile(load.late_ms, 0.99):.1f} ms; "
        f"Chromium {share:.1%} of a core"
    )


def chromium_s(browser: psutil.Process | None) -> float:
    """CPU time of its processes so far."""
    processes = [browser, *browser.children(recursive=True)] if browser is not None else []
    return sum(process.cpu_times().user + process.cpu_times().system for process in processes)


async def measure_calls(rig: Rig, url: str, count: int, made_up: int, seconds: float) -> None:
    """The same real calls with nobody watching, and on a wall at ``url``, beside made-up ones."""
    print(f"{count} real calls, nobody watches: {await calls_beside(rig, count, seconds, None)}", flush=True)
    async with async_playwright() as playwright:
        mine = {process.pid for process in psutil.Process().children(recursive=True)}
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        page = await browser.new_page(locale="he-IL")
        await on_the_wall(page, url)
        chromium = next(
            process
            for process in psutil.Process().children(recursive=True)
            if process.pid not in mine and "chromium" in process.name() and "--type=" not in " ".join(process.cmdline())
        )
        await page.evaluate(COUNT_CARDS)
        speaking = asyncio.create_task(speak(made_up, math.inf))
        beside = await calls_beside(rig, count, seconds, chromium)
        speaking.cancel()
        await asyncio.wait({speaking})
        most = await page.evaluate("window.mostCards")
        print(f"{count} real calls on a wall of {most}: {beside}", flush=True)
        await browser.close()


def pages_of(rig: Rig) -> str:
    """The address of a second server, beside the callers, which hears no call. Chromium speaks plain HTTP to it."""
    port = free_port()
    rig.deployed, rig.environment["DEBUG"] = False, "1"
    server = rig.serve(port)
    rig.deployed = True
    for thread in psutil.Process(server.pid).threads():
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(thread.id, rig.other_processors)
    return f"http://127.0.0.1:{port}"


async def on_the_wall(page: Any, url: str) -> None:
    await page.goto(f"{url}/admin/login/?next=/console/")
    await page.fill("#id_username", USER)
    await page.fill("#id_password", PASSWORD)
    await page.press("#id_password", "Enter")
    await page.wait_for_selector('#link[data-link="live"]')


async def measure(rig: Rig, calls: int, seconds: float) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        page = await browser.new_page(locale="he-IL")
        messages: list[Any] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: messages.append(frame)))
        await on_the_wall(page, rig.url)
        speaking = asyncio.create_task(speak(calls, time.monotonic() + SETTLE_S + seconds + 1))
        await page.wait_for_function(f"() => document.querySelectorAll('.card').length === {calls}")
        await asyncio.sleep(SETTLE_S)
        session = await browser.new_browser_cdp_session()
        before, came, began_s = await cpu_seconds(session), len(messages), time.monotonic()
        await asyncio.sleep(seconds)
        after, took_s = await cpu_seconds(session), time.monotonic() - began_s
        came = len(messages) - came
        published = await speaking
        shares = ", ".join(
            f"{kind} {100 * (after[kind] - before.get(kind, 0)) / took_s:.1f} %" for kind in sorted(after)
        )
        print(
            f"{calls} calls, {took_s:.0f} s: {came / took_s:.1f} messages/s, {published} updates; of a core: {shares}"
        )
        await browser.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument(
        "--real", type=int, default=0, metavar="N", help="So many of the calls are real ones of the load generator."
    )
    arguments.add_argument("--pages", action="store_true", help="The wall is served by a process that hears no call.")
    options = arguments.parse_args()
    if not settings.REDIS_URL:
        arguments.error("set REDIS_URL: made-up calls come from another process than the server")
    if options.pages and not options.real:
        arguments.error("--pages is for --real calls: made-up ones are heard by nobody")
    with own_database(PASSWORD) as environment, contextlib.ExitStack() as stack:
        log = settings.VAR_DIR / "wall.log"
        environment = {**environment, "MAX_CALLS": str(options.real + 1)}
        if options.pages:
            del environment["DEBUG"]
        read_own_database()
        # The server has a core of its own; callers, recogniser and Chromium are other machines.
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[1:] or processors)
        rig = Rig(
            settings.BASE_DIR / "samples",
            log,
            environment=environment,
            deployed=options.pages,
            server_processors=processors[:1],
            other_processors=processors[1:],
        )
        stack.enter_context(rig)
        if options.real:
            url = pages_of(rig) if options.pages else rig.url
            asyncio.run(measure_calls(rig, url, options.real, options.calls - options.real, options.seconds))
        else:
            asyncio.run(measure(rig, options.calls, options.seconds))


if __name__ == "__main__":
    main()
