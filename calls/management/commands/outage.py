"""``manage.py outage --kind kill|drain|database|redis``: end or cut off the server under
running calls, and count what became of their words.

``kill``: SIGKILL at random moments, and a new server at once; callers follow ``/twilio/after`` to a new stream. Every
word spoken while a socket was open must be kept, but for the second around the cut. ``drain``: SIGTERM; every call goes
on to its end with all its words, and the exit code is 0. ``database``: PostgreSQL (DATABASE_URL) is gone for a while,
behind a proxy that is cut; calls begin before and meanwhile, and nothing is lost or doubled. ``redis``: the same for
REDIS_URL.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.models import Call, Transcript
from calls.proxy import CutProxy
from calls.simulator import CallReport, SimulatedCall
from calls.trial import Trial, TrialError, is_recorded, record_of, score_of
from stt.emulator.recordings import Library

UNSEEN_MS = 1300
"""Before a kill: a second of audio may not be on the disk yet, and the word at the cut is half a word."""
REJOINED_MS = 400
DEFAULT_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379}
GONE_S = 0.3
"""How long nobody listens."""


class Command(BaseCommand):
    help = "End the server under running calls and count what became of their words."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", choices=("kill", "drain", "database", "redis"), default="kill")
        parser.add_argument("--calls", type=int, default=20)
        parser.add_argument("--clips", type=int, default=8, help="Recordings a call.")
        parser.add_argument("--times", type=int, default=10, help="Kills, each under calls of its own.")
        parser.add_argument("--away", type=float, default=60.0, metavar="S", help="Of the database or Redis.")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "samples"
        library = Library([folder])
        failed = False
        try:
            if options["kind"] in ("database", "redis"):
                self._cut_off(folder, library, options)
                return
            for turn in range(options["times"] if options["kind"] == "kill" else 1):
                seed = options["seed"] + turn
                trial = Trial(folder, settings.VAR_DIR / "outage.log", seed=seed)
                with trial:
                    if options["kind"] == "kill":
                        whole = asyncio.run(self._kill(trial, library, options["calls"], options["clips"], seed))
                    else:
                        whole = asyncio.run(self._drain(trial, library, options["calls"], options["clips"], seed))
                failed = failed or not whole
        except TrialError as error:
            raise CommandError(str(error)) from error
        if failed:
            raise CommandError("words_missing: not every word was kept")

    async def _kill(self, trial: Trial, library: Library, calls: int, clips: int, seed: int) -> bool:
        random = Random(seed)
        running = [asyncio.create_task(call.run()) for call in _calls(trial, library, calls, clips, seed)]
        await asyncio.sleep(random.uniform(4, 12))
        if trial.server is None:
            raise TrialError("server_failed: there is none")
        trial.server.kill()
        await asyncio.to_thread(trial.server.wait)
        killed_s = time.monotonic()
        await asyncio.sleep(GONE_S)
        await asyncio.to_thread(trial.start_server)
        away_s = time.monotonic() - killed_s
        reports = await asyncio.gather(*running)
        lost = added = words = 0
        unplayable = 0
        for report in reports:
            await record_of(report.call_sid)
        await self._recovered(reports)
        for report in reports:
            call, turns = await record_of(report.call_sid)
            expected, everything = _expected(report, library)
            heard = [word for turn in turns for word in turn.heard_text.split()]
            words += len(expected)
            lost += len(expected) - _matched(expected, heard)
            added += len(heard) - _matched(everything, heard)
            unplayable += sum(not is_recorded(stream) for stream in call.streams.values())
        streams = sum(len(report.streams) for report in reports)
        self.stdout.write(
            f"kill {seed}: {len(reports)} calls, {streams} streams, away {away_s:.1f} s; words heard: {words}, "
            f"lost {lost}, added {added}; recordings that do not play: {unplayable}"
        )
        return lost == 0 and added == 0 and unplayable == 0 and streams >= len(reports)

    async def _recovered(self, reports: Sequence[CallReport]) -> None:
        """Wait until no more turns come from recordings."""
        sids = [report.call_sid for report in reports]
        before = -1
        for _ in range(60):
            count = await asyncio.to_thread(lambda: Transcript.objects.filter(call__call_sid__in=sids).count())
            if count == before and not await asyncio.to_thread(_some_are_open, sids):
                return
            before = count
            await asyncio.sleep(2)

    def _cut_off(self, folder: Path, library: Library, options: dict[str, Any]) -> None:
        name = {"database": "DATABASE_URL", "redis": "REDIS_URL"}[options["kind"]]
        url = urlsplit(service_url(name))
        if url.scheme not in ("postgres", "postgresql", "redis"):
            raise CommandError(f"no_service: set {name} to a PostgreSQL or Redis of your own.")
        with CutProxy(f"{url.hostname}:{url.port or DEFAULT_PORTS[url.scheme]}") as proxy:
            user = f"{url.username}:{url.password}@" if url.password else f"{url.username}@" if url.username else ""
            through = url._replace(netloc=f"{user}{proxy.address}").geturl()
            trial = Trial(folder, settings.VAR_DIR / "outage.log", seed=options["seed"], environment={name: through})
            with trial:
                whole = asyncio.run(self._away(trial, proxy, library, options))
        if not whole:
            raise CommandError("words_missing: not every word was kept")

    async def _away(self, trial: Trial, proxy: CutProxy, library: Library, options: dict[str, Any]) -> bool:
        by_name = {recording.name: recording for recording in library.recordings}
        calls = _calls(trial, library, options["calls"], options["clips"], options["seed"])

        async def one(index: int) -> CallReport:
            # Some are on the line when it happens, the others call meanwhile.
            await asyncio.sleep(index / len(calls) * (options["away"] + 3))
            return await calls[index].run()

        running = [asyncio.create_task(one(index)) for index in range(len(calls))]
        await asyncio.sleep(4)
        proxy.refusing = True
        proxy.cut()
        await asyncio.sleep(options["away"])
        proxy.refusing = False
        reports = await asyncio.gather(*running)
        words = lost = added = 0
        delays: list[float] = []
        for report in reports:
            call, turns = await record_of(report.call_sid, 60)
            score = score_of(report, turns, by_name)
            words, lost, added = words + score.words, lost + score.lost, added + score.added
            delays.append(call.frame_delay_ms.get("p99", 0.0))
        self.stdout.write(
            f"{options['kind']} away for {options['away']:.0f} s: {len(reports)} calls, {words} words, lost {lost}, "
            f"added {added}; frame delay p99 of the worst call {max(delays):.1f} ms"
        )
        return lost == 0 and added == 0

    async def _drain(self, trial: Trial, library: Library, calls: int, clips: int, seed: int) -> bool:
        by_name = {recording.name: recording for recording in library.recordings}
        running = [asyncio.create_task(call.run()) for call in _calls(trial, library, calls, clips, seed)]
        await asyncio.sleep(5)
        if trial.server is None:
            raise TrialError("server_failed: there is none")
        trial.server.send_signal(signal.SIGTERM)
        reports = [await call for call in asyncio.as_completed(running)]
        code = await asyncio.to_thread(trial.server.wait, 60)
        words = lost = added = 0
        for report in reports:
            _, turns = await record_of(report.call_sid)
            score = score_of(report, turns, by_name)
            words, lost, added = words + score.words, lost + score.lost, added + score.added
        self.stdout.write(f"drain: {len(reports)} calls, {words} words, lost {lost}, added {added}; exit code {code}")
        return code == 0 and lost == 0 and added == 0


def service_url(name: str) -> str:
    """As the settings understood it."""
    if name == "REDIS_URL":
        return str(settings.REDIS_URL)
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"]:
        return ""
    place = f"{database['HOST']}:{database['PORT'] or 5432}"
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{place}/{database['NAME']}"


def _calls(trial: Trial, library: Library, calls: int, clips: int, seed: int) -> list[SimulatedCall]:
    names = [recording.name for recording in library.recordings]
    return [
        SimulatedCall(
            trial.line,
            [trial.folder / names[(i * 3 + j) % len(names)] for j in range(clips)],
            seed=seed * 100 + i,
            from_number=f"+9725{seed:03}{i:05}",
        )
        for i in range(calls)
    ]


def _expected(report: CallReport, library: Library) -> tuple[list[str], list[str]]:
    """The words that a socket was open for, and all words."""
    by_name = {recording.name: recording for recording in library.recordings}
    said = [
        (word.text, start_ms + word.start_ms, start_ms + word.end_ms)
        for name, start_ms, _ in report.played
        for word in by_name[name].words
    ]
    spans = [
        (begin + (REJOINED_MS if i else 0), end - (UNSEEN_MS if i + 1 < len(report.spans) else -1000))
        for i, (begin, end) in enumerate(report.spans)
    ]
    heard = [text for text, start, end in said if any(a <= start and end <= b for a, b in spans)]
    return heard, [text for text, _, _ in said]


def _matched(truth: Sequence[str], heard: Sequence[str]) -> int:
    matcher = SequenceMatcher(None, truth, heard, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _some_are_open(sids: Sequence[str]) -> bool:
    return Call.objects.filter(call_sid__in=sids, ended_at=None).exists()
