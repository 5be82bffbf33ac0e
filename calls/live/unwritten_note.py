"""The disk does not take what a stream leaves: noted on the call, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from calls.core.actions import Note


class UnwrittenNote:
    """One stream's. Called on any thread, with why, each time that the disk does not take a part."""

    def __init__(self, loop: asyncio.AbstractEventLoop, note: Callable[[Note], None]) -> None:
        """``note`` is called on the loop, also when the call is over: its last second is written after its end."""
        self._loop = loop
        self._note = note
        self._is_noted = False

    def __call__(self, why: str) -> None:
        # A process that has ended its loop notes nothing more, and the disk's thread writes on.
        if not self._is_noted and not self._loop.is_closed():
            self._is_noted = True
            self._loop.call_soon_threadsafe(self._note, Note("recording_unwritten", why))
