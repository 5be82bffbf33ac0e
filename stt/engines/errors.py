"""The wall around an engine's library: whatever is raised behind it becomes a RecognizerError with a stable code."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType

from stt.events import RecognizerError
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

CLIENT_FAILED = "client_failed"
"""No client could be made: what reading credentials raises is let through by vendors' libraries (IsADirectoryError,
PermissionError, AttributeError)."""
ENGINE_ERROR = "engine_error"
"""Anything else that is no error of the service."""

Translate = Callable[[Exception], RecognizerError | None]
"""The RecognizerError that an exception of the engine's library stands for; None where it is none of the service's."""


class recognizer_errors(ContextDecorator):
    """Turn whatever is raised inside into a RecognizerError; ``otherwise`` is the code of what is no service's error.

    What passed it would end a stream or a call's thread without a word. No generator: since Python 3.12 the frame of
    one that raises leads back to the error, which holds the stream's frames until a collection.
    """

    def __init__(self, translate: Translate, otherwise: str = ENGINE_ERROR) -> None:
        self._translate = translate
        self._otherwise = otherwise

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, RecognizerError):
            return
        if (known := self._translate(error)) is not None:
            try:
                raise known from error
            finally:
                del known  # its traceback holds this frame: a circle, until a collection
        metrics.ENGINE_ERRORS.labels(self._otherwise).inc()
        message = f"{type(error).__name__}: {error}"
        logger.error("[STT] %s: %s", self._otherwise, message, exc_info=self._otherwise == ENGINE_ERROR)
        raise RecognizerError(self._otherwise, message, permanent=self._otherwise == CLIENT_FAILED) from error


def without_traceback(error: RecognizerError) -> RecognizerError:
    """The same error as a value: a traceback would hold the stream's frames, and they it, until a collection."""
    return RecognizerError(error.code, error.message, permanent=error.permanent)
