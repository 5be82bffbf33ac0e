"""PhraseRendering: what lines always say, put into the phrase cache before a call; and a text said for a person.

A save hands its line's texts over and goes on; one thread renders them, line by line, and ends when nothing waits. What
failed is logged with its code and remembered for the line's page. Texts are cut as a call's answer cuts them
(calls/reply/preparation.py): a phrase is found under exactly its piece.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

from calls.reply.pieces import PieceCutter
from calls.reply.speakable import spoken_pieces
from calls.reply.voice import VoiceError
from calls.reply.voices.registry import Voices
from voiceapp.runtime import background
from voiceapp.runtime.coded_error import CodedError

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 2000
"""Of a text that a person hears: two to three minutes."""
MOST_S = 20.0
"""A text that is not synthesised by then is given up."""
AT_ONCE = 2
"""People who hear something new at the same time; each holds a thread and a vendor's stream."""
MOST_LINES = 1000
"""Whose failures are remembered."""


class HearingRefused(CodedError):
    """``text_too_long`` | ``voice_busy``: not synthesised for a person."""


class PhraseRendering:
    """One process's. Any thread."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self._lock = threading.Lock()
        self._waiting: OrderedDict[int, tuple[str, Sequence[str], bool]] = OrderedDict()
        self._at_work = False
        self._failed: OrderedDict[int, dict[str, VoiceError]] = OrderedDict()
        self._hearing = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, line: int, voice: str, texts: Sequence[str], *, answers: bool) -> None:
        """Render these texts of a line, on a thread; a newer request takes the place of one that waits.

        ``line``: its row. ``answers``: it apologises and fills pauses as well. Returns at once.
        """
        with self._lock:
            self._waiting[line] = voice, texts, answers
            starts, self._at_work = not self._at_work, True
        if starts:
            background.thread("phrases", self.work, once=True).start()

    def work(self) -> None:
        """Render what waits, until nothing does. Blocking: the thread's whole work."""
        while (waiting := self._next()) is not None:
            line, (voice, texts, answers) = waiting
            try:
                failed = self.render(voice, texts, answers=answers)
            except BaseException:
                with self._lock:
                    self._at_work = False
                raise
            with self._lock:
                self._failed.pop(line, None)
                if failed:
                    self._failed[line] = failed
                while len(self._failed) > MOST_LINES:
                    self._failed.popitem(last=False)

    def render(self, voice: str, texts: Iterable[str], *, answers: bool) -> dict[str, VoiceError]:
        """Render texts, and the prompts of a line that answers, in its voice ("": the default). Returns what failed, by
        its piece. Blocking, on any thread that runs no event loop."""
        try:
            prompts = [prompt.pointed for prompt in self._voices.prompts.all] if answers else []
        except VoiceError as error:
            logger.error("%s: %s", error.code, error.message)
            prompts = []
        failed = self._voices.render_now(voice, [*pieces_of(texts), *prompts])
        for code in sorted({error.code for error in failed.values()}):
            count = sum(error.code == code for error in failed.values())
            logger.warning("phrases_not_rendered: %s: %d phrases of %s", code, count, voice or "the default voice")
        return failed

    def failed(self, line: int) -> dict[str, VoiceError]:
        """What the last rendering of a line could not say, by its piece; empty where it could, or this process did not
        try."""
        with self._lock:
            return dict(self._failed.get(line, {}))

    def sound(self, voice: str, text: str) -> bytes:
        """A text as callers would hear it in this voice, 8 kHz µ-law. Blocking, on any thread that runs no event loop.

        Raises HearingRefused, VoiceError.
        """
        if len(text) > MOST_CHARACTERS:
            raise HearingRefused("text_too_long", f"This text has more than {MOST_CHARACTERS} characters.")
        pieces = cut(text)
        if not pieces:
            raise VoiceError("text_unspeakable", "Nothing in this text can be spoken.")
        if not self._hearing.acquire(blocking=False):
            raise HearingRefused("voice_busy", "Others hear something at this moment.")
        try:
            return asyncio.run(self._sound(voice, pieces))
        except TimeoutError as error:
            raise VoiceError("voice_slow", f"It was not synthesised within {MOST_S:g} s.") from error
        finally:
            self._hearing.release()

    async def _sound(self, voice: str, pieces: Sequence[str]) -> bytes:
        """Raises VoiceError, TimeoutError."""
        try:
            async with asyncio.timeout(MOST_S):
                return await self._voices.say(voice, pieces)
        finally:
            await self._voices.close()

    def _next(self) -> tuple[int, tuple[str, Sequence[str], bool]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popitem(last=False)
            self._at_work = False
            return None


def pieces_of(texts: Iterable[str]) -> list[str]:
    """Every piece under which a call may ask for these texts, each once: an answer's first piece may end at a comma,
    later ones do not, and a text stands at either place."""
    found = (piece for text in texts for first in (True, False) for piece in cut(text, first=first))
    return list(dict.fromkeys(found))


def cut(text: str, *, first: bool = True) -> list[str]:
    """A text in pieces for the voice, as an answer that begins with it; not ``first``: that has said something."""
    cutter = PieceCutter()
    if not first:
        cutter.push("א")
        cutter.finish()
    return [aloud for piece in [*cutter.push(text), *cutter.finish()] for aloud in spoken_pieces(piece)]
