"""The files of calls: recordings, traces and waveforms under VAR_DIR/recordings, and which of them may be deleted."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from calls.desk.privacy.models import LegalHold
from calls.desk.review.peaks import KEPT_SUFFIX
from calls.storage.models import Call
from calls.storage.recording import RECORDING_SUFFIX, file_name
from calls.storage.rewriting import PART_SUFFIX, changing

SUFFIXES = {RECORDING_SUFFIX, ".trace", KEPT_SUFFIX, PART_SUFFIX}
RUNS_AT_MOST = timedelta(days=2)
"""MAX_CALL_S is a day at most. A call that began earlier and has no end lost its process: its files are deleted."""


@dataclass(frozen=True, slots=True)
class CallFile:
    path: Path
    call: str
    """Its CallSid, as calls/storage/recording.py writes it in names."""
    written_s: float
    """When it was last written (a Unix time)."""
    size_bytes: int


@dataclass(slots=True)
class Deleted:
    files: int = 0
    size_bytes: int = 0
    failed: list[str] = field(default_factory=list)
    """What was said of those that are still there."""


def recordings() -> Path:
    """The folder, which has a folder for each day."""
    return Path(settings.VAR_DIR) / "recordings"


def call_files(folder: Path) -> Iterator[CallFile]:
    """Every file of a call."""
    # A day's folder that is a link leads out of here.
    for path in (path for day in folder.glob("*") if not day.is_symlink() for path in day.glob("*")):
        if path.suffix not in SUFFIXES:
            continue
        # Of a link itself: what it names may be gone.
        with suppress(FileNotFoundError):
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode):
                # As calls/live/stream_record.py names them: CallSid-StreamSid.
                yield CallFile(path, path.name.partition("-")[0], status.st_mtime, status.st_size)


def files_before(folder: Path, horizon_s: float) -> Iterator[CallFile]:
    """Those that were last written before then (a Unix time), but for those of running and of held calls."""
    kept = {file_name(call_sid) for call_sid in [*_running(), *held()]}
    return (file for file in call_files(folder) if file.written_s < horizon_s and file.call not in kept)


def held() -> set[str]:
    """The CallSids of calls under legal hold."""
    return set(LegalHold.objects.values_list("call__call_sid", flat=True))


def delete_files(folder: Path, files: Iterable[CallFile]) -> Deleted:
    """And the folders of days that are empty then. Raises OSError."""
    deleted = Deleted()
    if not folder.is_dir():
        return deleted
    # Not while one of them is put in the place of another: it would be there again.
    with changing(folder):
        for file in files:
            _delete(file, deleted)
    for day in folder.glob("*"):
        # Not empty, not a folder, or gone.
        with suppress(OSError):
            day.rmdir()
    return deleted


def _delete(file: CallFile, deleted: Deleted) -> None:
    try:
        with suppress(FileNotFoundError):  # another process was faster
            if file.path.suffix != KEPT_SUFFIX:
                file.path.unlink()
                deleted.files += 1
                deleted.size_bytes += file.size_bytes
        # A waveform is younger than its recording: it was made when somebody looked. After it: whoever makes one now
        # sees that the recording is gone, and keeps none.
        file.path.with_suffix(KEPT_SUFFIX).unlink(missing_ok=True)
    except OSError as error:
        deleted.failed.append(str(error))


def _running() -> Iterator[str]:
    recent = Q(started_at=None) | Q(started_at__gt=timezone.now() - RUNS_AT_MOST)
    return Call.objects.filter(recent, ended_at=None).values_list("call_sid", flat=True).iterator()
