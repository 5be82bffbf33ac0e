"""The bridge to the synchronous one-shot recogniser: utterances wait here for the call's one thread.

A thread that hangs cannot be stopped, and what is submitted behind it would wait without a say: so one utterance at a
time is submitted, and the others keep their audio here, MAX_WAITING of them. What is asked only to compare is no
fallback: it waits behind every utterance that has no words, and makes room for any of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Protocol, TypeVar

from django.db import close_old_connections

from calls.core.actions import AskOneShot
from stt.audio import BYTES_PER_MS, ulaw_to_pcm
from stt.engines.base import UtterancePcm
from stt.engines.one_shot_chain import OneShotAnswer
from stt.events import OneShotDone, RecognizerError
from stt.streaming.billing import Billed
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
    is_comparison: bool = False
    """It has its words: it is asked only to compare."""

    @classmethod
    def of(cls, audio: bytes, utterance: int | None = None, *, is_comparison: bool = False) -> UtteranceAudio:
        if isinstance(audio, cls):
            return audio
        self = cls(audio)
        self.utterance, self.is_comparison = utterance, is_comparison
        return self

    @classmethod
    def to_ask(cls, action: AskOneShot) -> UtteranceAudio:
        self = cls.of(ulaw_to_pcm(action.ulaw), action.utterance, is_comparison=action.is_comparison)
        self.avoids = action.avoids
        return self

    def follow(self, last: UtteranceAudio | None) -> None:
        """``last`` is the tail of what was taken before it: heard with it, where no other utterance stands between."""
        if last is not None and last.utterance is not None and last.utterance + 1 == self.utterance:
            self.before = bytes(last)

    @property
    def tail(self) -> UtteranceAudio:
        """What is kept of it for the next one, with what was before it: MOST_BEFORE_MS at most."""
        return UtteranceAudio.of((self.before + self)[-MOST_BEFORE_MS * PCM_BYTES_PER_MS :], self.utterance)


class _MayCompare(Protocol):
    @property
    def is_comparison(self) -> bool: ...


Asked = TypeVar("Asked", bound=_MayCompare)


def line_up(waiting: deque[Asked], asked: Asked) -> Asked | None:
    """Let one more wait; returns what is given up where too many do.

    Comparisons wait behind all others, and the oldest of them is given up first, a new one too where only others wait.
    """
    comparisons = sum(one.is_comparison for one in waiting)
    first = len(waiting) - comparisons
    waiting.insert(len(waiting) if asked.is_comparison else first, asked)
    if len(waiting) <= MAX_WAITING:
        return None
    oldest = 0
    if waiting[-1].is_comparison:
        oldest = first if asked.is_comparison else first + 1
    given_up = waiting[oldest]
    del waiting[oldest]
    return given_up


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
        """Utterances that wait for the one thread, with their audio; comparisons last."""
        self._awaited: dict[Future[str], UtteranceAudio] = {}
        """What the thread is at: one, or none."""
        self._tail: UtteranceAudio | None = None
        """Of the utterance that was taken last."""
        self._answered = 0
        self._answered_s = Counter[str]()
        """By engine, as billed. Both are written by the call's one thread alone."""

    @property
    def billed(self) -> Billed:
        """The one-shots that were answered, and their audio."""
        return Billed(self._answered, dict(self._answered_s))

    @property
    def is_busy(self) -> bool:
        return bool(self._awaited)

    @property
    def waiting(self) -> int:
        """Utterances that wait for the thread."""
        return len(self._fallback_queue)

    def take(self, audio: bytes) -> None:
        """An utterance that only the one-shot recogniser can save, or one to compare; where too many wait, one is
        given up (``line_up``)."""
        taken = UtteranceAudio.of(audio)
        (metrics.COMPARISONS if taken.is_comparison else metrics.FALLBACKS).inc()
        taken.follow(self._tail)
        self._tail = taken.tail
        given_up = line_up(self._fallback_queue, taken)
        if given_up is not None:
            (metrics.COMPARISONS_FAILED if given_up.is_comparison else metrics.FALLBACKS_GIVEN_UP).inc()
            error = RecognizerError("fallback_busy", "too many utterances waited for the one-shot recogniser")
            self._deliver(OneShotDone(given_up.utterance, (), error))

    def next(self) -> UtteranceAudio | None:
        """What the thread should be given now; None while it is at work, or nothing waits."""
        return self._fallback_queue.popleft() if self._fallback_queue and not self._awaited else None

    def submit(self, audio: bytes, recognize: Callable[[bytes], str], done: Callable[[Future[str]], None]) -> None:
        """``recognize`` in the call's thread; ``done`` is called on the loop with its future."""
        future = self._executor.submit(self._in_executor, audio, recognize)
        self._awaited[future] = UtteranceAudio.of(audio)
        future.add_done_callback(lambda answered: self._loop.call_soon_threadsafe(done, answered))

    def answered(self, future: Future[str]) -> None:
        """The thread has answered: the words, or the error, are delivered."""
        asked = self._awaited.pop(future, UtteranceAudio())
        try:
            text, error = future.result(), None
        except Exception as e:  # a wall: whatever the recogniser raised, the utterance goes on without words
            if asked.is_comparison:
                metrics.COMPARISONS_FAILED.inc()
                logger.warning("⚠️ [STT] comparison failed: %s", e, extra={"turn": asked.utterance})
            else:
                metrics.FALLBACKS_FAILED.inc()
                logger.error("❌ STT fallback failed: %s", e, extra={"turn": asked.utterance})
            text, error = "", e if isinstance(e, RecognizerError) else RecognizerError("fallback_error")
        engine, model = (text.engine, text.model) if isinstance(text, AnsweredBy) else ("", "")
        self._deliver(OneShotDone(asked.utterance, tuple(text.split()), error, engine, model))

    def clear(self) -> None:
        """Nobody waits for what has not been submitted."""
        self._fallback_queue.clear()
        self._tail = None

    def _in_executor(self, audio: bytes, recognize: Callable[[bytes], str]) -> str:
        close_old_connections()
        logger.info(
            "🧵 [STT] %s in executor (utterance %s, %d ms)",
            "comparison" if getattr(audio, "is_comparison", False) else "fallback",
            getattr(audio, "utterance", None),
            len(audio) // PCM_BYTES_PER_MS,
            extra={"turn": getattr(audio, "utterance", None)},
        )
        try:
            text = recognize(audio)
            self._answered += 1
            engine = text.engine if isinstance(text, AnsweredBy) else ""
            self._answered_s[engine] += -(-len(audio) // (PCM_BYTES_PER_MS * 1000))
            return text
        finally:
            close_old_connections()
