"""A hundred calls whose engine fails them all at once, over real sockets: ``python -m benchmarks.failover_load``

A server with two engines, each at an emulator of its own (calls/lab/second_engine.py); in the middle of the calls the
first one's connections are reset and refused from then on (``--how killed``: its process is killed). Printed are the
streams that the second engine opened in the fullest second, the loop's lag, frame delays and the words. *Emulated*, and
the load and both emulators share the machine with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from datetime import timedelta

import django

from tests.paths import SAMPLES
from voiceapp.runtime.percentile import percentile

WINDOW = timedelta(seconds=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=40.0, help="Of each call.")
    parser.add_argument("--after", type=float, default=15.0, help="Seconds of steady load until the engine fails.")
    parser.add_argument("--how", choices=("refused", "killed"), default="refused")
    parser.add_argument("--lasting", action="store_true", help="Streams are not half-closed at every pause.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from calls.lab.fault_proxy import FaultProxy
    from calls.lab.rig import Rig
    from calls.management.commands.chaos import changed_profile
    from stt.emulator.recordings import Library

    call_command("migrate_once", verbosity=0)
    processors = sorted(os.sched_getaffinity(0))
    recordings = Library([SAMPLES]).recordings
    with FaultProxy() as proxy:
        rig = Rig(
            SAMPLES,
            settings.VAR_DIR / "failover_load.log",
            seed=options.seed,
            speech_host=proxy.address,
            second_engine=True,
            server_processors=processors[:1],
            other_processors=processors[1:],
            environment={"MAX_CALLS": str(options.calls + 1)},
            deployed=True,
        )
        os.sched_setaffinity(0, processors[1:] or processors)
        profile = {"engines": "google,second"} | ({"half_close_ms": 0} if options.lasting else {})
        with changed_profile(profile), rig:
            proxy.target = rig.emulator_address
            print(asyncio.run(_run(rig, proxy, recordings, options)))


async def _run(rig, proxy, recordings, options):
    from channels.db import database_sync_to_async

    from calls.core.frame_delays import merged_percentile
    from calls.lab.call_records import record_of, score_of
    from calls.lab.load import Load
    from calls.storage.models import CallEvent
    from calls.whatif.scoring import Score

    load = Load(rig.line, recordings, calls=options.calls, seconds=options.seconds, seed=options.seed)

    async def fail():
        await asyncio.sleep(options.after)
        if options.how == "killed":
            rig.emulator.kill()
        else:
            proxy.refusing = True
            proxy.cut()

    failing = []
    await load.run(lambda: failing or failing.append(asyncio.create_task(fail())))
    await failing[0]
    by_name = {recording.name: recording for recording in recordings}
    total, turns_of, calls = Score(0, 0, 0, 0, 0), [], []
    for caller in load.callers:
        call, turns = await record_of(caller.report.call_sid)
        total += score_of(caller.report, turns, by_name)
        turns_of += turns
        calls.append(call)
    changes = CallEvent.objects.filter(call__in=calls, code="engine_failed_over").order_by("at")
    opened = await database_sync_to_async(lambda: list(changes.values_list("at", flat=True)))()
    fullest = max((sum(at <= other < at + WINDOW for other in opened) for at in opened), default=0)
    lags_ms = [turn.loop_lag_ms for turn in turns_of if turn.loop_lag_ms is not None]
    finals_ms = [turn.final_ms for turn in turns_of if turn.final_ms is not None]
    delay_ms = merged_percentile((call.frame_delay_ms["counts"] for call in calls if call.frame_delay_ms), 0.99)
    seconds = (opened[-1] - opened[0]).total_seconds() if opened else 0.0
    return (
        f"{options.calls} calls, first engine {options.how}: {len(opened)} went over within {seconds:.1f} s, "
        f"{fullest} streams in the fullest second; loop lag of turns p95 {percentile(lags_ms, 0.95)} ms, "
        f"p99 {percentile(lags_ms, 0.99)} ms; frame delay p99 {delay_ms} ms; "
        f"final_ms p50 {percentile(finals_ms, 0.5)}, p95 {percentile(finals_ms, 0.95)}; "
        f"{total.words} words, {total.lost} lost, {total.added} added; "
        f"sender late p99 {percentile(load.late_ms, 0.99):.1f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
