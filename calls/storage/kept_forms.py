"""The two forms that files of calls have, each of them plain or encrypted (voiceapp/runtime/file_cipher.py).

- **Chunks** of one size behind a prefix, so that any of them is found by its number: recordings.
- **Lines**, appended as they come: traces, journals, waveforms. An encrypted one is base64: a line that is damaged, or
  was blanked (calls/storage/forgetting.py), ends where the next one begins.

Owns no file: calls/storage/kept_files.py opens them.
"""

from __future__ import annotations

import base64
import binascii

from voiceapp.runtime.file_cipher import ADDED_BYTES, HEAD, MAGIC, MOST_PREFIX_BYTES, FileCipher, FileHead, StorageError
from voiceapp.runtime.storage_keys import StorageKeys

MAGIC_OF_LINES = base64.b64encode(MAGIC)[:5]
"""What is the same in base64 whatever follows."""
HEAD_LINE_BYTES = -(-HEAD.size // 3) * 4 + 1
LAST = b"."
"""Before the last line, which is empty."""
READ_FIRST_BYTES = HEAD.size + MOST_PREFIX_BYTES
"""So much of a file says which form it has."""


class KeptChunks:
    """Chunks behind a prefix."""

    def __init__(self, cipher: FileCipher | None, prefix: bytes = b"") -> None:
        """``prefix``: of a plain file."""
        self.cipher = cipher
        self.prefix = cipher.head.prefix if cipher else prefix
        self.head = cipher.head.data if cipher else prefix
        """What the file begins with."""

    def written(self, at: int, data: bytes) -> bytes:
        """A chunk as it stands in the file, from this byte on."""
        return self.cipher.encrypted(at, data) if self.cipher else data

    def last(self, at: int) -> bytes:
        """What is behind all of them where the file is finished."""
        return self.cipher.encrypted(at, b"", is_last=True) if self.cipher else b""

    def past_last_whole(self, size_bytes: int) -> int:
        """The place behind the last whole chunk of a file of this size, where its next one goes."""
        if self.cipher is None or size_bytes < len(self.head):
            return size_bytes
        return size_bytes - (size_bytes - len(self.head)) % (self.cipher.head.chunk_bytes + ADDED_BYTES)


class KeptLines:
    """Lines; none of them has a line end within."""

    def __init__(self, cipher: FileCipher | None) -> None:
        self.cipher = cipher
        self.head = base64.b64encode(cipher.head.data) + b"\n" if cipher else b""
        """What the file begins with."""

    @classmethod
    def new(cls, keys: StorageKeys) -> KeptLines:
        """Of a file that begins."""
        return cls(FileCipher.new(keys.newest) if keys.newest else None)

    @classmethod
    def of(cls, first: bytes, keys: StorageKeys) -> KeptLines:
        """Of a file that begins with these bytes. Raises StorageError."""
        head = head_of(first)
        return cls(FileCipher.of(head, keys) if head else None)

    def written(self, at: int, line: bytes) -> bytes:
        """The line as it stands in the file, from this byte on, with its end."""
        return (base64.b64encode(self.cipher.encrypted(at, line)) if self.cipher else line) + b"\n"

    def last(self, at: int) -> bytes:
        """What is behind all of them where the file is finished."""
        return LAST + base64.b64encode(self.cipher.encrypted(at, b"", is_last=True)) + b"\n" if self.cipher else b""

    def read(self, at: int, raw: bytes) -> bytes:
        """The line that stands there without its end; empty for the head and the last one. Raises StorageError."""
        if self.cipher is None or not raw:
            return raw
        if at == 0:
            return b""
        try:
            chunk = binascii.a2b_base64(raw.removeprefix(LAST), strict_mode=True)
        except binascii.Error as error:
            raise StorageError("storage_chunk_damaged", f"its line at byte {at} is damaged") from error
        return self.cipher.plain(at, chunk, is_last=raw.startswith(LAST))

    def is_last(self, raw: bytes) -> bool:
        """Nothing of the file is missing behind this line; ``read`` has taken it."""
        return self.cipher is None or raw.startswith(LAST)

    def past_last_whole(self, size_bytes: int) -> int:
        """The place where a file of this size goes on: half a line ends nowhere, and is one that cannot be read."""
        return size_bytes


def form_of(first: bytes, keys: StorageKeys) -> KeptChunks | KeptLines:
    """Of a file that begins with these bytes (READ_FIRST_BYTES, where it has so many). Raises StorageError."""
    if first.startswith(MAGIC):
        return KeptChunks(FileCipher.of(FileHead.of(first), keys))
    return KeptLines.of(first, keys)


def head_of(first: bytes) -> FileHead | None:
    """Of a file that begins with these bytes; None where it is not encrypted. Raises StorageError."""
    if first.startswith(MAGIC):
        return FileHead.of(first)
    line = first[:HEAD_LINE_BYTES]
    if line.startswith(MAGIC_OF_LINES) and line.endswith(b"\n"):
        try:
            return FileHead.of(binascii.a2b_base64(line[:-1], strict_mode=True))
        except binascii.Error as error:
            raise StorageError("storage_format_unknown", "its head is damaged") from error
    # Half a head of lines is followed by nothing: a reader passes over it as over any line that is none.
    return None
