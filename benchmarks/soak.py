"""Does a server stay as it is? ``python -m benchmarks.soak --calls 100 --minutes 60``

Calls of a minute, one lot after the other, against one server; after each its memory, threads and files, and the words.
A call that lost or doubled one is named, with what it said: its turns, recording and trace are in VAR_DIR.
"""

from __future__ import annotations

import argparse
import asyncio
import time

import django
import psutil

from tests.paths import SAMPLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--call-seconds", type=float, default=60.0)
    options = parser.parse_args()
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from calls.lab.rig import Rig
    from stt.emulator.recordings import Library

    call_command("migrate_once", verbosity=0)
    with Rig(
        SAMPLES, settings.VAR_DIR / "soak.log", environment={"MAX_CALLS": str(options.calls + 1)}, deployed=True
    ) as rig:
        print("minute  calls   words  lost  added  memory MB  threads  files  memory idle MB", flush=True)
        asyncio.run(_soak(rig, Library([SAMPLES]).recordings, options))


async def _soak(rig, recordings, options) -> None:
    from calls.lab.call_records import record_of, score_of
    from calls.lab.load import Load
    from calls.whatif.scoring import Score

    server = psutil.Process(rig.server.pid)
    by_name = {recording.name: recording for recording in recordings}
    began_s, calls, total = time.monotonic(), 0, Score(0, 0, 0, 0, 0)
    while (minute := (time.monotonic() - began_s) / 60) < options.minutes:
        load = Load(rig.line, recordings, calls=options.calls, seconds=options.call_seconds, seed=calls)
        _, busy = await load.run(lambda: (server.memory_info().rss, server.num_threads(), server.num_fds()))
        for caller in load.callers:
            _, turns = await record_of(caller.report.call_sid)
            score = score_of(caller.report, turns, by_name)
            total += score
            if score.lost or score.added:
                print(f"{caller.report.call_sid}: {score}; said {caller.report.played}", flush=True)
        calls += options.calls
        memory, threads, files = busy
        print(
            f"{minute:6.1f} {calls:6} {total.words:7} {total.lost:5} {total.added:6} {memory / 1e6:10.0f} {threads:8}"
            f" {files:6} {server.memory_info().rss / 1e6:10.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
