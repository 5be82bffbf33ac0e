"""Feeding: what becomes of the frames that a Transcriber is fed. Pure."""

from __future__ import annotations

from enum import Enum


class Feeding(Enum):
    """What becomes of a frame."""

    OPEN = "open"
    PAUSED = "paused"
    """Dropped until ``resume``: silence is not listened to."""
    BROKEN = "broken"
    """Dropped until ``replay``, which gives them again."""
    FINISHED = "finished"
    """Dropped; what is under way is still delivered."""
    CLOSED = "closed"
    """Dropped; nothing is delivered any more."""
