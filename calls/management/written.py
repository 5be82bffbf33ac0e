"""The file that a command is told to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError

from voiceapp.runtime.private_files import whole_file


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """As ``whole_file``; raises CommandError ``not_written`` where the path cannot be written."""
    try:
        with whole_file(path) as file:
            yield file
    except OSError as error:
        raise CommandError(f"not_written: {path} ({error.strerror or error})") from error
