"""``manage.py hears [FILE.wav …] [--once]``: real recognition of your own recordings, without an account or a network.

Each recording is a call through the whole path, as Twilio places it; its utterances are heard by Whisper on this
machine (docs/engines.md), with the weights of WHISPER_DIR or those of ``whisper_weights``. ``script/demo --hears``
installs what it needs first.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from calls.lab.call_records import record_of
from calls.lab.call_report import CallRefused, Line
from calls.lab.demo_note import noted
from calls.lab.rig import Rig, RigError, free_port
from calls.lab.simulator import SimulatedCall
from calls.management import offline_line
from calls.management.commands.demo import USER, login, port_note
from stt.engines import whisper
from stt.management.commands.whisper_weights import base_weights
from stt.wavfile import WavError, read_ulaw
from voiceapp.runtime.percentile import percentile

SAMPLES = "answers_1.wav", "order_1.wav"
SYNTHETIC = "without a FILE: these are of samples/, a synthetic voice, which Whisper hears worse than people's"


class Command(BaseCommand):
    help = "Recognise your own recordings on this machine, through real calls."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE.wav", help="Each is a call.")
        parser.add_argument("--once", action="store_true", help="End after the calls.")

    def handle(self, *args: Any, **options: Any) -> None:
        files = options["files"] or [settings.BASE_DIR / "samples" / name for name in SAMPLES]
        try:
            for file in files:
                read_ulaw(file)
            weights = self._weights()
            number = offline_line.put_line(weights)
            rig = Rig(
                settings.BASE_DIR / "samples",
                settings.VAR_DIR / "demo.log",
                environment=offline_line.environment(weights),
                port=free_port(settings.PORT),
            )
            self.stdout.write(port_note(rig.port), ending="")
            with rig, noted(replace(rig.line, to_number=number), settings.VAR_DIR):
                password = secrets.token_urlsafe(9)
                login(password)
                self.stdout.write(f"heard on this machine by Whisper ({weights.name}); nothing is sent anywhere")
                if not options["files"]:
                    self.stdout.write(SYNTHETIC)
                asyncio.run(self._calls(replace(rig.line, to_number=number), files, is_kept_up=not options["once"]))
                if options["once"]:
                    # The server ends with it: an address would lead nowhere.
                    self.stdout.write(f"log:     {rig.log}")
                    return
                self.stdout.write(
                    f"admin:   {rig.url}/admin/\nlogin:   {USER}   password: {password}\nlog:     {rig.log}"
                )
                self.stdout.write("Call it again: .venv/bin/python manage.py simulate_call FILE.wav\nCtrl-C ends.")
                self.stdout.flush()
                assert rig.server is not None  # noqa: S101 - it has answered calls
                rig.server.wait()
                raise CommandError(f"server_failed: the server has ended; see {rig.log}")
        except WavError as error:
            raise CommandError(f"broken_recording: {error}") from error
        except CallRefused as error:
            raise CommandError(f"call_refused: {error.code}") from error
        except RigError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nending")

    def _weights(self) -> Path:
        """Those of the environment, or the small ones, made where they are not there. Raises CommandError."""
        named = settings.ENGINE_VARIABLES[whisper.DIRECTORY]
        weights = Path(named) if named else base_weights()
        missing = whisper.missing(weights)
        if missing is not None and missing.code == "weights_missing" and not named:
            call_command("whisper_weights", stdout=self.stdout)
            missing = whisper.missing(weights)
        if missing is not None:
            raise CommandError(f"{missing.code}: {missing.message}")
        return weights

    async def _calls(self, line: Line, files: list[Path], *, is_kept_up: bool) -> None:
        finals: list[int] = []
        for file in files:
            self.stdout.write(f"\n{file.name}: calling")
            self.stdout.flush()
            report = await SimulatedCall(line, [file], call_sid="CA" + secrets.token_hex(16)).run()
            call, turns = await record_of(report.call_sid)
            for turn in turns:
                finals += [turn.final_ms] if turn.final_ms is not None else []
                words = turn.heard_text or f"(nothing: {turn.code or turn.source})"
                took = "n/a" if turn.final_ms is None else f"{turn.final_ms} ms"
                self.stdout.write(f"{turn.number:>4}. {words}   [LATENCY] {turn.source}, {turn.engine}: final {took}")
            if not turns:
                self.stdout.write("      no speech was found in it")
            if is_kept_up:
                self.stdout.write(f"      {line.base_url}{reverse('admin:calls_call_change', args=[call.pk])}")
        if finals:
            self.stdout.write(f"\nfinal_ms: p50 {percentile(finals, 0.5)}, p95 {percentile(finals, 0.95)}")
