"""Voice: what speaks an answer, in 8 kHz µ-law. Pure: the contract alone; vendors stand in calls/reply/voices/."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from voiceapp.runtime.coded_error import CodedError

EMULATOR = "emulator"
"""What the name of an emulated voice begins with, on rows and in the phrase cache."""


class VoiceError(CodedError):
    """``code``: ``voice_raised`` | ``voice_slow`` | ``voice_empty`` | ``voice_quota`` | ``text_unspeakable``."""

    @property
    def detail(self) -> str:
        """As of any; what a text was refused for are its words, which no log and no event of a call may hold."""
        return "" if self.code == "text_unspeakable" else super().detail


class AnswerVoice(Protocol):
    """A voice for as long as one answer lasts."""

    def speak(self, text: str) -> AsyncIterator[bytes]:
        """One piece, at most 240 characters of speakable text, as headerless 8 kHz µ-law in chunks of any length.

        Raises VoiceError. Cancelled at any await: what is being synthesised is given up at once.
        """


class Voice(Protocol):
    """One process's, shared by its calls."""

    name: str
    """As a line names it and rows keep it: for example ``google:he-IL-Chirp3-HD-Aoede``, ``espeak:he``,
    ``recorded``."""
    price_per_million: float
    """Of characters, in the prices' currency; 0 where nothing is charged."""

    def for_answer(self) -> AbstractAsyncContextManager[AnswerVoice]:
        """Whatever one answer holds open: a vendor's stream, or nothing."""
