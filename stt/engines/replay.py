"""Audio that exists, through an engine as a call would send it: its words, and how late they came.

No attempts, no failover, no one-shot behind a stream: what is asked is how well this engine hears by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stt.audio import BYTES_PER_MS, duration_ms, ulaw_to_pcm
from stt.engines.base import OpenStream, StreamEvent
from stt.events import Final, Interim, RecognizerError, StreamClosed

BATCH_MS = 100
LONGEST_WAIT_S = 15.0
"""For what comes after the end of the audio; an engine that says nothing until then has failed."""


@dataclass(slots=True)
class ReplayedAudio:
    """What an engine made of one piece of audio."""

    text: str = ""
    final_ms: int | None = None
    """Of a stream: from the end of the speech to the last final that has words; of a one-shot: how long it took."""
    code: str = ""
    """Of the error that ended it."""


@dataclass(slots=True)
class _Heard:
    """The events of one stream, with the times at which they came."""

    finals: list[str] = field(default_factory=list)
    unsettled: str = ""
    """The newest hypothesis behind the last final."""
    last_s: float | None = None
    code: str = ""
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: StreamEvent) -> None:
        if isinstance(event, Final) and event.words:
            self.finals.append(" ".join(word.text for word in event.words))
            self.unsettled, self.last_s = "", time.monotonic()
        elif isinstance(event, Interim):
            self.unsettled = " ".join(event.words)
        elif isinstance(event, StreamClosed):
            self.code = event.error.code if event.error else ""
            self.closed.set()

    @property
    def text(self) -> str:
        return " ".join(filter(None, (*self.finals, self.unsettled)))


async def stream_through(open_stream: OpenStream, ulaw: bytes, speech_ends_ms: int) -> ReplayedAudio:
    """Send 8 kHz µ-law at the pace of speech, then half-close and read to the end. Never raises for the engine's sake.

    ``speech_ends_ms``: in the audio; behind it is only what follows a turn.
    """
    heard = _Heard()
    began_s = time.monotonic()
    stream = open_stream(heard.take)
    try:
        for at_ms in range(0, duration_ms(ulaw), BATCH_MS):
            stream.feed(ulaw[at_ms * BYTES_PER_MS : (at_ms + BATCH_MS) * BYTES_PER_MS])
            # A batch is sent when all of it would have been spoken.
            await asyncio.sleep(max(0.0, began_s + (at_ms + BATCH_MS) / 1000 - time.monotonic()))
            if heard.closed.is_set():
                break
        stream.finish()
        async with asyncio.timeout(LONGEST_WAIT_S):
            await heard.closed.wait()
    except TimeoutError:
        heard.code = "deadline_exceeded"
    finally:
        stream.close()
    final_ms = None
    if heard.last_s is not None:
        final_ms = max(0, round((heard.last_s - began_s) * 1000) - speech_ends_ms)
    return ReplayedAudio(heard.text, final_ms, heard.code)


def ask_once(recognize: Callable[[bytes], Final], ulaw: bytes) -> ReplayedAudio:
    """All of the audio as one request. Blocking, any thread. Never raises for the engine's sake."""
    began_s = time.monotonic()
    try:
        final = recognize(ulaw_to_pcm(ulaw))
    except RecognizerError as error:
        return ReplayedAudio(code=error.code)
    return ReplayedAudio(" ".join(word.text for word in final.words), round((time.monotonic() - began_s) * 1000))
