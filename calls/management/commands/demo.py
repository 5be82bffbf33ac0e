"""``manage.py demo [--once]``: sample Hebrew calls through the whole path, shown as they are heard.

Starts the Speech emulator and the server as processes of their own, says where to look, calls the server as Twilio
would, and counts the words of the recordings against what was kept. Exit code 1 when one is missing.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import websockets
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.call_records import record_of, score_of, scored
from calls.lab.call_report import CallReport, Line
from calls.lab.demo_note import noted
from calls.lab.rig import Rig, RigError, free_port
from calls.lab.sample_calls import SampleCall, library_of, sample_calls
from calls.lab.simulator import SimulatedCall
from calls.whatif.scoring import Score, ScoredTurn
from stt.emulator.recordings import Library
from voiceapp.runtime.arguments import seed
from voiceapp.runtime.percentile import percentile

STAGGER_S = 1.2
USER = "demo"


class Command(BaseCommand):
    help = "Place sample Hebrew calls and show how they are heard."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="End after the calls, with 0 when no word is missing.")
        parser.add_argument("--only", metavar="NAME", help="Only this one of samples/calls.json.")
        parser.add_argument("--partials", action="store_true", help="Also each partial as it comes, as -v 2 does.")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Another folder of recordings, in calls of ten.")
        parser.add_argument("--prefix", nargs="+", default=[""], help="With --clips: only recordings named so.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._shows_partials = options["partials"] or options["verbosity"] > 1
        folder = options["clips"] or settings.BASE_DIR / "samples"
        rig = Rig(folder, settings.VAR_DIR / "demo.log", seed=options["seed"], port=free_port(settings.PORT))
        try:
            library = library_of(folder)
            if options["clips"]:
                samples = sample_calls(library, folder, options["prefix"])
            else:
                samples = _samples(folder, options["only"])
            with rig, noted(rig.line, settings.VAR_DIR):
                password = secrets.token_urlsafe(9)
                cookie = login(password)
                self._say_where(rig, password)
                complete = asyncio.run(self._demo(rig.line, samples, library, cookie, options["seed"]))
                if options["once"]:
                    if not complete:
                        raise CommandError("words_missing: not every word of the recordings was kept")
                    return
                self.stdout.write(
                    "\nCall it again: .venv/bin/python manage.py simulate_call samples/order_1.wav"
                    "   (any WAV; the emulator knows those of samples/)"
                )
                self._say_where(rig, password)
                self.stdout.write("Ctrl-C ends.")
                self.stdout.flush()
                assert rig.server is not None  # noqa: S101 - it has answered calls
                rig.server.wait()
                raise CommandError(f"server_failed: the server has ended; see {rig.log}")
        except RigError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nending")

    def _say_where(self, rig: Rig, password: str) -> None:
        self.stdout.write(
            f"admin:   {rig.url}/admin/\nconsole: {rig.url}/console/\n"
            f"login:   {USER}   password: {password}\nlog:     {rig.log}\n"
        )
        self.stdout.flush()

    async def _demo(self, line: Line, samples: list[SampleCall], library: Library, cookie: str, seed: int) -> bool:
        names: dict[str, str] = {}
        async with websockets.connect(
            line.base_url.replace("http", "ws") + "/ws/live/",
            additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
            origin=line.base_url,  # type: ignore[arg-type]
        ) as watching:
            shown = asyncio.create_task(self._show(watching, names))
            calls = [self._call(line, sample, i * STAGGER_S, seed + i, names) for i, sample in enumerate(samples)]
            reports = await asyncio.gather(*calls)
            rows = [await record_of(report.call_sid) for report in reports]
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
        return self._summary(samples, reports, rows, library)

    async def _call(
        self, line: Line, sample: SampleCall, delay_s: float, seed: int, names: dict[str, str]
    ) -> CallReport:
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
            for update in json.loads(text)["updates"]:
                self._show_one(update, names.get(update["call"], ""))

    def _show_one(self, update: dict[str, Any], name: str) -> None:
        if update["kind"] == "partial" and self._shows_partials:
            self.stdout.write(f"{name:>10}  … {update['text']}")
        elif update["kind"] == "turn" and update["revision"]:
            self.stdout.write(f"{name:>10}  {update['number']}. {update['text']}   (revised)")
        elif update["kind"] == "turn":
            latency = f"partial {_ms(update['partial_ms'])}, final {_ms(update['final_ms'])}"
            self.stdout.write(
                f"{name:>10}  {update['number']}. {update['text']}   [LATENCY] {update['source']}: {latency}, emulated"
            )

    def _summary(self, samples: list[SampleCall], reports: list[CallReport], rows: list[Any], library: Library) -> bool:
        by_name = {recording.name: recording for recording in library.recordings}
        total = Score(0, 0, 0, 0, 0)
        turns: list[ScoredTurn] = []
        partials: list[int] = []
        self.stdout.write(f"\n{'call':>10}  turns  words  lost  added  misplaced  acted on wrong  sources")
        for sample, report, (_, kept) in zip(samples, reports, rows, strict=True):
            mine = [scored(turn) for turn in kept]
            partials += [turn.partial_ms for turn in kept if turn.partial_ms is not None]
            result = score_of(report, kept, by_name)
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


def login(password: str) -> str:
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


def _samples(folder: Path, only: str | None) -> list[SampleCall]:
    samples = [
        SampleCall(
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


def _row(name: str, turns: int, result: Score) -> str:
    return (
        f"{name:>10}  {turns:5}  {result.words:5}  {result.lost:4}  {result.added:5}  {result.misplaced:9}"
        f"  {result.acted_wrong:14}  "
    )


def _ms(value: int | None) -> str:
    return "n/a" if value is None else f"{value} ms"
