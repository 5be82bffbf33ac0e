"""This project against the practical floor, in one run: ``python -m benchmarks.load_table --calls 100 --rounds 3``

Each round plays the same calls to the floor (benchmarks/floor_server.py), to this project under daphne and to it under
uvicorn, each alone on the first processor. Prints every run, the medians and the ratios. Give it a VAR_DIR of its own,
as ``manage.py loadtest``: what they play is kept as calls are.
"""

from __future__ import annotations

import argparse
from statistics import median

import django

from tests.paths import SAMPLES

SERVERS = ("floor", "daphne", "uvicorn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, nargs="+", default=[100], help="Several: one table each.")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    options = parser.parse_args()
    django.setup()
    from django.core.management import call_command

    from calls.lab.load_figures import table
    from calls.management.commands.loadtest import measure
    from stt.emulator.recordings import Library

    call_command("migrate_once", verbosity=0)
    recordings = Library([SAMPLES]).recordings
    for calls in options.calls:
        runs = []
        for turn in range(options.rounds):
            for server in options.servers:
                run, _ = measure(server, SAMPLES, recordings, calls, options.seconds, seed=turn + 1)
                print(table([run]) if not runs else table([run]).split("\n")[1], flush=True)
                for problem in run.problems:
                    print(f"  does not count: {problem}")
                runs.append(run)
        for server in options.servers:
            of_one = [run.cpu_ms_s for run in runs if run.server == server and not run.problems]
            if of_one:
                print(f"{server}: {median(of_one):.2f} ms/s a call, {1000 / median(of_one):.0f} calls a core")


if __name__ == "__main__":
    main()
