"""Makes files and folders that nobody but their owner may read or enter: 0600 and 0700, whatever the umask.

All that is kept of calls is made here: recordings, traces, the journal, phrases, key files, SQLite's database, exports.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077
"""The rights of the group and of everybody else."""
MOST_NAME_LETTERS = 50
"""Of a file's name, in the name of the file that is written beside it: 255 bytes are the most that a disk takes."""


def private_folder(path: Path) -> None:
    """Make the folder, and those above it that are missing; one that is there keeps its rights. Raises OSError."""
    missing = [path, *takewhile(lambda folder: not folder.exists(), path.parents)]
    for folder in reversed(missing):
        # Not parents=True: that gives the folders above the umask's rights.
        folder.mkdir(FOLDER_MODE, exist_ok=True)


def private_open(path: Path, mode: str, **options: Any) -> IO[Any]:
    """``open`` for writing or appending; a file that is there keeps its rights. Raises OSError."""
    return open(path, mode, opener=_opener, **options)  # noqa: SIM115 - the caller's to close


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """What is written stands at ``path`` once the block has ended; where it raises, what stood there before does.

    A file that is there keeps its rights, and a link stays: the file that it names is written. What is no file, such as
    a device or a pipe, is never replaced, and has what is written at once. Raises OSError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | FILE_MODE
    if not stat.S_ISREG(mode):
        with private_open(path, "wb") as file:
            yield file
        return
    target = path.resolve()
    # Beside it, and then in its place: who reads the file while it is written sees the one of before.
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:MOST_NAME_LETTERS]}.", delete=False) as new:
        try:
            yield new
            new.close()
            os.chmod(new.name, stat.S_IMODE(mode))
            os.replace(new.name, target)
        except BaseException:
            os.unlink(new.name)
            raise


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
