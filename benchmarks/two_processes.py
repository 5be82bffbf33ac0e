"""Do two processes behind nginx carry twice one? ``python -m benchmarks.two_processes --calls 40``

First one process with so many calls, then two behind nginx with twice as many; the CPU of a call in each. Two that do
not cost a call more than one carry twice as much as soon as each has a processor: here they share two with the load,
the emulator and nginx.
"""

from __future__ import annotations

import argparse
import asyncio

import django
import psutil

from tests.paths import SAMPLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=40, help="A process.")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    django.setup()
    from django.conf import settings

    from calls.lab.balancer import BalancedRig
    from calls.lab.rig import Rig
    from stt.emulator.recordings import Library

    recordings = Library([SAMPLES]).recordings
    log = settings.VAR_DIR / "two_processes.log"
    for turn in range(options.rounds):
        with Rig(SAMPLES, log) as rig:
            assert rig.server is not None
            one = asyncio.run(_cost(rig, [rig.server.pid], recordings, options.calls, options.seconds, turn))
        with BalancedRig(SAMPLES, log) as pair:
            pids = [server.pid for server in pair.servers]
            two = asyncio.run(_cost(pair, pids, recordings, 2 * options.calls, options.seconds, turn))
        print(f"one process, {options.calls} calls: {one[0]:.2f} ms/s a call, {one[1]} words missing", flush=True)
        shares = "two processes, {} calls: {:.2f} ms/s a call ({:.2f} of one's), {} words missing"
        print(shares.format(2 * options.calls, two[0], two[0] / one[0], two[1]), flush=True)


async def _cost(rig, pids, recordings, calls, seconds, seed):
    """CPU of a call in ms/s, and the words that were lost or added."""
    from calls.lab.call_records import record_of, score_of
    from calls.lab.load import Load

    load = Load(rig.line, recordings, calls=calls, seconds=seconds, seed=seed)

    def read():
        times = [psutil.Process(pid).cpu_times() for pid in pids]
        return asyncio.get_running_loop().time(), sum(one.user + one.system for one in times)

    before, after = await load.run(read)
    by_name = {recording.name: recording for recording in recordings}
    missing = 0
    for caller in load.callers:
        _, turns = await record_of(caller.report.call_sid)
        score = score_of(caller.report, turns, by_name)
        missing += score.lost + score.added
    return (after[1] - before[1]) * 1000 / (after[0] - before[0]) / calls, missing


if __name__ == "__main__":
    main()
