"""Reading a responder's items: whoever leaves them closes them, in bounded time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from calls.reply.items import Item
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

CLOSING_S = 1.0
"""A responder has so long to let go of what it holds open; a stream is closed within a millisecond."""


@asynccontextmanager
async def closing(items: AsyncIterator[Item]) -> AsyncIterator[AsyncIterator[Item]]:
    """The items, closed when they are left for whatever reason. ``contextlib.aclosing`` for any iterator: one that
    cannot be closed holds nothing open.

    An async generator that nobody closes keeps its stream until it is collected, which an exception's traceback puts
    off for minutes: the model would write on, unheard and uncounted.
    """
    try:
        yield items
    finally:
        aclose = getattr(items, "aclose", None)
        if aclose is not None:
            try:
                async with asyncio.timeout(CLOSING_S):
                    await aclose()
            except Exception:
                # The wall: a responder is anybody's code, and the answer is over.
                metrics.RESPONDER_ERRORS.inc()
                logger.exception("a responder could not be closed")
