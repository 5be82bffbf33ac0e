"""``manage.py loadtest --calls N --seconds S``: how many calls a core of this server bears, with every word counted.

Starts the Speech emulator and the server, the server on the first processor alone, the load and the emulator on the
others; loopback only. A run counts only when the sender was in time and every call's words and recording are there:
otherwise exit code 1.
"""

from __future__ import annotations

import asyncio
import os
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.call_records import is_recorded, record_of, score_of
from calls.lab.call_report import CallRefused
from calls.lab.load import Load
from calls.lab.load_figures import LoadFigures, Reading, figures, table
from calls.lab.rig import SERVERS, Rig, RigError
from calls.lab.sample_calls import library_of
from calls.storage.call_streams import call_streams
from calls.storage.models import Call
from calls.whatif.scoring import Score
from stt.emulator.recordings import Clip
from voiceapp.runtime.arguments import LONGEST_S, MOST_CALLS, decimal, seed, whole


class Command(BaseCommand):
    help = "Place many calls at once and measure what the server spends on them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--calls", type=whole(1, MOST_CALLS, "calls"), default=100)
        parser.add_argument("--seconds", type=decimal(1, LONGEST_S, "s"), default=60.0, help="Of each call.")
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Recordings with clips.tsv; default the samples.")
        parser.add_argument("--speech", nargs="+", metavar="FILE", help="Only these recordings of the folder.")
        parser.add_argument("--prefix", nargs="+", default=[""], help="Only recordings named so.")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--server", choices=sorted(SERVERS), default="daphne")
        parser.add_argument("--save", type=Path, metavar="JSON", help="Keep the figures.")
        parser.add_argument("--against", type=Path, metavar="JSON", help="Compare with figures that were kept.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["clips"] or settings.BASE_DIR / "samples"
        names = {Path(name).name for name in options["speech"] or ()}
        try:
            library = library_of(folder)
        except RigError as error:
            raise CommandError(str(error)) from error
        recordings = [
            recording
            for recording in library.recordings
            if recording.name.startswith(tuple(options["prefix"])) and (not names or recording.name in names)
        ]
        if not recordings:
            raise CommandError(f"no_recordings: {folder} has none of that name")
        call_command("migrate_once", verbosity=0)
        try:
            before = [LoadFigures.read(options["against"])] if options["against"] else []
            run = measure(options["server"], folder, recordings, options["calls"], options["seconds"], options["seed"])
        except (RigError, CallRefused, OSError, ValueError, TypeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(table([*before, run]))
        for old in before:
            self.stdout.write(f"CPU a call: {run.cpu_ms_s / old.cpu_ms_s:.2f} × the kept run's")
        if options["save"]:
            run.save(options["save"])
        if run.problems:
            raise CommandError("; ".join(run.problems))


def measure(server: str, folder: Path, recordings: list[Clip], calls: int, seconds: float, seed: int) -> LoadFigures:
    """One run against a server of one's own. Raises RigError, CallRefused, OSError."""
    processors = sorted(os.sched_getaffinity(0))
    rig = Rig(
        folder,
        settings.VAR_DIR / "loadtest.log",
        seed=seed,
        server_command=SERVERS[server],
        server_processors=processors[:1],
        other_processors=processors[1:],
        environment={"MAX_CALLS": str(calls + 1)},
        deployed=True,
    )
    os.sched_setaffinity(0, processors[1:] or processors)
    try:
        with rig:
            return asyncio.run(_measure(server, rig, recordings, calls, seconds, seed))
    finally:
        os.sched_setaffinity(0, processors)


async def _measure(server: str, rig: Rig, recordings: list[Clip], calls: int, seconds: float, seed: int) -> LoadFigures:
    load = Load(rig.line, recordings, calls=calls, seconds=seconds, seed=seed)
    idle = Reading.of(rig)
    steady = await load.run(lambda: Reading.of(rig))
    by_name = {recording.name: recording for recording in recordings}
    total = Score(0, 0, 0, 0, 0)
    rows: list[tuple[Call, Any]] = []
    missing, metrics = 0, ""
    if server != "floor":
        metrics = await asyncio.to_thread(_metrics, rig)
        for caller in load.callers:
            call, turns = await record_of(caller.report.call_sid)
            rows.append((call, turns))
            total += score_of(caller.report, turns, by_name)
            missing += not all(is_recorded(stream) for stream in call_streams(call.streams))
    return figures(server, load, idle, steady, rows, total, missing, metrics)


def _metrics(rig: Rig) -> str:
    with urllib.request.urlopen(f"{rig.url}/metrics", timeout=5) as response:  # noqa: S310 - loopback
        return str(response.read().decode())
