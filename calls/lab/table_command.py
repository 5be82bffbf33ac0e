"""TableCommand: a command that prints tables of docs/, measured over people's recordings where there are some."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from voiceapp.runtime.arguments import seed


class TableCommand(BaseCommand):
    """Gives ``clips``, ``samples``, ``seed`` and ``quick``; what calls log is not shown among the tables."""

    requires_system_checks = ()
    quick_help = ""
    """What ``--quick`` leaves out."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clips", type=Path, default=settings.BASE_DIR.parent / "shared" / "clips")
        parser.add_argument("--samples", type=Path, default=settings.BASE_DIR / "samples")
        parser.add_argument("--seed", type=seed, default=1)
        parser.add_argument("--quick", action="store_true", help=self.quick_help)

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.INFO)
        try:
            self.print_tables(options)
        finally:
            logging.disable(logging.NOTSET)

    def print_tables(self, options: dict[str, Any]) -> None:
        raise NotImplementedError
