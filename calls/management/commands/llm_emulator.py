"""``manage.py llm_emulator --port 9030``: a language model's stand-in, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.emulator.llm import LlmEmulator
from calls.lab.emulator.llm_faults import EmulatorHabits, LlmFault
from calls.lab.emulator.llm_script import LlmScript, LlmScriptError
from voiceapp.runtime.arguments import LONGEST_S, decimal, whole


class Command(BaseCommand):
    help = "Serve an emulator of an OpenAI-compatible chat endpoint. It is no model: it answers by a script."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=whole(0, 65_535), default=0)
        parser.add_argument("--script", type=Path, help='JSON: [{"when": pattern, "say": text, "tools": [...]}, ...]')
        parser.add_argument(
            "--fault", default="none", choices=[one.value for one in LlmFault], help="What goes wrong on purpose."
        )
        parser.add_argument("--first", type=decimal(0, LONGEST_S, "s"), default=0.35, metavar="S")
        parser.add_argument("--piece", type=decimal(0, LONGEST_S, "s"), default=0.02, metavar="S")
        parser.add_argument("--slow", type=decimal(0, LONGEST_S, "s"), default=30.0, metavar="S")
        parser.add_argument("--trickle", type=decimal(0, LONGEST_S, "s"), default=1.0, metavar="S")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            script = LlmScript.from_file(options["script"]) if options["script"] else LlmScript()
        except LlmScriptError as error:
            raise CommandError(f"bad_script: {error}") from error
        habits = EmulatorHabits(
            first_s=options["first"], piece_s=options["piece"], slow_s=options["slow"], trickle_s=options["trickle"]
        )
        emulator = LlmEmulator(script, port=options["port"], fault=LlmFault(options["fault"]), habits=habits)
        try:
            asyncio.run(self._serve(emulator))
        except OSError as error:
            raise CommandError(f"port_unavailable: {error}") from error

    async def _serve(self, emulator: LlmEmulator) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with emulator:
            self.stdout.write(f"language model emulator listening on {emulator.base_url}")
            self.stdout.flush()
            await ended.wait()
        self.stdout.write(
            f"answered {len(emulator.requests)} requests, {emulator.streams_closed_by_clients} closed by their clients"
        )
