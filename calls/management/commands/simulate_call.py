"""``manage.py simulate_call FILE.wav…``: call a running server as Twilio would, playing recordings at real time."""

from __future__ import annotations

import asyncio
import urllib.error
import wave
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.simulator import CallRefused, CallReport, Line, SimulatedCall
from voiceapp.arguments import MOST_CALLS, decimal, seed, whole


class Command(BaseCommand):
    help = "Call a running server as Twilio would."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clips", nargs="+", type=Path, metavar="FILE.wav", help="8 kHz mono 16 bit")
        parser.add_argument("--calls", type=whole(1, MOST_CALLS, "calls"), default=1, help="So many at the same time.")
        parser.add_argument("--base-url", default=f"http://127.0.0.1:{settings.PORT}")
        parser.add_argument("--public-url", default=settings.PUBLIC_URL)
        parser.add_argument("--pause", type=decimal(0, 3600, "s"), default=0.9, metavar="S")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--from", dest="from_number", default="+972501234567")
        parser.add_argument("--to", dest="to_number", default="+97235550100")

    def handle(self, *args: Any, **options: Any) -> None:
        line = Line(options["base_url"], options["public_url"], settings.TWILIO_AUTH_TOKEN, options["to_number"])
        calls = [
            SimulatedCall(
                line,
                options["clips"],
                pauses_s=(options["pause"],),
                seed=options["seed"] + i,
                from_number=options["from_number"],
            )
            for i in range(options["calls"])
        ]
        try:
            reports = asyncio.run(self._run(calls))
        except (wave.Error, ValueError, EOFError) as error:
            raise CommandError(f"broken_recording: {error}") from error
        except CallRefused as error:
            raise CommandError(f"call_refused: {error.code}") from error
        except (OSError, urllib.error.URLError) as error:
            raise CommandError(f"unreachable: nobody answers at {line.base_url} ({error})") from error
        for report in reports:
            late = sorted(report.late_ms)
            self.stdout.write(
                f"{report.call_sid}: {report.frames_sent} frames, {len(report.played)} recordings, "
                f"frames late p99 {late[int(len(late) * 0.99)]:.1f} ms, closed with {report.close_code}"
            )

    async def _run(self, calls: list[SimulatedCall]) -> list[CallReport]:
        return list(await asyncio.gather(*(call.run() for call in calls)))
