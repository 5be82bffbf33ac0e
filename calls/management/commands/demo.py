"""``manage.py demo [--once]``: sample Hebrew calls through the whole path, shown as they are heard.

Starts the Speech emulator and the server as processes of their own, calls the server as Twilio would, and counts the
words of the recordings against what was kept. Exit code 1 when one is missing.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import websockets
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.models import Call
from calls.scoring import Score, ScoredTurn, TrueWord, percentile, score
from calls.simulator import CallReport, Line, SimulatedCall
from stt.emulator.recordings import Library, Recording

START_TIMEOUT_S = 30.0
RECORD_TIMEOUT_S = 20.0
STAGGER_S = 1.2
USER = "demo"


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of samples/calls.json."""

    name: str
    title: str
    from_number: str
    clips: tuple[Path, ...]
    pauses_s: tuple[float, ...]


class Command(BaseCommand):
    help = "Place sample Hebrew calls and show how they are heard."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="End after the calls, with 0 when no word is missing.")
        parser.add_argument("--only", metavar="NAME", help="Only this one of samples/calls.json.")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Another folder of recordings, in calls of ten.")
        parser.add_argument("--prefix", nargs="+", default=[""], help="With --clips: only recordings named so.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["clips"] or settings.BASE_DIR / "samples"
        library = Library([folder])
        processes: list[subprocess.Popen[str]] = []
        log = settings.VAR_DIR / "demo.log"
        try:
            with log.open("w") as errors:
                emulator = _start(["speech_emulator", "--clips", str(folder), "--seed", str(options["seed"])], errors)
                processes.append(emulator)
                port = _free_port(settings.PORT)
                url = f"http://127.0.0.1:{port}"
                server = _start(
                    ["serve", "--host", "127.0.0.1", "--port", str(port)],
                    errors,
                    STT_EMULATOR_HOST=_address(emulator),
                    PUBLIC_URL=url,
                )
                processes.append(server)
                password = secrets.token_urlsafe(9)
                cookie = _login(password)
                _wait_until_ready(url, server, log)
                line = Line(url, url, settings.TWILIO_AUTH_TOKEN)
                if options["clips"]:
                    samples = _calls_of_ten(folder, library, tuple(options["prefix"]))
                else:
                    samples = _samples(folder, options["only"])
                complete = asyncio.run(self._demo(line, samples, library, cookie, options["seed"]))
                self.stdout.write(f"\nserver log: {log}")
                if options["once"]:
                    if not complete:
                        raise CommandError("words_missing: not every word of the recordings was kept")
                    return
                self.stdout.write(f"admin: {url}/admin/   login: {USER}   password: {password}\nCtrl-C ends.")
                server.wait()
        except KeyboardInterrupt:
            self.stdout.write("\nending")
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait(RECORD_TIMEOUT_S)

    async def _demo(self, line: Line, samples: list[Sample], library: Library, cookie: str, seed: int) -> bool:
        names: dict[str, str] = {}
        async with websockets.connect(
            line.base_url.replace("http", "ws") + "/ws/live/",
            additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
            origin=line.base_url,  # type: ignore[arg-type]
        ) as watching:
            shown = asyncio.create_task(self._show(watching, names))
            calls = [self._call(line, sample, i * STAGGER_S, seed + i, names) for i, sample in enumerate(samples)]
            reports = await asyncio.gather(*calls)
            rows = [await _record(report.call_sid) for report in reports]
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
        return self._summary(samples, reports, rows, library)

    async def _call(self, line: Line, sample: Sample, delay_s: float, seed: int, names: dict[str, str]) -> CallReport:
        await asyncio.sleep(delay_s)
        call_sid = "CA" + secrets.token_hex(16)
        names[call_sid] = sample.name
        self.stdout.write(f"{sample.name:>10}  calling: {sample.title}")
        return await SimulatedCall(
            line,
            sample.clips,
            pauses_s=sample.pauses_s,
            seed=seed,
            from_number=sample.from_number,
            call_sid=call_sid,
        ).run()

    async def _show(self, watching: Any, names: dict[str, str]) -> None:
        async for text in watching:
            update = json.loads(text)
            name = names.get(update["call"], "")
            if update["kind"] == "partial":
                self.stdout.write(f"{name:>10}  … {update['text']}")
            elif update["kind"] == "turn":
                late = " (revised)" if update["revision"] else ""
                latency = f"partial {_ms(update['partial_ms'])}, final {_ms(update['final_ms'])}"
                self.stdout.write(
                    f"{name:>10}  {update['number']}. {update['text']}   "
                    f"[LATENCY] {update['source']}{late}: {latency}, emulated"
                )

    def _summary(self, samples: list[Sample], reports: list[CallReport], rows: list[Call], library: Library) -> bool:
        by_name = {recording.name: recording for recording in library.recordings}
        total = Score(0, 0, 0, 0, 0)
        turns: list[ScoredTurn] = []
        partials: list[int] = []
        self.stdout.write(f"\n{'call':>10}  turns  words  lost  added  misplaced  acted on wrong  sources")
        for sample, report, row in zip(samples, reports, rows, strict=True):
            mine = [_scored(turn) for turn in row.turns.all()]
            partials += [turn.partial_ms for turn in row.turns.all() if turn.partial_ms is not None]
            result = score(_said(report, by_name), mine)
            sources = ", ".join(f"{n} {source}" for source, n in Counter(turn.source for turn in mine).items())
            self.stdout.write(_row(sample.name, len(mine), result) + sources)
            total += result
            turns += mine
        self.stdout.write(_row("all", len(turns), total))
        finals = [turn.final_ms for turn in turns if turn.final_ms is not None]
        for what, values in (("partial", partials), ("final", finals)):
            self.stdout.write(f"emulated {what}_ms: p50 {percentile(values, 0.5)}, p95 {percentile(values, 0.95)}")
        self.stdout.write("total_ms: no responder answers yet: turns are handed over")
        return total.words > 0 and total.kept


def _start(arguments: list[str], errors: Any, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own commands
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        # Ctrl-C is for the demo, which ends its processes itself.
        start_new_session=True,
    )


def _address(emulator: subprocess.Popen[str]) -> str:
    assert emulator.stdout is not None  # noqa: S101 - it is a pipe
    line = emulator.stdout.readline()
    if "listening on" not in line:
        raise CommandError("emulator_failed: the Speech emulator did not start; see demo.log")
    return line.split()[-1]


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.close()
            with socket.socket() as other:
                other.bind(("127.0.0.1", 0))
                return int(other.getsockname()[1])
    return wanted


def _wait_until_ready(url: str, server: subprocess.Popen[str], log: Path) -> None:
    for _ in range(int(START_TIMEOUT_S / 0.1)):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError):
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise CommandError(f"server_failed: the server did not start; see {log}")


def _login(password: str) -> str:
    """The demo's user with a fresh password, and a session of theirs."""
    user, _ = get_user_model().objects.get_or_create(username=USER, defaults={"is_staff": True, "is_superuser": True})
    user.set_password(password)
    user.save()
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _samples(folder: Path, only: str | None) -> list[Sample]:
    samples = [
        Sample(
            call["name"],
            call["title_he"],
            call["from"],
            tuple(folder / clip for clip in call["clips"]),
            tuple(call["pauses_s"]),
        )
        for call in json.loads((folder / "calls.json").read_text("utf-8"))
        if only in (None, call["name"])
    ]
    if not samples:
        raise CommandError(f"unknown_sample: samples/calls.json has no {only}")
    return samples


def _calls_of_ten(folder: Path, library: Library, prefixes: tuple[str, ...]) -> list[Sample]:
    names = sorted(recording.name for recording in library.recordings if recording.name.startswith(prefixes))
    if not names:
        raise CommandError(f"no_recordings: {folder} has none of that name")
    return [
        Sample(
            f"call {i // 10 + 1}",
            names[i],
            f"+9725012345{i:02}",
            tuple(folder / name for name in names[i : i + 10]),
            (0.9,),
        )
        for i in range(0, len(names), 10)
    ]


async def _record(call_sid: str) -> Call:
    """The call's row once it is complete."""

    def complete() -> Call | None:
        return Call.objects.filter(call_sid=call_sid, ended_at__isnull=False).prefetch_related("turns").first()

    for _ in range(int(RECORD_TIMEOUT_S / 0.2)):
        call = await database_sync_to_async(complete)()
        if call is not None:
            return call
        await asyncio.sleep(0.2)
    raise CommandError(f"record_missing: call {call_sid} was not closed")


def _said(report: CallReport, recordings: dict[str, Recording]) -> list[TrueWord]:
    return [
        TrueWord(word.text, word.start_ms + start_ms, word.end_ms + start_ms)
        for name, start_ms, _ in report.played
        for word in recordings[name].words
    ]


def _scored(turn: Any) -> ScoredTurn:
    return ScoredTurn(turn.started_ms, turn.ended_ms, turn.text, turn.heard_text, turn.final_ms, turn.source)


def _row(name: str, turns: int, result: Score) -> str:
    return (
        f"{name:>10}  {turns:5}  {result.words:5}  {result.lost:4}  {result.added:5}  {result.misplaced:9}"
        f"  {result.acted_wrong:14}  "
    )


def _ms(value: int | None) -> str:
    return "n/a" if value is None else f"{value} ms"
