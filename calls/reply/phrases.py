"""PhraseCache: sound that was synthesised once, kept on disk and the newest of it in memory.

A phrase is the sound of a text by a voice. Its file is named by the sha256 of both, so the folder says no words, and
begins with a checksum: a damaged file is dropped, counted and synthesised again, never played. Files are written beside
their place and moved into it, so that several processes share the folder; each keeps it within the limit, the phrases
that were not used for longest going first. What must not be kept (words of callers) is never handed to it.

    file = "VPH1" crc32:u32 ulaw
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import os
import struct
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from voiceapp.runtime import metrics
from voiceapp.runtime.private_files import private_folder
from voiceapp.runtime.seldom import Seldom

logger = logging.getLogger(__name__)

HEADER = struct.Struct("<4sI")
MAGIC = b"VPH1"
SUFFIX, UNFINISHED = ".ulaw", ".part"
HOT_BYTES = 16 << 20
"""So much is kept in memory: half an hour of speech."""
TOUCH_S = 60.0
"""A phrase in memory is marked as used on disk this often at most; one that was purged meanwhile is forgotten then."""
LOOK_AGAIN = 50
"""After so many phrases of its own a process looks at what the others have added."""
TRIMMED = 0.9
"""Where the folder is over its limit, it is brought to this share of it."""
ABANDONED_S = 3600.0
"""A file that nobody finished within this is one of a killed process."""


@dataclass(slots=True)
class _Hot:
    ulaw: bytes
    touched_s: float


class PhraseCache:
    """One process's view of the folder. Any thread; ``get`` and ``put`` on any loop, which they never block."""

    def __init__(self, folder: Path, limit_mb: int) -> None:
        """``limit_mb``: of all files together; 0: nothing is kept, and nothing
        that was kept is played. The folder is made when it is first needed."""
        self._folder = folder
        self._limit_bytes = limit_mb << 20
        self._lock = threading.Lock()
        self._hot: OrderedDict[str, _Hot] = OrderedDict()
        self._hot_bytes = 0
        self._puts = 0
        self._bytes: int | None = None
        """On disk, as far as this process knows."""
        self._failures = Seldom()

    async def get(self, voice: str, text: str) -> bytes | None:
        """The phrase's 8 kHz µ-law; from memory at once, from disk within milliseconds. None: it is not there."""
        if not self._limit_bytes:
            # What was kept under another limit may have been kept against today's will.
            return None
        name = name_of(voice, text)
        with self._lock:
            hot = self._hot.get(name)
            if hot is not None:
                self._hot.move_to_end(name)
        if hot is not None and time.monotonic() - hot.touched_s < TOUCH_S:
            ulaw: bytes | None = hot.ulaw
        else:
            ulaw = await asyncio.to_thread(self._read, name)
        metrics.PHRASES.labels("miss" if ulaw is None else "hit").inc()
        return ulaw

    async def put(self, voice: str, text: str, ulaw: bytes) -> None:
        """Keep a whole phrase. Never raises: a disk that takes nothing is counted."""
        if self._limit_bytes and ulaw:
            await asyncio.to_thread(self._write, name_of(voice, text), ulaw)

    def size(self) -> tuple[int, int]:
        """How many phrases there are, and their bytes. Blocking."""
        sizes = [size for _, size, path in self._files() if path.suffix == SUFFIX]
        return len(sizes), sum(sizes)

    def purge(self, unused_since_s: float = math.inf) -> int:
        """Delete the phrases that were not used since then (a Unix time), without it all of them.

        Other processes forget theirs within TOUCH_S. Returns how many files are gone. Blocking.
        """
        with self._lock:
            self._hot.clear()
            self._hot_bytes = 0
            self._bytes = None
        return sum(self._delete(path) for used_s, _, path in self._files() if used_s < unused_since_s)

    def _read(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self._failure("read", error)
            self._forget(name)
            return None
        ulaw = data[HEADER.size :]
        if data[: HEADER.size] != HEADER.pack(MAGIC, zlib.crc32(ulaw)):
            metrics.PHRASES_DAMAGED.inc()
            logger.error("phrase_damaged: %s is dropped", path.name)
            self._delete(path)
            self._forget(name)
            return None
        self._remember(name, ulaw)
        return ulaw

    def _write(self, name: str, ulaw: bytes) -> None:
        path, data = self._path(name), HEADER.pack(MAGIC, zlib.crc32(ulaw)) + ulaw
        try:
            private_folder(path.parent)
            with NamedTemporaryFile(dir=path.parent, suffix=UNFINISHED, delete=False) as made:
                try:
                    made.write(data)
                    made.close()
                    os.replace(made.name, path)
                except OSError:
                    os.unlink(made.name)
                    raise
        except OSError as error:
            self._failure("write", error)
            return
        self._remember(name, ulaw)
        with self._lock:
            self._puts += 1
            self._bytes = None if self._bytes is None or self._puts % LOOK_AGAIN == 0 else self._bytes + len(data)
            within = self._bytes is not None and self._bytes <= self._limit_bytes
        if not within:
            self._trim()

    def _trim(self) -> None:
        """Look at the folder; over the limit, delete what was used longest ago."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total > self._limit_bytes:
            for _, size, path in files:
                if total <= TRIMMED * self._limit_bytes:
                    break
                self._delete(path)
                total -= size
        with self._lock:
            self._bytes = total

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was last used, its size, and where it is."""
        for path in self._folder.glob("??/*"):
            # Another process may be faster.
            with suppress(FileNotFoundError):
                status = path.stat()
                if path.suffix == SUFFIX or time.time() - status.st_mtime > ABANDONED_S:
                    yield status.st_mtime, status.st_size, path

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / (name + SUFFIX)

    def _delete(self, path: Path) -> bool:
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            self._failure("delete", error)
            return False
        return True

    def _remember(self, name: str, ulaw: bytes) -> None:
        self._forget(name)
        with self._lock:
            self._hot[name] = _Hot(ulaw, time.monotonic())
            self._hot_bytes += len(ulaw)
            while self._hot_bytes > HOT_BYTES:
                _, oldest = self._hot.popitem(last=False)
                self._hot_bytes -= len(oldest.ulaw)

    def _forget(self, name: str) -> None:
        with self._lock:
            if (hot := self._hot.pop(name, None)) is not None:
                self._hot_bytes -= len(hot.ulaw)

    def _failure(self, step: str, error: OSError) -> None:
        metrics.PHRASE_FAILURES.labels(step).inc()
        if self._failures.is_due():
            logger.error("phrase_cache_failed: %s: %s", self._folder, error)


def name_of(voice: str, text: str) -> str:
    """The name of a phrase's file, without its suffix."""
    return hashlib.sha256(f"{voice}\0{text}".encode()).hexdigest()
