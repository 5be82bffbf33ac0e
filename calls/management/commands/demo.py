"""``manage.py demo [--once]``: sample Hebrew calls through the whole path, shown as they are heard and answered.

Starts the emulators and the server as processes of their own, says where to look, calls the server as Twilio would, and
counts the words of the recordings against what was kept, and the answers that were kept against what the callers heard.
Exit code 1 when they differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import websockets
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.call_records import record_of, score_of, scored
from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.demo_note import noted
from calls.lab.kept_conversation import KeptConversation, kept_conversation
from calls.lab.rig import Rig, RigError, free_port
from calls.lab.sample_calls import SampleCall, library_of, sample_calls
from calls.lab.sample_conversations import (
    FOLDER,
    SampleConversation,
    put_lines,
    put_listening_line,
    sample_conversations,
)
from calls.lab.simulator import SimulatedCall
from calls.lab.told_turns import ToldTurns
from calls.lab.watching_person import session_of, watching_person
from calls.whatif.scoring import Score, ScoredTurn
from stt.emulator.recordings import Library
from voiceapp.runtime.arguments import seed
from voiceapp.runtime.percentile import percentile

STAGGER_S = 1.2
USER = "demo"
WATCHER = "demo-watcher"
"""Reads the live page for the demo, which prints what is said."""


class Command(BaseCommand):
    help = "Place sample Hebrew calls and show how they are heard."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="End after the calls, with 0 when no word is missing.")
        parser.add_argument("--only", nargs="+", metavar="NAME", help="Only these calls and conversations of samples/.")
        parser.add_argument("--partials", action="store_true", help="Also each partial as it comes, as -v 2 does.")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--clips", type=Path, metavar="DIR", help="Another folder of recordings, in calls of ten.")
        parser.add_argument("--prefix", nargs="+", default=[""], help="With --clips: only recordings named so.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._told = ToldTurns(shows_partials=options["partials"] or options["verbosity"] > 1)
        folder = options["clips"] or settings.BASE_DIR / "samples"
        conversations: list[SampleConversation] = []
        try:
            library = library_of(folder)
            if options["clips"]:
                samples = sample_calls(library, folder, options["prefix"])
            else:
                library = library_of(folder, FOLDER)
                samples, conversations = _samples(folder, options["only"])
                put_lines(conversations)
            put_listening_line()
            rig = Rig(
                folder,
                settings.VAR_DIR / "demo.log",
                more_folders=[FOLDER] if conversations else [],
                speaks=bool(conversations),
                seed=options["seed"],
                port=free_port(settings.PORT),
            )
            self.stdout.write(port_note(rig.port), ending="")
            with rig, noted(rig.line, settings.VAR_DIR, rig.environment.get("TTS_EMULATOR_HOST", "")):
                password = secrets.token_urlsafe(9)
                login(password)
                cookie = session_of(watching_person(WATCHER))
                self._say_where(rig, password)
                wrong = asyncio.run(self._demo(rig.line, samples, conversations, library, cookie, options["seed"]))
                if options["once"]:
                    if wrong:
                        raise CommandError("\n".join(wrong))
                    return
                self.stdout.write(
                    f"\nCall it again: .venv/bin/python manage.py simulate_call {_again(conversations)}"
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
        except CallRefused as error:
            said = (
                f"call_refused: {error.code}: the demo's own server took no call, which a busy machine does: try again"
            )
            raise CommandError(f"{said}; its log is {settings.VAR_DIR / 'demo.log'}") from error
        except KeyboardInterrupt:
            self.stdout.write("\nending")

    def _say_where(self, rig: Rig, password: str) -> None:
        self.stdout.write(
            f"admin:   {rig.url}/admin/\nconsole: {rig.url}/console/\n"
            f"login:   {USER}   password: {password}\nlog:     {rig.log}\n"
        )
        self.stdout.flush()

    async def _demo(
        self,
        line: Line,
        samples: list[SampleCall],
        conversations: list[SampleConversation],
        library: Library,
        cookie: str,
        seed: int,
    ) -> list[str]:
        """What is wrong, a sentence each."""
        names: dict[str, str] = {}
        async with websockets.connect(
            line.base_url.replace("http", "ws") + "/ws/live/",
            additional_headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
            origin=line.base_url,  # type: ignore[arg-type]
        ) as watching:
            shown = asyncio.create_task(self._show(watching, names))
            # The conversations are the longest.
            calls = [self._converse(line, one, seed + i, names) for i, one in enumerate(conversations)]
            calls += [self._call(line, sample, i * STAGGER_S, seed + i, names) for i, sample in enumerate(samples)]
            reports = await asyncio.gather(*calls)
            kept = [await kept_conversation(one, report) for one, report in zip(conversations, reports, strict=False)]
            rows = [await record_of(report.call_sid) for report in reports]
            shown.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await shown
        for one in kept:
            self._show_conversation(one)
        called = [*(one.name for one in conversations), *(one.name for one in samples)]
        complete = self._summary(called, reports, rows, library)
        wrong = [] if complete else ["words_missing: not every word of the recordings was kept"]
        return [*wrong, *(f"answers_differ: {one.name}: {fault}" for one in kept for fault in one.faults)]

    async def _converse(
        self, line: Line, conversation: SampleConversation, seed: int, names: dict[str, str]
    ) -> CallReport:
        call_sid = "CA" + secrets.token_hex(16)
        names[call_sid] = conversation.name
        self.stdout.write(f"{conversation.name:>10}  calling: {conversation.title}")
        return await SimulatedCall(
            replace(line, to_number=conversation.to_number),
            (),
            script=conversation.script,
            seed=seed,
            from_number=conversation.from_number,
            call_sid=call_sid,
        ).run()

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
        if line := self._told.line_of(update):
            self.stdout.write(f"{name:>10}  {line}")

    def _show_conversation(self, kept: KeptConversation) -> None:
        self.stdout.write(f"\n{kept.name}: who spoke when")
        for said in kept.spoken():
            self.stdout.write(f"{said}")
        if interruptions := kept.interruptions():
            self.stdout.write(interruptions)
        if kept.saved:
            self.stdout.write("saved: " + ", ".join(f"{one.key} = {one.value}" for one in kept.saved))
        self.stdout.write(f"both sides, left the caller, right the line: {kept.write_wav(settings.VAR_DIR / 'demo')}")

    def _summary(self, names: list[str], reports: list[CallReport], rows: list[Any], library: Library) -> bool:
        by_name = {recording.name: recording for recording in library.recordings}
        total = Score(0, 0, 0, 0, 0)
        turns: list[ScoredTurn] = []
        partials: list[int] = []
        self.stdout.write(f"\n{'call':>10}  turns  words  lost  added  misplaced  acted on wrong  sources")
        for name, report, (_, kept) in zip(names, reports, rows, strict=True):
            mine = [scored(turn) for turn in kept]
            partials += [turn.partial_ms for turn in kept if turn.partial_ms is not None]
            result = score_of(report, kept, by_name)
            sources = ", ".join(f"{n} {source}" for source, n in Counter(turn.source for turn in mine).items())
            self.stdout.write(_row(name, len(mine), result) + sources)
            total += result
            turns += mine
        self.stdout.write(_row("all", len(turns), total))
        finals = [turn.final_ms for turn in turns if turn.final_ms is not None]
        totals = [turn.total_ms for _, kept in rows for turn in kept if turn.total_ms is not None]
        for what, values in (("partial", partials), ("final", finals), ("total", totals)):
            if values:
                self.stdout.write(f"emulated {what}_ms: p50 {percentile(values, 0.5)}, p95 {percentile(values, 0.95)}")
        return total.words > 0 and total.kept


def login(password: str) -> str:
    """The demo's user with a fresh password, and a session of theirs."""
    user, _ = get_user_model().objects.get_or_create(username=USER, defaults={"is_staff": True, "is_superuser": True})
    user.set_password(password)
    user.save()
    return session_of(user)


def port_note(port: int) -> str:
    """A line that says that PORT was taken; empty where the server stands on it."""
    if port == settings.PORT or not settings.PORT:
        return ""
    return f"port {settings.PORT} is taken: serving on {port} (PORT chooses another)\n"


def _samples(folder: Path, only: list[str] | None) -> tuple[list[SampleCall], list[SampleConversation]]:
    samples = [
        SampleCall(
            call["name"],
            call["title_he"],
            call["from"],
            tuple(folder / clip for clip in call["clips"]),
            tuple(call["pauses_s"]),
        )
        for call in json.loads((folder / "calls.json").read_text("utf-8"))
        if only is None or call["name"] in only
    ]
    conversations = [one for one in sample_conversations() if only is None or one.name in only]
    if unknown := set(only or ()) - {*(one.name for one in samples), *(one.name for one in conversations)}:
        raise CommandError(f"unknown_sample: samples/ has no {', '.join(sorted(unknown))}")
    return samples, conversations


def _again(conversations: list[SampleConversation]) -> str:
    """A call for who wants to make one: to the line that says back what it hears, where it is there with its voice."""
    answering = [one.to_number for one in conversations if one.responder == "repeat"]
    if answering:
        return f"--to {answering[0]} --say samples/order_1.wav@after-heard+500"
    return "samples/order_1.wav"


def _row(name: str, turns: int, result: Score) -> str:
    return (
        f"{name:>10}  {turns:5}  {result.words:5}  {result.lost:4}  {result.added:5}  {result.misplaced:9}"
        f"  {result.acted_wrong:14}  "
    )
