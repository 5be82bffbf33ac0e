"""``manage.py probe_google FILE.wav…``: ``manage.py probe google FILE.wav…``.

``--v2`` asks instead which models of Google's v2 your project has for Hebrew, by location, and tries each location
with half a second of silence.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from calls.management.commands import probe
from stt.engines.catalogue import by_name
from stt.events import RecognizerError

LOCATIONS = ("eu", "us", "asia-northeast1", "asia-southeast1", "global")
"""Where chirp_3 is (https://cloud.google.com/speech-to-text/v2/docs/chirp_3-model), and where models of before are."""


class Command(probe.Command):
    help = "Play recordings to Google and keep its results with their times; or list the models of its v2."

    def add_arguments(self, parser: CommandParser) -> None:
        self.add_recordings(parser, files="*")
        parser.add_argument("--v2", action="store_true", help="List the models of v2 that your project has for Hebrew.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["v2"] == bool(options["files"]):
            raise CommandError("Give recordings, or --v2 and none.")
        if options["v2"]:
            self._list_models()
        else:
            self.probe("google", options["files"], options["out"], options["half_close"])

    def _list_models(self) -> None:
        from stt.engines.google_v2 import GoogleSpeechV2  # noqa: PLC0415 - a vendor's library, for this alone
        from stt.engines.google_v2_models import hebrew_models  # noqa: PLC0415

        entry = by_name()["google_v2"]
        values = self.values(entry)
        emulator = values[entry.emulator]
        if emulator:
            self.stdout.write(f"An emulator answers, at {emulator}: this says nothing of any project.")
        else:
            self.stdout.write(f"Project {values['GOOGLE_CLOUD_PROJECT']}:")
        configured = values["GOOGLE_CLOUD_SPEECH_LOCATION"]
        for location in dict.fromkeys((*filter(None, [configured]), *LOCATIONS)):
            engine = GoogleSpeechV2(values["GOOGLE_CLOUD_PROJECT"], location, emulator)
            try:
                models = hebrew_models(engine)
            except RecognizerError as error:
                self.stdout.write(f"  {location}: cannot be asked: {error.code}: {error.message}")
                continue
            if not models:
                self.stdout.write(f"  {location}: no model for iw-IL")
                continue
            for model, state in models.items():
                self.stdout.write(f"  {location}: {model} ({state})")
            self.stdout.write(f"  {location}: {_tried(engine)}")


def _tried(engine: Any) -> str:
    try:
        engine.probe()
    except RecognizerError as error:
        return f"{engine.model} did not take half a second of silence: {error.code}: {error.message}"
    return f"{engine.model} took half a second of silence"
