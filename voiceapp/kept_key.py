"""A key that is made once and kept in a file: development's SECRET_KEY."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

from voiceapp.runtime.private_files import private_folder


def kept_key(path: Path) -> str:
    """The file's key, which is made first where there is no file; "" where it is empty. Raises OSError,
    UnicodeDecodeError."""
    if not path.exists():
        private_folder(path.parent)
        # Whole or not at all: of processes that start together the first one's key is everybody's.
        with NamedTemporaryFile("w", dir=path.parent) as made, contextlib.suppress(FileExistsError):
            made.write(secrets.token_urlsafe(50))
            made.flush()
            os.link(made.name, path)
    return path.read_text().strip()
