"""``manage.py speak TEXT --voice V --out x.wav``: hear a voice; ``--list`` names them, and says what is missing.

Where the settings name no Google voices, those of a running demo are heard.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.demo_note import running_demos_voice
from calls.management.written import written
from calls.process.services import services
from calls.process.voices import voices_of_settings
from calls.reply.voice import VoiceError
from calls.reply.voices.recorded import RECORDED
from calls.reply.voices.registry import Voices
from stt.audio import duration_ms
from stt.wavfile import wav_of


class Command(BaseCommand):
    help = "Write what a voice says as a wav file (8 kHz µ-law, as callers hear it), or list the voices."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", nargs="?", default="", help="At most 240 characters; with vowel points for espeak.")
        parser.add_argument("--voice", default="", help="By name; without it, the first of --list.")
        parser.add_argument("--fallback", default="", help="A voice for where the first one fails.")
        parser.add_argument("--out", type=Path, metavar="FILE.wav")
        parser.add_argument("--fresh", action="store_true", help="Pass the phrase cache over.")
        parser.add_argument("--list", action="store_true", help="Name the voices.")

    def handle(self, *args: Any, **options: Any) -> None:
        voices = _voices()
        if options["list"]:
            for name in voices.names():
                self.stdout.write(name)
            for family, why in voices.unusable().items():
                self.stdout.write(f"{family}: {why}")
            return
        if not options["text"] or options["out"] is None:
            raise CommandError("nothing_to_say: give a text and --out FILE.wav, or --list")
        if not options["voice"] and not voices.default_name():
            raise CommandError(f"no_voice: {' '.join(f'{name}: {why}' for name, why in voices.unusable().items())}")
        if options["voice"] == RECORDED and not options["fallback"] and voices.prompts.saying(options["text"]) is None:
            said = " | ".join(prompt.text for prompt in voices.prompts.all)
            raise CommandError(f"text_unspeakable: {RECORDED} only has its recordings, and none of this text: {said}")
        try:
            ulaw, told = asyncio.run(self._said(voices, options))
        except VoiceError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        with written(options["out"]) as wav:
            wav.write(wav_of(ulaw))
        self.stdout.write(f"{duration_ms(ulaw) / 1000:.1f} s in {options['out']}, {told}")

    async def _said(self, voices: Voices, options: dict[str, Any]) -> tuple[bytes, str]:
        """The sound, and by whom."""
        noted: list[tuple[str, str]] = []
        ulaw = bytearray()
        try:
            line = voices.of_line(options["voice"], options["fallback"], lambda *note: noted.append(note))
            async with line.for_answer() as speaking:
                said = speaking.speak(options["text"], cacheable=not options["fresh"], on_restart=ulaw.clear)
                async for chunk in said:
                    ulaw += chunk
                where = "from the phrase cache" if speaking.cached else f"{speaking.characters} characters synthesised"
                return bytes(ulaw), ", ".join([speaking.voice, where, *(code for code, _ in noted)])
        except VoiceError as error:
            # Where no voice could be used, why stands in what was noted.
            raise VoiceError(error.code, noted[0][1] if noted else error.message) from error
        finally:
            await voices.close()


def _voices() -> Voices:
    if not settings.TTS_EMULATOR_HOST and not settings.HAS_GOOGLE_CREDENTIALS:
        emulator = running_demos_voice(settings.VAR_DIR)
        if emulator:
            return voices_of_settings(emulator)
    return services().voices
