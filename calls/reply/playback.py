"""Playback: an answer's pieces become messages, in time, and marks that come back say what was heard. Pure.

    begin ─ add* ─ close         the agent: one answer after the other
    due(now)                     what is to be sent now: sound at most ``lead_ms`` ahead, and marks
    mark(name, now)              Twilio has reached a mark
    clear(now)                   stop: what Twilio still holds is dropped

A mark follows each piece and each 1000 ms inside of one, named ``a3.2.1``: answer, piece, mark. They come back in
order; one that came stands for those before it. ``clear`` sends all outstanding marks back at once
(twilio.com/docs/voice/media-streams/websocket-messages#send-a-clear-message): those were not heard, whatever comes
later, and one that was reached in truth but crossed the ``clear`` counts as unheard too. A mark that is MARK_LATE_MS
late is taken for lost, and the clock stands in for it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from calls.reply.play_clock import PlayClock
from calls.reply.played_answer import PlayedAnswer
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS

MARK_EVERY_MS = 1000
MARK_LATE_MS = 3000
MAX_MESSAGE_MS = 200
MIN_MESSAGE_MS = 50
"""Smaller messages stutter (openai-agents-python#1926); the last of a piece may be."""
STARVED_MS = 300
NETWORK_MS = 200
"""Sound is heard so much later than the clock has it, at most: the way to Twilio and on to the caller."""


@dataclass(frozen=True, slots=True)
class SendSound:
    """A media message for Twilio."""

    ulaw: bytes
    piece: SpokenPiece
    """Whose sound it is."""
    begins_ms: float
    """The instant from which Twilio plays it, by the clock."""


@dataclass(frozen=True, slots=True)
class SendMark:
    """A mark message for Twilio."""

    name: str


@dataclass(frozen=True, slots=True)
class PlaybackOdd:
    """Something that is counted: ``mark_lost`` | ``playback_starved``."""

    code: str


ToSend = SendSound | SendMark | PlaybackOdd


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    piece: int
    """Index of its piece."""
    piece_ms: int
    """Where in the piece's sound it stands."""
    due_ms: float
    """When the clock expects it back."""


class Playback:
    """One call's. Answers are played one after the other: ``begin`` another when the last was heard or cleared."""

    def __init__(self, lead_ms: int) -> None:
        """``lead_ms``: Twilio never holds more sound than this."""
        self.clock = PlayClock()
        self._lead_ms = lead_ms
        self._message_ms = min(MAX_MESSAGE_MS, max(MIN_MESSAGE_MS, lead_ms // 3))
        self._answer: PlayedAnswer | None = None
        self._outstanding: deque[_Mark] = deque()
        self._starved_told = False
        self._cleared_ms = 0.0
        """What of the answer was cleared before it was played."""

    # The agent

    def begin(self, number: int) -> None:
        """The next answer."""
        self._answer = PlayedAnswer(number)
        self._outstanding.clear()
        self._starved_told = False
        self._cleared_ms = 0.0

    def add(self, piece: SpokenPiece) -> None:
        """Its next piece, whose sound may still be growing."""
        if self._answer is not None and not self._answer.closed:
            self._answer.pieces.append(piece)

    def close(self) -> None:
        """No further piece comes."""
        if self._answer is not None:
            self._answer.closed = True

    def close_behind_piece(self) -> bool:
        """The piece of which a frame was sent last is the last. True where others were to follow it."""
        answer = self._answer
        if answer is None:
            return False
        begun = answer.piece + any(piece.sent_bytes for piece in answer.pieces[answer.piece :][:1])
        is_cut = begun < len(answer.pieces)
        del answer.pieces[begun:]
        answer.closed = True
        return is_cut

    def drop_unsent(self) -> None:
        """What was sent is played, and nothing more."""
        if self._answer is not None:
            self._answer.closed = True
            self._answer.piece = len(self._answer.pieces)

    def clear(self, now_ms: float) -> list[tuple[float, bytes]]:
        """Give the answer up: drop what is unsent, and (by the ``clear`` message that the caller of this sends) what
        Twilio holds. Returns what was played until now and not yet taken."""
        self._cleared_ms = self.clock.ahead_ms(now_ms)
        self._outstanding.clear()
        self.drop_unsent()
        return self.clock.clear(now_ms)

    # The line

    def due(self, now_ms: float) -> list[ToSend]:
        """What is to be sent now, in order."""
        sends: list[ToSend] = []
        answer = self._answer
        if answer is None:
            return sends
        self._lose_marks(now_ms, sends)
        while answer.piece < len(answer.pieces):
            piece = answer.pieces[answer.piece]
            available_ms = piece.unsent_ms
            if piece.complete and not available_ms:
                self._end_piece(answer, piece, sends)
                continue
            if not piece.complete and available_ms < MIN_MESSAGE_MS:
                self._starve(piece, now_ms, sends)
                break
            position_ms = piece.sent_bytes // BYTES_PER_MS
            length_ms = min(self._message_ms, available_ms, MARK_EVERY_MS - position_ms % MARK_EVERY_MS)
            if self.clock.ahead_ms(now_ms) + length_ms > self._lead_ms:
                break
            self._send(answer, piece, length_ms, now_ms, sends)
        return sends

    def mark(self, name: str, now_ms: float) -> None:
        """Twilio has played what came before this mark; one that was cleared, or is none of ours, says nothing."""
        if self._answer is None or all(mark.name != name for mark in self._outstanding):
            return
        while True:
            mark = self._outstanding.popleft()
            self._answer.reached = (mark.piece, mark.piece_ms)
            if mark.name == name:
                return

    def next_deadline_ms(self, now_ms: float) -> float | None:
        """When ``due`` has something to say; None when only sound or a mark can bring it."""
        answer = self._answer
        if answer is None:
            return None
        deadlines = [mark.due_ms + MARK_LATE_MS for mark in list(self._outstanding)[:1]]
        if answer.piece < len(answer.pieces):
            piece = answer.pieces[answer.piece]
            if piece.complete or piece.unsent_ms >= MIN_MESSAGE_MS:
                deadlines.append(max(now_ms, self.clock.plays_until_ms + self._message_ms - self._lead_ms))
            elif not self._starved_told and piece.sent_bytes:
                deadlines.append(self.clock.plays_until_ms + STARVED_MS)
        return min(deadlines, default=None)

    # What others read

    @property
    def is_over(self) -> bool:
        """Nothing is played: the last answer was heard to its end, or given up."""
        answer = self._answer
        return answer is None or (answer.is_sent and not self._outstanding)

    def sounds(self, now_ms: float) -> bool:
        """Something is played, by the clock, or more is to be sent; marks may be late, or never come."""
        answer = self._answer
        return answer is not None and (not answer.is_sent or now_ms < self.clock.plays_until_ms + NETWORK_MS)

    @property
    def heard_text(self) -> str:
        """Words of the answer up to the last mark that was reached."""
        return "" if self._answer is None else self._answer.heard_text

    @property
    def sent_ms(self) -> int:
        """Sound of the answer that was sent."""
        return 0 if self._answer is None else self._answer.sent_ms

    def heard_ms(self, now_ms: float) -> int:
        """Sound of the answer that was played, by the clock; never beyond what was sent."""
        return max(0, round(self.sent_ms - (self._cleared_ms or self.clock.ahead_ms(now_ms))))

    def holds(self, piece: SpokenPiece) -> bool:
        """It is one of the answer's, sent or still to be sent."""
        return self._answer is not None and piece in self._answer.pieces

    def piece_is_heard(self, piece: SpokenPiece) -> bool:
        """This piece of the answer, and so those before it, were heard to their end."""
        return self._answer is not None and self._answer.piece_is_heard(piece)

    def heard_of(self, piece: SpokenPiece) -> int:
        """How much of its sound lies before the last mark that was reached, in ms."""
        return 0 if self._answer is None else self._answer.heard_of(piece)

    def is_interruptible(self, now_ms: float) -> bool:
        """The words that are heard now, by the clock, may be spoken over; where nothing is heard, the last ones."""
        return self._answer is None or self._answer.piece_at(self.heard_ms(now_ms)).interruptible

    def sounding_piece(self, now_ms: float) -> SpokenPiece | None:
        """The piece of the answer that is heard now, by the clock; where nothing is heard, the last one."""
        return None if self._answer is None else self._answer.piece_at(self.heard_ms(now_ms))

    def piece_ends_ms(self, piece: SpokenPiece) -> float | None:
        """The instant at which all of it will have been played, by the clock; None while some of it is unsent."""
        if self._answer is None or piece not in self._answer.pieces:
            return None
        index = self._answer.pieces.index(piece)
        return self.clock.plays_until_ms if self._answer.piece > index else None

    # Sending

    def _send(
        self, answer: PlayedAnswer, piece: SpokenPiece, length_ms: int, now_ms: float, sends: list[ToSend]
    ) -> None:
        ulaw = bytes(piece.ulaw[piece.sent_bytes : piece.sent_bytes + length_ms * BYTES_PER_MS])
        sends.append(SendSound(ulaw, piece, self.clock.send(ulaw, now_ms)))
        piece.sent_bytes += len(ulaw)
        answer.sent_ms += length_ms
        self._starved_told = False
        position_ms = piece.sent_bytes // BYTES_PER_MS
        at_the_end = piece.complete and position_ms >= piece.ms
        if position_ms % MARK_EVERY_MS == 0 and not at_the_end:
            self._mark_here(answer, position_ms, sends)

    def _end_piece(self, answer: PlayedAnswer, piece: SpokenPiece, sends: list[ToSend]) -> None:
        if piece.ms:
            self._mark_here(answer, piece.ms, sends)
        answer.piece += 1
        answer.marks_of_piece = 0

    def _mark_here(self, answer: PlayedAnswer, piece_ms: int, sends: list[ToSend]) -> None:
        answer.marks_of_piece += 1
        name = f"a{answer.number}.{answer.piece + 1}.{answer.marks_of_piece}"
        self._outstanding.append(_Mark(name, answer.piece, piece_ms, self.clock.plays_until_ms))
        sends.append(SendMark(name))

    def _starve(self, piece: SpokenPiece, now_ms: float, sends: list[ToSend]) -> None:
        """The voice is slower than the caller hears."""
        if piece.sent_bytes and not self._starved_told and now_ms >= self.clock.plays_until_ms + STARVED_MS:
            self._starved_told = True
            sends.append(PlaybackOdd("playback_starved"))

    def _lose_marks(self, now_ms: float, sends: list[ToSend]) -> None:
        while self._answer is not None and self._outstanding:
            mark = self._outstanding[0]
            if now_ms < mark.due_ms + MARK_LATE_MS:
                return
            self._outstanding.popleft()
            self._answer.reached = (mark.piece, mark.piece_ms)
            sends.append(PlaybackOdd("mark_lost"))
