"""``manage.py export_recording CALL_SID --out call.wav``: a call's audio, its streams one behind the other."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from calls.management.rows_command import RowsCommand
from calls.storage.call_streams import call_streams
from calls.storage.models import Call
from calls.storage.recording import Recording, RecordingError
from stt.audio import BYTES_PER_MS, SAMPLE_RATE_HZ, ULAW_SILENCE, ulaw_to_pcm


class Command(RowsCommand):
    help = "Write a call's recording as a wav file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call_sid")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.wav")

    def handle(self, *args: Any, **options: Any) -> None:
        call = Call.objects.filter(call_sid=options["call_sid"]).first()
        if call is None:
            raise CommandError(f"unknown_call: there is no call {options['call_sid']}")
        audio = bytearray()
        begins_ms: int | None = None
        for stream in call_streams(call.streams):
            try:
                at_ms, ulaw = Recording(Path(settings.VAR_DIR) / stream.recording).ulaw()
            except (OSError, RecordingError) as error:
                raise CommandError(f"no_recording: {error}") from error
            begins_ms = at_ms if begins_ms is None else begins_ms
            gap = (at_ms - begins_ms) * BYTES_PER_MS - len(audio)
            audio += ULAW_SILENCE * max(0, gap) + ulaw
        with wave.open(str(options["out"]), "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(SAMPLE_RATE_HZ)
            wav.writeframes(ulaw_to_pcm(bytes(audio)))
        self.stdout.write(f"{len(audio) / SAMPLE_RATE_HZ:.1f} s in {options['out']}")
