"""Keeps commands apart that would be in each other's way: two backups into one folder, a restore and all else.

Who works holds a lock (flock(2)), which goes with its process however that ends: one that was killed leaves none. Who
comes second is refused at once and told so; nobody waits. On one machine; over a network's file system as far as that
has locks.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.private_files import FILE_MODE, private_folder

RESTORING = "restore"
FORGETTING = "forget"
"""What ``retain``, ``purge`` and ``subject --forget`` do: they delete the same rows and files."""


class AlreadyRunning(CodedError):
    """``already_running``, with a sentence for people: nothing was done."""

    def __init__(self, message: str) -> None:
        super().__init__("already_running", message)


@contextmanager
def working_on(var_dir: Path, *works: str, is_restored: bool = False) -> Iterator[None]:
    """Do these works on the box of this VAR_DIR, as the only one who does one of them, and not while it is restored.
    Raises AlreadyRunning, OSError."""
    private_folder(var_dir)
    with ExitStack() as held:
        held.enter_context(_held(var_dir, RESTORING, shared=not is_restored))
        for work in works:
            held.enter_context(_held(var_dir, work, shared=False))
        yield


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder where it is missing, and be the only one who writes into it. Raises AlreadyRunning, OSError."""
    private_folder(folder)
    said = f"another command writes into {folder}: wait for its end, or name another folder"
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:
        # Whoever else had made it has moved it into its place.
        raise AlreadyRunning(said) from error
    with _locked(opened, said, shared=False):
        here = None
        with suppress(FileNotFoundError):
            here = folder.stat().st_ino
        if here != os.fstat(opened).st_ino:
            raise AlreadyRunning(said)
        yield


@contextmanager
def reading_from(folder: Path) -> Iterator[None]:
    """Nobody who takes it by ``alone_in`` writes into the folder, or deletes it, meanwhile. Raises AlreadyRunning,
    OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with _locked(opened, f"another command changes {folder}: wait for its end", shared=True):
        yield


@contextmanager
def _held(var_dir: Path, work: str, *, shared: bool) -> Iterator[None]:
    opened = os.open(var_dir / f"{work}.lock", os.O_RDONLY | os.O_CREAT, FILE_MODE)
    owner = var_dir.stat()
    if os.geteuid() == 0 and os.fstat(opened).st_uid != owner.st_uid:
        # Made by root, it would shut out the timers, which run as the server's user.
        os.fchown(opened, owner.st_uid, owner.st_gid)
    said = f"another manage.py {work} works on {var_dir}: wait for its end"
    if work == FORGETTING:
        said = f"another manage.py retain, purge or subject --forget deletes in {var_dir}: wait for its end"
    elif work == RESTORING and not shared:
        said = f"a backup, restore or other command works on {var_dir}: wait for its end"
    with _locked(opened, said, shared=shared):
        yield


@contextmanager
def _locked(opened: int, said: str, *, shared: bool) -> Iterator[None]:
    """Hold the open file or folder, and close it in the end."""
    try:
        try:
            fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(said) from error
        yield
    finally:
        os.close(opened)
