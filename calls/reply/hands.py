"""What an agent is given by whoever runs it (calls/live/live_call.py): its call, and what it may do there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from calls.core.agent_turns import FIRST_AGENT_NUMBER, AgentTurn
from calls.reply.items import NoteValue
from calls.reply.settings import AnswerSettings
from calls.reply.spoken_piece import SpokenPiece

ANSWERING_BROKE = "answering_broke"
"""The code of a fault of our own, behind which the stream is answered no more."""


@dataclass(frozen=True, slots=True)
class AgentCall:
    """What an agent knows of its call from the start."""

    call_sid: str
    stream_sid: str
    from_number: str
    to_number: str
    settings: AnswerSettings
    first_number: int
    """Of its turns, within the stream's block (calls/core/agent_turns.py)."""
    greets: bool = True
    """The greeting is said in the stream: it is the call's first, and Twilio has not said it."""
    notice: str = ""
    """Told before the greeting, in the stream: Twilio has not told it."""
    opens: bool = True
    """The responder may begin: nothing was said in the call."""

    def is_own(self, number: int) -> bool:
        """Whether a turn of this number was heard in this stream, or in an earlier one."""
        return number > self.first_number - FIRST_AGENT_NUMBER


class AgentHands(Protocol):
    """One media stream's. Nothing here waits but ``send`` and ``transfer``."""

    async def send(self, message: str) -> None:
        """A message to Twilio. What is sent to a socket that is gone is dropped."""

    def ready(self, piece: SpokenPiece) -> None:
        """The first sound of a piece is there: through the call's queue back to ``Agent.piece_ready``."""

    def wake(self) -> None:
        """Have the agent look again soon: ``Agent.tick``."""

    def media_ms(self, now_ms: float) -> int:
        """Media time at this instant."""

    def save(self, turn: AgentTurn, *, playing: bool) -> None:
        """A row of the agent's turn; the highest revision wins. ``playing``: it goes on."""

    def resumed(self, turn: AgentTurn, stream_sid: str) -> None:
        """The rest of this answer, which was cut off when its stream was lost, is said in this one."""

    def answered(self, number: int, total_ms: int) -> None:
        """The caller's turn of this number was answered so long after its last voiced frame."""

    def answer_ended(self, code: str) -> None:
        """An answer that had something to say has come to its end, or was stopped: it failed with this stable code;
        empty where it did not."""

    def not_said(self, ask: str) -> None:
        """The sentence that a supervisor has asked for will not be said. What has sounded of one is an agent's turn."""

    def note(self, code: str, detail: str = "") -> None:
        """A row of CallEvent."""

    def keep(self, note: NoteValue) -> None:
        """A row of a saved value."""

    def played(self, at_ms: float, ulaw: bytes) -> None:
        """This sound was played from this instant on: for the recording."""

    def plays(self, begins_ms: float, ulaw: bytes, words: str) -> None:
        """This sound is sent, and will be played from that instant on; it is part of what says these words. Before it
        can come back as an echo."""

    def cleared(self, now_ms: float) -> None:
        """Twilio is told to drop what it holds: what would be played from this instant on is not."""

    def hang_up(self, reason: str) -> None:
        """End the stream, and with it the call: ``answered`` behind a goodbye, ``answer_failed`` for the line's
        fallback."""

    async def transfer(self, person: str) -> str:
        """Hand the call over. Returns a stable code of why it was not done; empty when it was."""

    async def finished_probability(self) -> float | None:
        """What the model of turns makes of the caller's voice up to now: that they have finished. None where it is
        absent or late."""
