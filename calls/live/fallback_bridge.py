"""The bridge to the synchronous one-shot recogniser: utterances wait here for the call's one thread.

A thread that hangs cannot be stopped, and what is submitted behind it would wait without a say: so one utterance at a
time is submitted, and the others keep their audio here, MAX_WAITING of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future

from django.db import close_old_connections

from stt.audio import BYTES_PER_MS
from stt.engines.base import UtterancePcm
from stt.engines.one_shot_chain import OneShotAnswer
from stt.events import OneShotDone, RecognizerError
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

MAX_WAITING = 8
"""Utterances that wait for the call's one thread: a minute of audio at most."""
PCM_BYTES_PER_MS = 2 * BYTES_PER_MS
MOST_BEFORE_MS = 10_000
"""Of the utterances before one, so much is kept for an engine that hears better with it."""


class UtteranceAudio(UtterancePcm):
    """An utterance's 8 kHz PCM16, with its number."""

    utterance: int | None = None

    @classmethod
    def of(cls, audio: bytes, utterance: int | None = None) -> UtteranceAudio:
        if isinstance(audio, cls):
            return audio
        self = cls(audio)
        self.utterance = utterance
        return self

    def follow(self, last: UtteranceAudio | None) -> None:
        """``last`` is the tail of what was taken before it: heard with it, where no other utterance stands between."""
        if last is not None and last.utterance is not None and last.utterance + 1 == self.utterance:
            self.before = bytes(last)

    @property
    def tail(self) -> UtteranceAudio:
        """What is kept of it for the next one, with what was before it: MOST_BEFORE_MS at most."""
        return UtteranceAudio.of((self.before + self)[-MOST_BEFORE_MS * PCM_BYTES_PER_MS :], self.utterance)


class AnsweredBy(str):
    """The words of an answer, with the engine that gave them."""

    __slots__ = ("engine", "model")
    engine: str
    model: str

    @classmethod
    def of(cls, answer: OneShotAnswer) -> AnsweredBy:
        self = cls(" ".join(word.text for word in answer.final.words))
        self.engine, self.model = answer.engine, answer.model
        return self


class FallbackBridge:
    """One call's. Everything on the loop's thread but ``_in_executor``."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, executor: Executor, deliver: Callable[[OneShotDone], None]
    ) -> None:
        self._loop = loop
        self._executor = executor
        self._deliver = deliver
        self._fallback_queue: deque[UtteranceAudio] = deque()
        """Utterances that wait for the one thread, with their audio."""
        self._awaited: dict[Future[str], int | None] = {}
        """What the thread is at: one, or none."""
        self._tail: UtteranceAudio | None = None
        """Of the utterance that was taken last."""
        self.one_shots = self.one_shot_s = 0
        """Answered, and their seconds as billed; written by the call's one thread alone."""

    @property
    def is_busy(self) -> bool:
        return bool(self._awaited)

    @property
    def waiting(self) -> int:
        """Utterances that wait for the thread."""
        return len(self._fallback_queue)

    def take(self, audio: bytes) -> None:
        """An utterance that only the one-shot recogniser can save; the oldest is given up where too many wait."""
        metrics.FALLBACKS.inc()
        taken = UtteranceAudio.of(audio)
        taken.follow(self._tail)
        self._tail = taken.tail
        self._fallback_queue.append(taken)
        if len(self._fallback_queue) > MAX_WAITING:
            given_up = self._fallback_queue.popleft()
            metrics.FALLBACKS_GIVEN_UP.inc()
            error = RecognizerError("fallback_busy", "too many utterances waited for the one-shot recogniser")
            self._deliver(OneShotDone(given_up.utterance, (), error))

    def next(self) -> UtteranceAudio | None:
        """What the thread should be given now; None while it is at work, or nothing waits."""
        return self._fallback_queue.popleft() if self._fallback_queue and not self._awaited else None

    def submit(self, audio: bytes, recognize: Callable[[bytes], str], done: Callable[[Future[str]], None]) -> None:
        """``recognize`` in the call's thread; ``done`` is called on the loop with its future."""
        future = self._executor.submit(self._in_executor, audio, recognize)
        self._awaited[future] = getattr(audio, "utterance", None)
        future.add_done_callback(lambda answered: self._loop.call_soon_threadsafe(done, answered))

    def answered(self, future: Future[str]) -> None:
        """The thread has answered: the words, or the error, are delivered."""
        utterance = self._awaited.pop(future, None)
        try:
            text, error = future.result(), None
        except Exception as e:  # a wall: whatever the recogniser raised, the utterance goes on without words
            metrics.FALLBACKS_FAILED.inc()
            logger.error("❌ STT fallback failed: %s", e)
            text, error = "", e if isinstance(e, RecognizerError) else RecognizerError("fallback_error")
        engine, model = (text.engine, text.model) if isinstance(text, AnsweredBy) else ("", "")
        self._deliver(OneShotDone(utterance, tuple(text.split()), error, engine, model))

    def clear(self) -> None:
        """Nobody waits for what has not been submitted."""
        self._fallback_queue.clear()
        self._tail = None

    def _in_executor(self, audio: bytes, recognize: Callable[[bytes], str]) -> str:
        close_old_connections()
        logger.info(
            "🧵 [STT] fallback in executor (utterance %s, %d ms)",
            getattr(audio, "utterance", None),
            len(audio) // PCM_BYTES_PER_MS,
        )
        try:
            text = recognize(audio)
            self.one_shots += 1
            self.one_shot_s += -(-len(audio) // (PCM_BYTES_PER_MS * 1000))
            return text
        finally:
            close_old_connections()
