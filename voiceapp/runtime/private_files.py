"""Makes files and folders that nobody but their owner may read or enter: 0600 and 0700, whatever the umask.

All that is kept of calls is made here: recordings, traces, the journal, phrases, key files, SQLite's database, exports.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077
"""The rights of the group and of everybody else."""


def private_folder(path: Path) -> None:
    """Make the folder, and those above it that are missing; one that is there keeps its rights. Raises OSError."""
    missing = [path, *takewhile(lambda folder: not folder.exists(), path.parents)]
    for folder in reversed(missing):
        # Not parents=True: that gives the folders above the umask's rights.
        folder.mkdir(FOLDER_MODE, exist_ok=True)


def private_open(path: Path, mode: str, **options: Any) -> IO[Any]:
    """``open`` for writing or appending; a file that is there keeps its rights. Raises OSError."""
    return open(path, mode, opener=_opener, **options)  # noqa: SIM115 - the caller's to close


def private_file(path: Path) -> None:
    """Make the file, empty, where it is missing; take others' rights from it where it is ours. Raises OSError."""
    try:
        os.close(_opener(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        close_to_others([path])


def close_to_others(paths: Iterable[Path]) -> None:
    """Take others' rights from files, and from folders with all that is in them: an older version gave them what the
    umask allows. A folder that is closed already is not looked into. What belongs to another user, and links, stay as
    they are. Raises OSError."""
    for path in paths:
        with suppress(FileNotFoundError, PermissionError):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode) or not mode & OTHERS:
                continue
            if stat.S_ISDIR(mode):
                close_to_others(list(path.iterdir()))
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)


def _opener(path: str | Path, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
