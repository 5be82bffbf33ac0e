"""What is written once for all voices: bounds of time, a code for whatever is raised, and letting go at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from calls.reply.voice import AnswerVoice, VoiceError
from calls.reply.voices.pieces import check_piece
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

FIRST_CHUNK_S = 2.0
"""A voice's first sound of a piece comes within this."""
NEXT_CHUNK_S = 2.0
"""And each further one within this."""


async def guarded(
    voice: AnswerVoice, text: str, *, first_s: float = FIRST_CHUNK_S, next_s: float = NEXT_CHUNK_S
) -> AsyncIterator[bytes]:
    """One piece by this voice: its chunks, none of them empty. Who leaves it early closes it (``contextlib.aclosing``).

    Raises VoiceError and nothing else: ``voice_slow`` where a chunk is late, ``voice_empty`` where none comes,
    ``voice_raised`` for whatever is no VoiceError, ``text_unspeakable`` for what is no piece.
    """
    text = check_piece(text)
    anything = False
    # Every voice's ``speak`` is an async generator; the contract says AsyncIterator, as the reader sees it.
    async with aclosing(cast(Any, voice.speak(text))) as chunks:
        while (chunk := await _next(chunks, next_s if anything else first_s)) is not None:
            if chunk:
                anything = True
                yield chunk
    if not anything:
        raise _counted(VoiceError("voice_empty", "The voice made no sound."))


async def _next(chunks: AsyncIterator[bytes], limit_s: float) -> bytes | None:
    """The next chunk; None at the end."""
    late = asyncio.timeout(limit_s)
    try:
        async with late:
            return await anext(chunks, None)
    except VoiceError as error:
        raise _counted(error) from None
    except Exception as error:
        # The wall around a vendor's library.
        if late.expired():
            raise _counted(VoiceError("voice_slow", f"No sound came within {limit_s:g} s.")) from None
        metrics.VOICE_ERRORS.labels("voice_raised").inc()
        logger.error("voice_raised: %s: %s", type(error).__name__, error, exc_info=True)
        raise VoiceError("voice_raised", f"{type(error).__name__}: {error}") from error


def _counted(error: VoiceError) -> VoiceError:
    metrics.VOICE_ERRORS.labels(error.code).inc()
    return error
