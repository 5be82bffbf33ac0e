"""What one media socket may send: text, of a bounded length, and not much faster than people speak."""

from __future__ import annotations

import time

MAX_MESSAGE_CHARACTERS = 65_536
MAX_MESSAGES, WINDOW_S = 1000, 5.0
"""Four times as many as a call has. After a stall a network brings what it held: 15 s of a call at once are honest."""


class MessageBounds:
    """One socket's. On the media path."""

    __slots__ = ("_count", "_since_s")

    def __init__(self) -> None:
        self._count = 0
        self._since_s = time.monotonic()

    def flaw(self, text: str | None) -> str:
        """Why a message ends the call's socket: ``binary_frame`` | ``message_too_long`` | ``too_fast``; "" where it is
        fine. None: no text."""
        if text is None:
            return "binary_frame"
        if len(text) > MAX_MESSAGE_CHARACTERS:
            return "message_too_long"
        self._count += 1
        if self._count == MAX_MESSAGES:
            now_s = time.monotonic()
            is_too_fast = now_s - self._since_s < WINDOW_S
            self._count, self._since_s = 0, now_s
            return "too_fast" if is_too_fast else ""
        return ""
