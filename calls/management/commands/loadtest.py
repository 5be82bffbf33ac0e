"""``manage.py loadtest --calls N --seconds S``: how many calls a core of this server bears, with every word counted.

Starts the Speech emulator and the server, the server on the first processor alone, the load and the emulator on the
others; loopback only. A run counts only when the sender was in time and every call's words and recording are there:
otherwise exit code 1.

With ``--converse`` the line answers each of the calls, with a sentence of its phrase cache, and as many more as
``--listening`` says are only heard: what answering costs a call's own frames is seen in one run. With ``--interrupt``
too each caller speaks over the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.core.agent_turns import AGENT
from calls.lab.answer_figures import ConversingFigures, MeasuredCall, answer_figures
from calls.lab.call_records import is_recorded, record_of, score_of
from calls.lab.call_report import CallRefused, Line
from calls.lab.conversing_caller import ConversingCaller
from calls.lab.emulator.tts import TtsEmulator, TtsOptions
from calls.lab.load import Load
from calls.lab.load_figures import LoadFigures, Reading, bucket_ms, figures, table
from calls.lab.load_line import ANSWERED_MS, INTERRUPTED_MS, NUMBER, conversing_line
from calls.lab.rig import SERVERS, Rig, RigError, free_port
from calls.lab.sample_calls import library_of
from calls.storage.call_streams import call_streams
from calls.storage.models import Call
from calls.whatif.scoring import Score
from stt.emulator.recordings import Clip
from voiceapp.runtime.arguments import LONGEST_S, MOST_CALLS, decimal, seed, whole


class Command(BaseCommand):
    help = "Place many calls at once and measure what the server spends on them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--calls", type=whole(1, MOST_CALLS, "calls"), default=100)
        parser.add_argument("--seconds", type=decimal(1, LONGEST_S, "s"), default=60.0, help="Of each call.")
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Recordings with clips.tsv; default the samples.")
        parser.add_argument("--speech", nargs="+", metavar="FILE", help="Only these recordings of the folder.")
        parser.add_argument("--prefix", nargs="+", default=[""], help="Only recordings named so.")
        parser.add_argument("--converse", action="store_true", help="Answer each of the calls.")
        parser.add_argument(
            "--listening",
            type=whole(0, MOST_CALLS, "calls"),
            default=10,
            help="With --converse: more calls, only heard.",
        )
        parser.add_argument("--interrupt", action="store_true", help="With --converse: speak over each answer.")
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
            with conversing_line() if options["converse"] else contextlib.nullcontext():
                run, answers = measure(
                    options["server"],
                    folder,
                    recordings,
                    options["calls"],
                    options["seconds"],
                    options["seed"],
                    listening=options["listening"] if options["converse"] else None,
                    pause_ms=INTERRUPTED_MS if options["interrupt"] else ANSWERED_MS,
                )
        except (RigError, CallRefused, OSError, ValueError, TypeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(table([*before, run]))
        for old in before:
            self.stdout.write(f"CPU a call: {run.cpu_ms_s / old.cpu_ms_s:.2f} × the kept run's")
        problems = list(run.problems)
        if answers is not None:
            self.stdout.write(answers.text())
            problems += answers.problems
        if options["save"]:
            run.save(options["save"])
        if problems:
            raise CommandError("; ".join(problems))


def measure(
    server: str,
    folder: Path,
    recordings: list[Clip],
    calls: int,
    seconds: float,
    seed: int,
    *,
    listening: int | None = None,
    pause_ms: int = ANSWERED_MS,
) -> tuple[LoadFigures, ConversingFigures | None]:
    """One run against a server of one's own. ``listening``: so many calls beside those, which converse; None: no call
    does. ``pause_ms``: between what a conversing caller says. Raises RigError, CallRefused, OSError."""
    processors = sorted(os.sched_getaffinity(0))
    speech_port = free_port() if listening is not None else 0
    environment = {"TTS_EMULATOR_HOST": f"127.0.0.1:{speech_port}"} if speech_port else {}
    rig = Rig(
        folder,
        settings.VAR_DIR / "loadtest.log",
        seed=seed,
        server_command=SERVERS[server],
        server_processors=processors[:1],
        other_processors=processors[1:],
        environment={"MAX_CALLS": str(calls + (listening or 0) + 1), **environment},
        deployed=True,
    )
    os.sched_setaffinity(0, processors[1:] or processors)
    try:
        with rig:
            load = _load(rig.line, recordings, calls, seconds, seed, listening, pause_ms)
            return asyncio.run(_measure(server, rig, load, recordings, speech_port))
    finally:
        os.sched_setaffinity(0, processors)


def _load(
    line: Line, recordings: list[Clip], calls: int, seconds: float, seed: int, listening: int | None, pause_ms: int
) -> Load:
    if listening is None:
        return Load(line, recordings, calls=calls, seconds=seconds, seed=seed)
    total = calls + listening
    # Those that are only heard stand evenly between the others, for the pacer goes through them by their order.
    heard = {index * total // listening for index in range(listening)}
    kind = ConversingCaller, replace(line, to_number=NUMBER)
    kinds = {index: kind for index in range(total) if index not in heard}
    return Load(line, recordings, calls=total, seconds=seconds, seed=seed, pause_ms=pause_ms, kinds=kinds)


async def _measure(
    server: str, rig: Rig, load: Load, recordings: list[Clip], speech_port: int
) -> tuple[LoadFigures, ConversingFigures | None]:
    idle = Reading.of(rig)
    async with TtsEmulator(TtsOptions(port=speech_port)) if speech_port else contextlib.nullcontext():
        steady = await load.run(lambda: Reading.of(rig))
    by_name = {recording.name: recording for recording in recordings}
    total = Score(0, 0, 0, 0, 0)
    rows: list[tuple[Call, Any]] = []
    conversations = []
    missing, metrics = 0, ""
    if server != "floor":
        metrics = await asyncio.to_thread(_metrics, rig)
        for caller in load.callers:
            call, turns = await record_of(caller.report.call_sid)
            rows.append((call, turns))
            total += score_of(caller.report, turns, by_name)
            missing += not all(is_recorded(stream) for stream in call_streams(call.streams))
            answers = [turn async for turn in call.turns.filter(speaker=AGENT)]
            conversations.append(MeasuredCall(caller, call.frame_delay_ms, turns, answers))
    found = figures(server, load, idle, steady, rows, total, missing, metrics)
    clear_p99_ms = bucket_ms(metrics, "voiceapp_clear_seconds", 0.99) if metrics else None
    return found, answer_figures(conversations, steady, clear_p99_ms) if speech_port else None


def _metrics(rig: Rig) -> str:
    with urllib.request.urlopen(f"{rig.url}/metrics", timeout=5) as response:  # noqa: S310 - loopback
        return str(response.read().decode())
