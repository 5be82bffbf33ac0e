"""What supervisors see while a call runs: published through the channel layer, off the call's path.

A call never waits for those who watch: updates go to a bounded place where the newest of a kind wins, and one task a
loop sends what has gathered as one batch each EVERY_S. So a call makes at most five updates a second of each kind, and
two hundred calls make five messages a second.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from calls.core.agent_turns import AgentTurn, AnswerTimes, unheard
from calls.core.text import MASK, clean
from voiceapp.runtime import metrics

if TYPE_CHECKING:
    from calls.core.turns import Turn
    from calls.storage.models import Transcript

logger = logging.getLogger(__name__)

GROUP = "live"
EVERY_S = 0.2
MOST_WAITING = 5000
"""Updates that a layer which does not answer may hold back; beyond it the oldest go."""
SEND_TIMEOUT_S = 1.0
EACH = ("turn", "answer", "note", "value")
"""Kinds of which each counts, not only the newest of its stream."""

Update = dict[str, Any]
ANSWER_SHOWN = (
    *("number", "text", "started_ms", "outcome", "code", "revision", "withdrawals"),
    *("floor_rule", "floor_ms", "first_audio_ms", "total_ms", "responder", "voice"),
)


def shown(turn: Turn | Transcript, key: str) -> Update:
    """A turn as those who watch are told of it, live and when a page reads it again; ``key`` is then the same."""
    return {
        "key": key,
        "number": turn.number,
        "text": clean(turn.heard_text),
        "started_ms": turn.started_ms,
        "source": turn.source,
        "code": turn.code,
        "engine": turn.engine,
        "partial_ms": turn.partial_ms,
        "final_ms": turn.final_ms,
        "total_ms": turn.total_ms,
        "revision": turn.revision,
        "echo": turn.echo,
    }


def shown_answer(turn: AgentTurn | Transcript, key: str) -> Update:
    """An answer of the line as those who watch are told of it: ``heard`` of its text, and what was not; and the ms of
    each stage before its first sound."""
    row = turn.as_row() if isinstance(turn, AgentTurn) else vars(turn)
    heard = row["played_text"] or ""
    return {
        "key": key,
        "heard": heard,
        "unheard": unheard(row["text"], heard),
        "stages": AnswerTimes.of_row(row).stages,
        **{name: row[name] for name in ANSWER_SHOWN},
    }


def shown_value(key: str, value: str, *, secret: bool) -> Update:
    """A saved value as those who watch are told of it."""
    return {"key": key, "value": MASK if secret else clean(value), "secret": secret}


class Publisher:
    """One loop's way to the supervisors."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str, str], Update] = {}
        self._task: asyncio.Task[None] | None = None
        self.failed = 0

    def publish(self, update: Update) -> None:
        """Take an update; it replaces one of its stream and kind (and turn) that waits. On the loop's thread; returns
        at once."""
        which = update.get("key", update.get("number")) if update["kind"] in EACH else update.get("stream", "")
        key = (update["call"], update["kind"], str(which))
        # Behind what came meanwhile: updates arrive in the order of their newest.
        self._waiting.pop(key, None)
        self._waiting[key] = update
        if len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send(), name="live-publisher")

    async def _send(self) -> None:
        layer = get_channel_layer()
        while self._waiting:
            batch, self._waiting = list(self._waiting.values()), {}
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await layer.group_send(GROUP, {"type": "live.update", "update": {"updates": batch}})
            except Exception as error:  # noqa: BLE001 - a wall: any layer's failure is the watchers' loss only
                metrics.LIVE_UNSENT.inc()
                self.failed += 1
                if self.failed == 1:
                    logger.warning("live updates are not sent: %s", type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def flush(self) -> None:
        """Wait until what was published is sent, for one try at most."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=EVERY_S + SEND_TIMEOUT_S)


class LiveUpdates:
    """A process's way to the supervisors, whichever of its loops a call runs on."""

    def __init__(self) -> None:
        self._publishers: dict[asyncio.AbstractEventLoop, Publisher] = {}

    def publish(self, update: Update) -> None:
        """On a loop; returns at once. ``update`` has a ``kind``, the ``call`` it is about ("" of a process), its
        ``stream``, the line that was called as ``to`` and, of a turn or note, its ``key``."""
        loop = asyncio.get_running_loop()
        publisher = self._publishers.get(loop)
        if publisher is None:
            for closed in [other for other in self._publishers if other.is_closed()]:
                del self._publishers[closed]
            publisher = self._publishers[loop] = Publisher()
        publisher.publish(update)

    async def flush(self) -> None:
        """Before the process ends: who watches is told of its calls' end."""
        publisher = self._publishers.get(asyncio.get_running_loop())
        if publisher is not None:
            await publisher.flush()
