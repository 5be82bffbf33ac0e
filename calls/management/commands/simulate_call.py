"""``manage.py simulate_call FILE.wav…``: call a running server as Twilio would, playing recordings at real time.

The server is the demo that runs, else the one that the settings describe; ``--base-url`` names another.
"""

from __future__ import annotations

import asyncio
import secrets
import urllib.error
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.demo_note import running_demo
from calls.lab.simulator import SimulatedCall
from stt.wavfile import WavError
from voiceapp.runtime.arguments import MOST_CALLS, decimal, seed, whole
from voiceapp.runtime.percentile import percentile
from voiceapp.runtime.web_address import read_web_url

FORGED = ("webhook_403", "socket_403")


class Command(BaseCommand):
    help = "Call a running server as Twilio would."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clips", nargs="+", type=Path, metavar="FILE.wav", help="Any rate, channels and bits.")
        parser.add_argument("--calls", type=whole(1, MOST_CALLS, "calls"), default=1, help="So many at the same time.")
        parser.add_argument("--base-url", help="Where the server listens; default the running demo, else PORT here.")
        parser.add_argument("--public-url", help="Its address for Twilio; default its own.")
        parser.add_argument("--pause", type=decimal(0, 3600, "s"), default=0.9, metavar="S")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--from", dest="from_number", default="+972501234567")
        parser.add_argument("--to", dest="to_number", default="+97235550100")

    def handle(self, *args: Any, **options: Any) -> None:
        line = _line(options["base_url"], options["public_url"], options["to_number"])
        if read_web_url(line.base_url) is None:
            raise CommandError(f"bad_base_url: {line.base_url!r}: write it as http://127.0.0.1:8000.")
        calls = [
            SimulatedCall(
                line,
                options["clips"],
                pauses_s=(options["pause"],),
                seed=options["seed"] + i,
                from_number=options["from_number"],
                call_sid="CA" + secrets.token_hex(16),
            )
            for i in range(options["calls"])
        ]
        try:
            reports = asyncio.run(self._run(calls))
        except WavError as error:
            raise CommandError(f"broken_recording: {error}") from error
        except CallRefused as error:
            why = ": has it another TWILIO_AUTH_TOKEN or PUBLIC_URL than this command?" if error.code in FORGED else ""
            raise CommandError(f"call_refused: {line.base_url} says {error.code}{why}") from error
        except (OSError, urllib.error.URLError) as error:
            raise CommandError(f"unreachable: nobody answers at {line.base_url} ({error})") from error
        for report in reports:
            self.stdout.write(
                f"{report.call_sid}: {report.frames_sent} frames, {len(report.played)} recordings, "
                f"frames late p99 {percentile(report.late_ms, 0.99) or 0.0:.1f} ms, closed with {report.close_code}\n"
                f"what was heard: {line.base_url}/console/calls/{report.call_sid}"
            )

    async def _run(self, calls: list[SimulatedCall]) -> list[CallReport]:
        return list(await asyncio.gather(*(call.run() for call in calls)))


def _line(base_url: str | None, public_url: str | None, to_number: str) -> Line:
    demo = running_demo(settings.VAR_DIR)
    if demo is not None and base_url in (None, demo.base_url):
        line = demo
    else:
        base_url = base_url or f"http://127.0.0.1:{settings.PORT}"
        line = Line(base_url, settings.PUBLIC_URL or base_url, settings.TWILIO_AUTH_TOKEN)
    return replace(line, public_url=public_url or line.public_url, to_number=to_number)
