"""``manage.py tts_emulator --port 9020``: Google Text-to-Speech's stand-in, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.emulator.sound import SpokenSound, ToneSound
from calls.lab.emulator.tts import TtsEmulator, TtsFaults, TtsOptions
from calls.reply.voice import VoiceError
from voiceapp.runtime.arguments import LONGEST_S, decimal, seed, whole


class Command(BaseCommand):
    help = "Serve an emulator of Google Cloud Text-to-Speech v1. Its voices are tones, or espeak-ng."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        defaults = TtsOptions()
        parser.add_argument("--port", type=whole(0, 65_535), default=0)
        parser.add_argument("--seed", type=seed, default=defaults.seed)
        parser.add_argument("--first-chunk", type=whole(0, 60_000, "ms"), default=defaults.first_chunk_ms, metavar="MS")
        parser.add_argument(
            "--speed", type=decimal(0.1, 10_000), default=defaults.speed, help="Times faster than it is spoken."
        )
        parser.add_argument("--chunk", type=whole(1, 10_000, "ms"), default=defaults.chunk_ms, metavar="MS")
        parser.add_argument("--idle-limit", type=decimal(0, LONGEST_S, "s"), default=defaults.idle_limit_s, metavar="S")
        parser.add_argument("--espeak", action="store_true", help="Speak with espeak-ng instead of tones.")
        parser.add_argument(
            "--clips",
            type=Path,
            action="append",
            help="With --espeak: a folder with clips.tsv, whose words are pointed; may be repeated.",
        )
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help=f"What goes wrong on purpose; may be repeated: {', '.join(TtsFaults.names())}.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folders = options["clips"] or [settings.BASE_DIR / "samples"]
        try:
            sound = SpokenSound(folders) if options["espeak"] else ToneSound()
            faults = TtsFaults.parse(options["fault"])
        except VoiceError as error:
            raise CommandError(f"no_voice: {error.message}") from error
        except OSError as error:
            raise CommandError(f"no_recordings: {error}") from error
        except ValueError as error:
            raise CommandError(f"bad_fault: {error}") from error
        emulator = TtsEmulator(
            TtsOptions(
                port=options["port"],
                seed=options["seed"],
                first_chunk_ms=options["first_chunk"],
                speed=options["speed"],
                chunk_ms=options["chunk"],
                idle_limit_s=options["idle_limit"],
                sound=sound,
            ),
            faults,
        )
        try:
            asyncio.run(self._serve(emulator))
        except OSError as error:
            raise CommandError(f"port_unavailable: {error}") from error

    async def _serve(self, emulator: TtsEmulator) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with emulator:
            self.stdout.write(f"speech synthesis emulator listening on {emulator.address}")
            self.stdout.flush()
            await ended.wait()
        self.stdout.write(f"{emulator.characters} characters in {emulator.requests} requests")
