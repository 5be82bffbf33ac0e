"""Brings the files of calls under the newest storage key, or makes them plain; those of running calls stay."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from calls.desk.privacy.files import RUNS_AT_MOST, CallFile, call_files
from calls.storage.call_streams import call_streams
from calls.storage.journal_files import journal_files
from calls.storage.models import Call
from calls.storage.recording import RecordingError
from calls.storage.rewriting import (
    PART_SUFFIX,
    FileChanged,
    check,
    delete_left_parts,
    is_under,
    left_parts,
    rewrite,
)
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.storage_keys import StorageKey

FILES_AT_ONCE = 500
SETTLED_S = 10.0
"""A file of a call that is over is left alone for so long after it was last written: the disk may be behind."""


@dataclass(slots=True)
class Reencrypted:
    files: int = 0
    size_bytes: int = 0
    running: int = 0
    """Files of running calls that are not under the key: for the next time."""
    parts: int = 0
    """Half-written files, perhaps plain ones, of runs that were killed: they are deleted."""
    unreadable: list[str] = field(default_factory=list)
    """``code: file: why`` of files that cannot be read as a whole; they stay as they are."""


def reencrypt(folder: Path, key: StorageKey | None, *, dry: bool) -> Reencrypted:
    """Of all files of calls in the folder; without a key they become plain. Idempotent. Blocking; asks the database.
    ``dry``: they are read, and nothing is changed. Raises OSError."""
    found = Reencrypted(parts=sum(1 for _ in left_parts(folder)) if dry else delete_left_parts(folder))
    for file, is_over in with_ends(_others(folder, key, found), time.time()):
        if not is_over:
            found.running += 1
            continue
        try:
            found.size_bytes += check(file.path) if dry else rewrite(file.path, key, folder)
            found.files += 1
        except FileChanged:
            found.running += 1
        except FileNotFoundError:
            pass  # purged meanwhile
        except (StorageError, RecordingError) as error:
            found.unreadable.append(f"{error.code}: {file.path.name}: {error.message}")
        except OSError as error:
            found.unreadable.append(f"{'not_read' if dry else 'not_written'}: {file.path.name}: {error.strerror}")
    return found


def journals_not_under(folder: Path, key: StorageKey | None) -> int:
    """How many journals hold something and are not under the key: each goes when its process has ended, and what it
    holds is rows. Raises OSError."""
    others = 0
    for path in journal_files(folder):
        with suppress(FileNotFoundError):
            try:
                others += path.stat().st_size > 0 and not is_under(path, key)
            except StorageError:
                others += 1
    return others


def _others(folder: Path, key: StorageKey | None, found: Reencrypted) -> Iterator[CallFile]:
    """The files that are not under the key."""
    for file in call_files(folder):
        if file.path.suffix == PART_SUFFIX or file.path.is_symlink():
            continue
        try:
            if not is_under(file.path, key):
                yield file
        except FileNotFoundError:
            pass  # purged meanwhile
        except StorageError as error:
            found.unreadable.append(f"{error.code}: {file.path.name}: {error.message}")
        except OSError as error:
            found.unreadable.append(f"not_read: {file.path.name}: {error.strerror}")


def with_ends(files: Iterable[CallFile], now_s: float) -> Iterator[tuple[CallFile, bool]]:
    """Each file, and whether nothing more is written to it."""
    files = iter(files)
    while batch := list(islice(files, FILES_AT_ONCE)):
        calls = Call.objects.filter(call_sid__in={file.call for file in batch}, ended_at__isnull=False)
        over = {call.call_sid for call in calls if all(stream.has_ended for stream in call_streams(call.streams))}
        for file in batch:
            # The row of a call may come late, where the database was away; no call lasts longer than RUNS_AT_MOST.
            waits_s = SETTLED_S if file.call in over else RUNS_AT_MOST.total_seconds()
            yield file, file.written_s < now_s - waits_s
