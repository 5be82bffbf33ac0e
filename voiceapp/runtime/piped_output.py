"""Ends a command quietly when whoever reads its output has enough of it (``manage.py doctor | head -3``)."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

READER_HAS_LEFT = 128 + signal.SIGPIPE
"""The exit status: what a shell gives for a program that SIGPIPE ended."""


def end_when_the_reader_leaves() -> None:
    """From now on a write to the output or to the errors that nobody reads any more raises SystemExit, which no
    ``except OSError`` of a command takes for its file's trouble. For commands: SIGPIPE itself, as other programs end by
    it, would end them without their clean-up, and a server must outlive who reads its log."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _ending(stream))


def _ending(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    stream.flush()
    output = _Output(stream.fileno(), "w", closefd=False)
    is_unbuffered = stream.write_through  # PYTHONUNBUFFERED
    return io.TextIOWrapper(
        output if is_unbuffered else io.BufferedWriter(output),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=is_unbuffered,
    )


class _Output(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            self._end()

    def _end(self) -> NoReturn:
        # What is buffered is flushed once more at the end of Python, which would complain:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, self.fileno())
        os.close(devnull)
        sys.exit(READER_HAS_LEFT)
