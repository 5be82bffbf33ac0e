"""``manage.py speech_emulator --port 9010 --clips samples``: Google Speech's stand-in, until SIGTERM or Ctrl-C.

``--vendor deepgram`` and the like stand in for another engine's service instead.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stt.emulator.service import EmulatorOptions, SpeechEmulator
from stt.emulator.timing import KIND, UNKIND, Faults, Limits
from stt.emulator.traces import TraceError
from stt.emulator.vendor_faults import VendorFaults
from stt.emulator.vendors import VENDORS, VendorEmulator, emulator_of
from stt.wavfile import WavError
from voiceapp.runtime.arguments import LONGEST_S, decimal, seed, whole
from voiceapp.runtime.counted import counted

GOOGLE = "google"
LIMITS = {"longest_stream": "longest_stream_s", "audio_timeout": "audio_timeout_s"}


class Command(BaseCommand):
    help = "Serve an emulator of Google Cloud Speech v1, or of a vendor. It recognises no speech: it knows recordings."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--vendor", choices=(GOOGLE, *VENDORS), default=GOOGLE, help="Whose service it stands in for."
        )
        parser.add_argument("--port", type=whole(0, 65_535), default=0)
        parser.add_argument("--clips", type=Path, action="append", help="A folder with clips.tsv; may be repeated.")
        parser.add_argument(
            "--traces", type=Path, action="append", default=[], help="A folder of probe's; may be repeated."
        )
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--kind", action="store_true", help="Without the unkindness of the real one.")
        parser.add_argument("--no-word-times", action="store_true", help="Say of no word when it was spoken.")
        parser.add_argument("--longest-stream", type=decimal(0, LONGEST_S, "s"), metavar="S", help="Of Google's v1.")
        parser.add_argument("--audio-timeout", type=decimal(0, LONGEST_S, "s"), metavar="S", help="Of Google's v1.")
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="NAME[=VALUE]",
            help=f"What goes wrong on purpose; may be repeated: {', '.join(Faults.names())}; "
            f"of another vendor: {', '.join(VendorFaults.names())}.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folders = options["clips"] or [settings.BASE_DIR / "samples"]
        for folder in folders:
            if not (folder / "clips.tsv").is_file():
                raise CommandError(f"no_recordings: {folder} has no clips.tsv")
        try:
            emulator = self._emulator(folders, options)
        except WavError as error:
            raise CommandError(f"broken_recording: {error}") from error
        except (TraceError, OSError) as error:
            raise CommandError(f"bad_trace: {error}") from error
        except ValueError as error:
            raise CommandError(f"bad_fault: {error}") from error
        if options["vendor"] != GOOGLE:
            self.stderr.write(f"This is no {options['vendor']}: it recognises no speech, it knows recordings.")
        try:
            asyncio.run(self._serve(emulator))
        except OSError as error:
            raise CommandError(f"port_unavailable: {error}") from error

    def _emulator(self, folders: list[Path], options: dict[str, Any]) -> SpeechEmulator | VendorEmulator:
        asked = EmulatorOptions(
            folders=folders,
            trace_folders=options["traces"],
            port=options["port"],
            seed=options["seed"],
            timing=KIND if options["kind"] else UNKIND,
            word_times=not options["no_word_times"],
        )
        limits = {name: options[option] for option, name in LIMITS.items() if options[option] is not None}
        if options["vendor"] != GOOGLE:
            if limits:
                raise CommandError(f"bad_limit: {', '.join(limits)} is of Google's v1.")
            untimed = ["no_word_times"] if options["no_word_times"] else []
            return emulator_of(options["vendor"], asked, VendorFaults.parse([*options["fault"], *untimed]))
        return SpeechEmulator(replace(asked, limits=Limits(**limits)), Faults.parse(options["fault"]))

    async def _serve(self, emulator: SpeechEmulator | VendorEmulator) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        async with emulator:
            self.stdout.write(f"speech emulator listening on {emulator.address}")
            self.stdout.flush()
            await ended.wait()
        self.stdout.write(f"billed {emulator.billed_s} s in {counted(emulator.streams_opened, 'stream')}")
