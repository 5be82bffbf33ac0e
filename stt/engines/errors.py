"""The wall around an engine's library: whatever is raised behind it becomes a RecognizerError with a stable code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


@contextmanager
def recognizer_errors(translate: Translate, otherwise: str = ENGINE_ERROR) -> Iterator[None]:
    """Turn whatever is raised inside into a RecognizerError; ``otherwise`` is the code of what is no service's error.

    What passed it would end a stream or a call's thread without a word.
    """
    try:
        yield
    except RecognizerError:
        raise
    except Exception as error:
        if (known := translate(error)) is not None:
            try:
                raise known from error
            finally:
                del known  # its traceback holds this frame: a circle, until a collection
        metrics.ENGINE_ERRORS.labels(otherwise).inc()
        message = f"{type(error).__name__}: {error}"
        logger.error("[STT] %s: %s", otherwise, message, exc_info=otherwise == ENGINE_ERROR)
        raise RecognizerError(otherwise, message, permanent=otherwise == CLIENT_FAILED) from error


def without_traceback(error: RecognizerError) -> RecognizerError:
    """The same error as a value: a traceback would hold the stream's frames, and they it, until a collection."""
    return RecognizerError(error.code, error.message, permanent=error.permanent)
