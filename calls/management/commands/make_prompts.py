"""``manage.py make_prompts``: make the recordings of calls/reply/prompts with espeak-ng and phonikud."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.reply.voice import VoiceError
from calls.reply.voices.espeak import EspeakVoice, EspeakVoices
from calls.reply.voices.recorded import SHIPPED
from stt.wavfile import wav_of
from voiceapp.runtime.counted import counted


class Command(BaseCommand):
    help = "Make the recorded prompts: each row of index.tsv as a wav file (8 kHz µ-law) beside it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=SHIPPED, help="With an index.tsv: name, text, pointed.")

    def handle(self, *args: Any, **options: Any) -> None:
        if why := EspeakVoices().unusable():
            raise CommandError(f"no_voice: {why}")
        try:
            with (options["folder"] / "index.tsv").open(encoding="utf-8", newline="") as table:
                rows = list(csv.DictReader(table, delimiter="\t"))
            for row in rows:
                ulaw = asyncio.run(_said(row["pointed"]))
                (options["folder"] / f"{row['name']}.wav").write_bytes(wav_of(ulaw))
        except (OSError, KeyError, VoiceError) as error:
            raise CommandError(f"not_made: {error}") from error
        self.stdout.write(f"{counted(len(rows), 'recording')} in {options['folder']}")


async def _said(text: str) -> bytes:
    return b"".join([ulaw async for ulaw in EspeakVoice().speak(text)])
