"""Settings that an engine refuses and a call is heard without: each is noted once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class WaivedSettings:
    """One call's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, note: Callable[[str], None]) -> None:
        """``note`` is given the code of each setting, on the loop."""
        self._loop = loop
        self._note = note
        self._noted: set[str] = set()

    def add(self, codes: tuple[str, ...]) -> None:
        """The engine refuses these of the call's settings, and hears without them. On any thread."""
        if not self._noted.issuperset(codes):
            self._loop.call_soon_threadsafe(self._add, codes)

    def _add(self, codes: tuple[str, ...]) -> None:
        for code in codes:
            if code not in self._noted:
                self._noted.add(code)
                self._note(code)
