"""AgentHands: what an agent may do on its call, given by whoever runs it (calls/live/live_call.py). Pure: the contract."""

from __future__ import annotations

from typing import Protocol

from calls.core.agent_turns import AgentTurn
from calls.reply.items import NoteValue
from calls.reply.spoken_piece import SpokenPiece


class AgentHands(Protocol):
    """One media stream's. Nothing here waits but ``send`` and ``transfer``."""

    async def send(self, message: str) -> None:
        """A message to Twilio. What is sent to a socket that is gone is dropped."""

    def ready(self, piece: SpokenPiece) -> None:
        """The first sound of a piece is there: through the call's queue back to ``Agent.piece_ready``."""

    def wake(self) -> None:
        """Have the agent look again soon."""

    def media_ms(self, now_ms: float) -> int:
        """Media time at this instant."""

    def save(self, turn: AgentTurn) -> None:
        """A row of the agent's turn; the highest revision wins."""

    def answered(self, number: int, total_ms: int) -> None:
        """The caller's turn of this number was answered so long after its last voiced frame."""

    def note(self, code: str, detail: str = "") -> None:
        """A row of CallEvent."""

    def keep(self, note: NoteValue) -> None:
        """A row of a saved value."""

    def played(self, at_ms: float, ulaw: bytes) -> None:
        """This sound was played from this instant on: for the recording."""

    def hang_up(self, reason: str) -> None:
        """End the stream, and with it the call: ``answered`` after a goodbye, ``answer_failed`` for the line's fallback."""

    async def transfer(self, person: str) -> str:
        """Hand the call over. Returns a stable code; empty when it was done."""
