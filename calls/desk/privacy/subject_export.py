"""A copy of everything that is kept about one phone number, in a folder, for the person whose number it is."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from calls.desk.privacy.subject import Subject, SubjectError, journal_folder
from calls.lines.exporting import as_text, exported, with_all_of_it
from calls.storage.journal_search import lines_in_journals
from calls.storage.kept_files import lines_of
from calls.storage.losses import loss_of
from calls.storage.models import Call
from calls.storage.recording import Recording, RecordingError
from stt.wavfile import wav_of
from voiceapp.runtime.file_cipher import StorageError
from voiceapp.runtime.one_at_a_time import alone_in
from voiceapp.runtime.private_files import private_open

CALLS = "calls.jsonl"
JOURNAL = "journal.jsonl"
"""Records of calls that are not rows, or not to their end: the database was away, or they run."""


def write(subject: Subject, folder: Path) -> dict[str, Any]:
    """``calls.jsonl`` (docs/export.md, with events and secret values: they are this person's own), a WAV file for each
    recording, the traces, and ``journal.jsonl``. Returns what was written. Raises SubjectError where the folder is not
    empty, AlreadyRunning where another command fills it, StorageError where a journal cannot be read, OSError."""
    with alone_in(folder):
        if any(folder.iterdir()):
            raise SubjectError("not_empty", f"{folder} is not empty: name a new folder.")
        return _write(subject, folder)


def _write(subject: Subject, folder: Path) -> dict[str, Any]:
    calls = with_all_of_it(subject.calls.order_by("started_at", "pk")).prefetch_related("events")
    count = 0
    with private_open(folder / CALLS, "x", encoding="utf-8") as file:
        for call in calls.iterator(chunk_size=100):
            file.write(as_text(_whole(call)) + "\n")
            count += 1
    waiting = subject.in_journals().call_sids - set(
        subject.calls.exclude(ended_at=None).values_list("call_sid", flat=True)
    )
    if waiting:
        with private_open(folder / JOURNAL, "x", encoding="utf-8") as file:
            for values in lines_in_journals(journal_folder(), waiting):
                file.write(as_text(values) + "\n")
    damaged = list(_copy_files(subject, folder))
    sums = {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()}
    return {"calls": count, "journal_calls": len(waiting), "files": sums, "damaged": damaged}


def _whole(call: Call) -> dict[str, Any]:
    events = [{"at": one.at, "code": one.code, "detail": one.detail} for one in call.events.all()]
    saved = [{"key": one.key, "value": one.value, "secret": one.secret} for one in call.saved_values.all()]
    return {**exported(call, hides_secrets=False), "events": events, **({"saved_values": saved} if saved else {})}


def _copy_files(subject: Subject, folder: Path) -> Iterator[str]:
    """As plain files. Yields what is missing of recordings and traces that cannot be read, or not all of them."""
    for kept in subject.files:
        if kept.path.suffix in {".vrec", ".trace"} and (loss := loss_of(kept.path)):
            yield loss.sentence(kept.path)
        if kept.path.suffix == ".vrec":
            try:
                _begins_ms, ulaw = Recording(kept.path).ulaw()
            except RecordingError:
                continue
            with private_open(folder / f"{kept.path.stem}.wav", "wb") as wav:
                wav.write(wav_of(ulaw))
        elif kept.path.suffix == ".trace":
            try:
                lines = b"".join(line + b"\n" for line in lines_of(kept.path))
            except StorageError:
                continue
            with private_open(folder / kept.path.name, "wb") as copy:
                copy.write(lines)
