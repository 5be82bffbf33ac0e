"""Acts: what an answer does beside speaking, each at most once and only when the words before it were heard."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from calls.reply.conversation import Conversation
from calls.reply.hands import AgentHands
from calls.reply.items import Act, ActOutcome, ActStatus, HangUp, NoteValue, Transfer
from calls.reply.playback import Playback
from calls.reply.spoken_piece import SpokenPiece

UNHEARD_AFTER_MS = 2000
"""Beyond the words' end by the clock: an act no longer waits for their mark."""


@dataclass(slots=True)
class _Waiting:
    act: Act | ActOutcome
    behind: SpokenPiece | None
    """The words that must be heard before it; None: it follows none."""


class Acts:
    """One agent's."""

    def __init__(
        self,
        conversation: Conversation,
        hands: AgentHands,
        *,
        start: Callable[[Coroutine[Any, Any, None]], object],
        hang_up: Callable[[str], None],
    ) -> None:
        """``start`` runs what waits, as a task of the agent's; ``hang_up`` ends the call for a reason."""
        self.running = False
        """One that waits is under way: nothing is prepared meanwhile."""
        self._conversation, self._hands = conversation, hands
        self._start, self._hang_up = start, hang_up
        self._waiting: list[_Waiting] = []

    def add(self, act: Act | ActOutcome, behind: SpokenPiece | None) -> None:
        """Of an answer that has the floor, in order."""
        self._waiting.append(_Waiting(act, behind))

    def drop(self) -> list[Act | ActOutcome]:
        """The words before them will not be heard. Returns what is not done by that."""
        dropped = [waiting.act for waiting in self._waiting]
        self._waiting.clear()
        return dropped

    def drop_unplayed(self, playback: Playback) -> None:
        """The words before some of them will not be played."""
        self._waiting = [one for one in self._waiting if one.behind is None or playback.holds(one.behind)]

    @property
    def are_done(self) -> bool:
        return not self._waiting and not self.running

    def do_due(self, playback: Playback, now_ms: float) -> None:
        """Do those whose words were heard."""
        while self._waiting and not self.running and self._may_begin(self._waiting[0], playback, now_ms):
            self._do(self._waiting.pop(0).act)

    def next_deadline_ms(self, playback: Playback) -> float | None:
        """When the first of them no longer waits for its words' mark."""
        behind = self._waiting[0].behind if self._waiting and not self.running else None
        ends_ms = playback.piece_ends_ms(behind) if behind is not None else None
        return None if ends_ms is None else ends_ms + UNHEARD_AFTER_MS

    def _may_begin(self, waiting: _Waiting, playback: Playback, now_ms: float) -> bool:
        if waiting.behind is None or playback.piece_is_heard(waiting.behind):
            return True
        ends_ms = playback.piece_ends_ms(waiting.behind)
        return ends_ms is not None and now_ms >= ends_ms + UNHEARD_AFTER_MS

    def _do(self, act: Act | ActOutcome) -> None:
        if isinstance(act, ActOutcome):
            self._finished(act)
        elif not self._conversation.may_do(act):
            self._finished(ActOutcome(act, ActStatus.REFUSED, "act_twice"))
        elif isinstance(act, HangUp):
            self._finished(ActOutcome(act, ActStatus.DONE))
            self._hang_up("answered")
        elif isinstance(act, NoteValue):
            self._hands.keep(act)
            self._finished(ActOutcome(act, ActStatus.DONE))
        elif isinstance(act, Transfer):
            self.running = True
            self._start(self._transfer(act))
        else:
            # Tones and recordings are sound, and were heard.
            self._finished(ActOutcome(act, ActStatus.DONE))

    async def _transfer(self, act: Transfer) -> None:
        why = "cancelled"
        try:
            why = await self._hands.transfer(act.person)
        finally:
            self.running = False
            failed = ActOutcome(act, ActStatus.FAILED, "act_failed")
            self._finished(failed if why else ActOutcome(act, ActStatus.DONE), f"{act.person}: {why}")
            self._hands.wake()

    def _finished(self, outcome: ActOutcome, detail: str = "") -> None:
        self._conversation.done(outcome)
        if outcome.code:
            self._hands.note(outcome.code, ", ".join(filter(None, (type(outcome.act).__name__, detail))))
