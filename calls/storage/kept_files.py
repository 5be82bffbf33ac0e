"""The one place where files of calls are opened: recordings, traces, waveforms; encrypted where STORAGE_KEYS has a key.

What was written without a key, or by one that is no longer the first, is read all the same. A journal is opened by its
own module (calls/storage/journal.py), which locks it; its lines have the form of KeptLines as well.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from calls.storage.kept_forms import READ_FIRST_BYTES, KeptChunks, KeptLines, form_of, head_of
from voiceapp.runtime import metrics
from voiceapp.runtime.file_cipher import ADDED_BYTES, FileCipher, StorageError
from voiceapp.runtime.private_files import private_folder, private_open
from voiceapp.runtime.storage_keys import StorageKeys

logger = logging.getLogger(__name__)


def storage_keys() -> StorageKeys:
    """Those of this process. Raises StorageError ``storage_keys_unusable`` where what is set cannot be used: written
    plain or under another key, files would be what nobody wants, and no one would be told."""
    keys: StorageKeys = settings.STORAGE_KEYS
    if keys.flaw:
        raise StorageError("storage_keys_unusable", keys.flaw)
    return keys


class PlainFile:
    """A file as it was before there were keys."""

    is_whole = True
    """It does not say where it ends."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.size_bytes = os.fstat(file).st_size

    def read(self, at: int, length: int) -> bytes:
        """So many bytes from this one on; fewer where the file ends. Raises OSError."""
        return os.pread(self._file, length, at)


class EncryptedFile:
    """The plain bytes of a file of encrypted chunks: those that are asked for are read and decrypted."""

    def __init__(self, file: int, cipher: FileCipher) -> None:
        self._file, self._cipher = file, cipher
        head = cipher.head
        if not head.chunk_bytes:
            raise StorageError("storage_format_unknown", "its head is damaged")
        self._begins = len(head.data)
        self._step = head.chunk_bytes + ADDED_BYTES
        stored_bytes = max(0, os.fstat(file).st_size - self._begins)
        self._chunks = stored_bytes // self._step
        self.size_bytes = len(head.prefix) + self._chunks * head.chunk_bytes
        """Of the plain file."""
        self._newest = -1, b""
        """The chunk that was read last: its number and plain text."""

    @property
    def is_whole(self) -> bool:
        """Its last chunk is there: it was finished, and nothing is cut off."""
        at = self._begins + self._chunks * self._step
        try:
            self._cipher.plain(at, os.pread(self._file, self._step, at), is_last=True)
        except StorageError:
            return False
        return True

    def read(self, at: int, length: int) -> bytes:
        """So many plain bytes from this one on; fewer where the file ends. Raises StorageError, OSError."""
        head = self._cipher.head
        end = min(at + length, self.size_bytes)
        data = bytearray(head.prefix[at:end])
        while (behind := at + len(data)) < end:
            number, skipped = divmod(behind - len(head.prefix), head.chunk_bytes)
            data += self._chunk(number)[skipped : skipped + end - behind]
        return bytes(data)

    def _chunk(self, number: int) -> bytes:
        if self._newest[0] != number:
            at = self._begins + number * self._step
            self._newest = number, self._cipher.plain(at, os.pread(self._file, self._step, at))
        return self._newest[1]


@contextmanager
def opened(path: Path) -> Iterator[PlainFile | EncryptedFile]:
    """A file of chunks, for reading. Raises StorageError, OSError."""
    file = os.open(path, os.O_RDONLY)
    try:
        form = form_of(os.pread(file, READ_FIRST_BYTES, 0), storage_keys())
        yield PlainFile(file) if form.cipher is None else EncryptedFile(file, form.cipher)
    finally:
        os.close(file)


def lines_of(path: Path, *, all_of_them: bool = False) -> Iterator[bytes]:
    """A file's lines without their ends. A damaged one is passed over, and counted; with ``all_of_them`` it is an
    error. Half an encrypted line at the end was never written. Raises StorageError, OSError."""
    with path.open("rb") as file:
        lines = KeptLines.of(os.pread(file.fileno(), READ_FIRST_BYTES, 0), storage_keys())
        at = 0
        for raw in file:
            if lines.cipher is not None and not raw.endswith(b"\n"):
                break
            try:
                if line := lines.read(at, raw.removesuffix(b"\n")):
                    yield line
            except StorageError as error:
                if all_of_them:
                    raise
                note_damage(path, error)
            at += len(raw)


def is_whole(path: Path) -> bool:
    """Nothing is missing at the end of a file that was finished; a plain one does not say so. Raises StorageError,
    OSError."""
    with path.open("rb") as file:
        form = form_of(first := os.pread(file.fileno(), READ_FIRST_BYTES, 0), storage_keys())
        if form.cipher is None:
            return True
        if isinstance(form, KeptChunks):
            return EncryptedFile(file.fileno(), form.cipher).is_whole
        at, last, last_at = 0, first, 0
        for raw in file:
            at, last, last_at = at + len(raw), raw, at
        try:
            form.read(last_at, last.removesuffix(b"\n"))
        except StorageError:
            return False
        return form.is_last(last)


def lines_lost(path: Path, is_line: Callable[[bytes], bool]) -> tuple[int, bool]:
    """How many of a file's lines cannot be read, or are none of its kind, and whether its end is missing: of a plain
    one, half a line is known, and nothing that was cut off between two. Raises StorageError, OSError."""
    lost, at, cut = 0, 0, False
    with path.open("rb") as file:
        lines = KeptLines.of(os.pread(file.fileno(), READ_FIRST_BYTES, 0), storage_keys())
        for raw in file:
            try:
                line = lines.read(at, raw.removesuffix(b"\n"))
                cut = not raw.endswith(b"\n") or not lines.is_last(raw)
                lost += bool(line) and raw.endswith(b"\n") and not is_line(line)
            except StorageError:
                cut = True
                lost += raw.endswith(b"\n")
            at += len(raw)
    return lost, cut


def encrypted_by(path: Path) -> bytes | None:
    """The id of the key that a file is encrypted by; None where it is plain. Raises StorageError, OSError."""
    with path.open("rb") as file:
        head = head_of(file.read(READ_FIRST_BYTES))
    return head.key_id if head else None


def missing_keys(paths: Iterable[Path], keys: StorageKeys | None = None) -> Counter[str]:
    """How many of these files are encrypted by a key that is not among ``keys``, which are this process's unless others
    are given, by the key's name; those that cannot be looked at are passed over. Raises StorageError where this
    process's cannot be used."""
    known = storage_keys() if keys is None else keys
    missing = Counter[str]()
    for path in paths:
        with suppress(StorageError, OSError):
            key_id = encrypted_by(path)
            if key_id is not None and known.find(key_id) is None:
                missing[key_id.hex()] += 1
    return missing


PUT_BACK = (
    "put that very key back into STORAGE_KEYS, behind the first one where there is one: a new key reads nothing of "
    "them; a backup has it under named/, in the .env or the file that STORAGE_KEYS_FILE named"
)
"""What to do where a key is missing."""


def whole_file(data: bytes) -> bytes:
    """A file that holds this one line, as it is written in one go."""
    lines = KeptLines.new(storage_keys())
    body = lines.head + lines.written(len(lines.head), data)
    return body + lines.last(len(body))


def note_damage(path: Path, error: StorageError) -> None:
    """Log and count a part of a file that cannot be read, where the others can."""
    metrics.STORAGE_FAILURES.labels(error.code).inc()
    logger.error("%s: %s: %s", error.code, path.name, error.message)


class GrowingFile:
    """A file that is appended to while its call runs. One thread."""

    def __init__(self, path: Path, prefix: bytes = b"", chunk_bytes: int = 0) -> None:
        """Begun where it is not there: with chunks of this size behind the prefix, or, with 0, with lines. Raises
        StorageError, OSError."""
        private_folder(path.parent)
        self._file = private_open(path, "ab", buffering=0)
        try:
            self._form = self._form_of(path, prefix, chunk_bytes)
        except BaseException:
            self._file.close()
            raise

    def append(self, data: bytes) -> None:
        """Append a chunk, or a line with its end, or nothing of it: half a chunk would shift those behind it. Raises
        OSError."""
        form, at = self._form, self._file.tell()
        head = b"" if at else form.head
        at += len(head)
        if isinstance(form, KeptLines):
            data = data.removesuffix(b"\n")
        self._put(head + form.written(at, data))

    def finish(self) -> None:
        """Nothing more is appended. Raises OSError."""
        if at := self._file.tell():
            self._put(self._form.last(at))

    def close(self) -> None:
        """Raises OSError."""
        self._file.close()

    def _form_of(self, path: Path, prefix: bytes, chunk_bytes: int) -> KeptChunks | KeptLines:
        size_bytes, keys = self._file.tell(), storage_keys()
        if size_bytes:
            with path.open("rb") as file:
                form = form_of(file.read(READ_FIRST_BYTES), keys)
            if form.cipher is None:
                return KeptChunks(None) if chunk_bytes else form
            # Behind the last chunk of a file that was finished nothing could be found.
            self._file.truncate(form.past_last_whole(size_bytes))
            self._file.seek(0, os.SEEK_END)
            return form
        if not chunk_bytes:
            return KeptLines.new(keys)
        return KeptChunks(FileCipher.new(keys.newest, chunk_bytes, prefix) if keys.newest else None, prefix)

    def _put(self, data: bytes) -> None:
        before, left = self._file.tell(), memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._file.truncate(before)
            raise
