"""The call's one queue: what recognisers, timers and the line have for the pump, in order.

On the queue stand the mission's tuples, ``("stt_final_text", payload)``, the payload a ``HeardText``, and
``("tts_ready", piece)``, and frozen items for everything else. Interims share one waiting item, in which the newest
wins, so that they never fill the queue. What a full queue refuses goes to an overflow list, which the pump reads next:
it is counted and logged, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass
from typing import ClassVar, Literal

from calls.core.actions import Action
from calls.reply.spoken_piece import SpokenPiece
from stt.events import Final, Interim, OneShotDone, RecognizerEvent
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

MAX_EVENTS = 32


def now_ms() -> float:
    """The monotonic clock that the session's ``now_ms`` means."""
    return time.monotonic() * 1000


class HeardText(str):
    """A text on its way through events_q, with the event that brought it and when it came."""

    __slots__ = ("came_ms", "event")
    event: RecognizerEvent
    came_ms: float

    def __new__(cls, text: str, event: RecognizerEvent) -> HeardText:
        self = super().__new__(cls, text)
        self.event, self.came_ms = event, now_ms()
        return self

    @classmethod
    def of(cls, payload: str) -> HeardText:
        """A plain text is the one-shot recogniser's, of the last utterance."""
        return payload if isinstance(payload, cls) else cls(payload, OneShotDone(None, tuple(payload.split())))


class InterimSlot:
    """The newest interim, waiting for the pump."""

    __slots__ = ("came_ms", "event")

    def __init__(self, event: Interim) -> None:
        self.put(event)

    def put(self, event: Interim) -> None:
        self.event, self.came_ms = event, now_ms()


@dataclass(frozen=True, slots=True)
class InterimDue:
    """The newest interim, whichever that is when it is read."""

    kind: ClassVar = "stt_partial"
    slot: InterimSlot


@dataclass(frozen=True, slots=True)
class EventDue:
    """A recogniser's event without words of its own."""

    kind: ClassVar = "stt_event"
    event: RecognizerEvent
    came_ms: float


@dataclass(frozen=True, slots=True)
class ActionDue:
    """What a message brought and need not be done on the media path."""

    kind: ClassVar = "action"
    action: Action


@dataclass(frozen=True, slots=True)
class TickDue:
    """The session is to be asked what time has decided."""

    kind: ClassVar = "tick"


FinalText = tuple[Literal["stt_final_text"], str]
SoundReady = tuple[Literal["tts_ready"], SpokenPiece]
"""The first sound of a piece of an answer is there, the rest follows in the piece."""
Item = FinalText | SoundReady | InterimDue | EventDue | ActionDue | TickDue
TICK = TickDue()


class EventQueue:
    """``put`` and ``put_event`` on the loop, at once; ``next`` by the pump alone."""

    def __init__(self) -> None:
        self.events_q: asyncio.Queue[Item] = asyncio.Queue(maxsize=MAX_EVENTS)
        self.finals_refused = 0
        """Finals that a full queue refused, and the overflow list took."""
        self._overflow: deque[Item] = deque()
        self._slot: InterimSlot | None = None
        self._tick_waits = False

    def put(self, item: Item) -> None:
        """To the pump, in order."""
        if not self._overflow:
            try:
                self.events_q.put_nowait(item)
                return
            except asyncio.QueueFull:
                pass
        self._overflow.append(item)
        metrics.EVENTS_OVERFLOW.inc()
        if isinstance(item, tuple) and item[0] == "stt_final_text":
            logger.warning("⚠️ events_q full; dropping final text")
            self.finals_refused += 1

    def put_event(self, event: RecognizerEvent) -> None:
        """What a stream or the one-shot recogniser said."""
        if isinstance(event, Interim):
            if self._slot is not None:
                self._slot.put(event)
                return
            self._slot = InterimSlot(event)
            self.put(InterimDue(self._slot))
            return
        # What is said after a final is of another segment: the slot before it is sealed.
        self._slot = None
        if isinstance(event, Final):
            self.put(("stt_final_text", HeardText(" ".join(word.text for word in event.words), event)))
        elif isinstance(event, OneShotDone):
            self.put(("stt_final_text", HeardText(" ".join(event.words), event)))
        else:
            self.put(EventDue(event, now_ms()))

    def wake(self) -> None:
        """One tick, however often it is asked for until then."""
        if not self._tick_waits:
            self._tick_waits = True
            self.put(TICK)

    async def next(self) -> Item:
        """The oldest item."""
        item = self._overflow.popleft() if self._overflow and self.events_q.empty() else await self.events_q.get()
        if isinstance(item, TickDue):
            self._tick_waits = False
        elif isinstance(item, InterimDue) and self._slot is item.slot:
            self._slot = None
        return item
