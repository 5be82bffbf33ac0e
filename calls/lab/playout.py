"""Playout: what Twilio does with the audio that a server sends: plays it at 8 kHz, and gives marks back. Pure.

No clock and no socket: every instant is an argument, in samples of the call's time at 8 kHz (one byte of µ-law each).
Audio is buffered and played without gaps as long as there is some; a mark is reached when the play head reaches its
place, at once when nothing is buffered; ``clear`` drops what is buffered and sends the marks in it back. Over ten
minutes of buffered audio are discarded (31931). It keeps what it really played, to the sample and the mark, which is
what a server's own account of the heard text is compared with.
Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages#send-websocket-messages-to-twilio.

Habits are Twilio's and the network's misbehaviour, each with a switch.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from random import Random

from calls.lab.played_audio import ClearedAudio, HeardAnswer, MarkEcho, MarkFate, PlayedAudio
from calls.lab.server_messages import (
    OVERFLOW,
    ServerAudio,
    ServerClear,
    ServerMark,
    ServerMessage,
    StreamFault,
)
from calls.lab.stereo import Placed, track
from stt.audio import BYTES_PER_MS, SAMPLE_RATE_HZ

MOST_BUFFERED_SAMPLES = 10 * 60 * SAMPLE_RATE_HZ
"""Twilio keeps no more than ten minutes."""
ANSWER_GAP_SAMPLES = 300 * BYTES_PER_MS
"""With nothing to play for this long, what the line said counts as over; what comes then is another answer."""


@dataclass(frozen=True, slots=True)
class TwilioHabits:
    """Misbehaviour that a server has to bear; by default none."""

    lose_marks: float = 0.0
    """0 to 1: this share of the marks never comes back."""
    late_marks_ms: int = 0
    """Each mark goes back so much later than it was reached or cleared."""
    late_clear_ms: int = 0
    """A ``clear`` and what is sent behind it take effect so much later: marks that are reached meanwhile cross it."""
    seed: int = 1
    """Of the marks that are lost."""
    crossing_mark: bool = False
    """One mark crosses a ``clear``: while there is more to play each goes back only at the next one, until a ``clear``
    comes in between; then it goes back at once, before those that were cleared."""


class Playout:
    """One stream's. ``receive`` what the server says, ``advance`` to any later instant, take the marks that are due."""

    def __init__(self, habits: TwilioHabits | None = None, began_samples: int = 0) -> None:
        self.played: list[PlayedAudio] = []
        """What was played. A piece is added when it ends; ``end`` adds the last."""
        self.answers: list[HeardAnswer] = []
        """The last one grows while it is played."""
        self.marks: list[MarkEcho] = []
        """In the order in which they went back; those that never did, when that was known."""
        self.faults: list[StreamFault] = []
        self.clears_samples: list[int] = []
        """When each ``clear`` arrived."""
        self.clears: list[ClearedAudio] = []
        """What each of them did, from when it took effect on."""
        self.ignored_bytes = 0
        """Audio that came after the stream's end."""
        self._habits = habits or TwilioHabits()
        self._random = Random(self._habits.seed)
        self._now = began_samples
        self._ended = False
        self._arrivals: deque[tuple[int, ServerMessage]] = deque()
        """What has come and takes effect later."""
        self._buffer = bytearray()
        self._head = 0
        """Samples that have left the buffer."""
        self._marks: deque[tuple[int, str]] = deque()
        """Marks not reached yet: reached when ``_head`` has this value."""
        self._echoes: deque[tuple[int, MarkEcho]] = deque()
        """Marks that go back, and when."""
        self._held: MarkEcho | None = None
        """Goes back at the next one, or crosses a ``clear``."""
        self._piece = bytearray()
        self._piece_at = began_samples

    @property
    def buffered_samples(self) -> int:
        return len(self._buffer)

    @property
    def next_samples(self) -> int | None:
        """When something happens next if nothing more comes: call ``advance`` and ``due_marks`` then."""
        instants = [at for at, *_ in (*list(self._arrivals)[:1], *list(self._echoes)[:1])]
        if self._marks:
            instants.append(self._now + self._marks[0][0] - self._head)
        return min(instants, default=None)

    def sound(self, begin_samples: int, end_samples: int) -> bytes:
        """What was played in this span, up to the last ``advance``: µ-law, silence where nothing was."""
        recent = takewhile(lambda piece: not piece.ulaw or piece.ends_samples > begin_samples, reversed(self.played))
        pieces: list[Placed] = [(self._piece_at, self._piece), *((piece.at_samples, piece.ulaw) for piece in recent)]
        return track(pieces, begin_samples, end_samples)

    def receive(self, message: ServerMessage, now_samples: int) -> None:
        """Take a message of the server; one that comes after the end is ignored."""
        self.advance(now_samples)
        if self._ended:
            self.ignored_bytes += len(message.ulaw) if isinstance(message, ServerAudio) else 0
            return
        at = max([self._now, *(at for at, _ in list(self._arrivals)[-1:])])
        if isinstance(message, ServerClear):
            self.clears_samples.append(self._now)
            self._let_cross()
            at = max(at, self._now + self._habits.late_clear_ms * BYTES_PER_MS)
        self._arrivals.append((at, message))
        self.advance(now_samples)

    def advance(self, now_samples: int) -> None:
        """Play up to this instant; an earlier one changes nothing."""
        now_samples = max(now_samples, self._now)
        while self._arrivals and self._arrivals[0][0] <= now_samples:
            at, message = self._arrivals[0]
            self._play(at)
            self._arrivals.popleft()
            self._take(message)
        self._play(now_samples)

    def due_marks(self, now_samples: int) -> list[str]:
        """The marks that go back now, in order; each is returned once."""
        names = []
        while self._echoes and self._echoes[0][0] <= now_samples:
            _, echo = self._echoes.popleft()
            self.marks.append(replace(echo, returned_samples=now_samples))
            names.append(echo.name)
        return names

    def end(self, now_samples: int) -> None:
        """The stream is over: what is buffered is not played any more, no mark comes back. Idempotent."""
        self.advance(now_samples)
        if not self._ended:
            self._ended = True
            self._arrivals.clear()
            self._drop(MarkFate.DROPPED)
            self._release_held()
            self.marks += [echo for _, echo in self._echoes]
            self._echoes.clear()

    def _take(self, message: ServerMessage) -> None:
        match message:
            case ServerAudio(ulaw):
                if len(self._buffer) + len(ulaw) <= MOST_BUFFERED_SAMPLES:
                    self._buffer += ulaw
                elif all(fault.code != OVERFLOW for fault in self.faults):
                    self.faults.append(StreamFault(OVERFLOW, "over 10 min of audio buffered", self._now))
            case ServerMark(name):
                self._marks.append((self._head + len(self._buffer), name))
                self._play(self._now)
            case ServerClear():
                self.clears.append(ClearedAudio(self._now, len(self._buffer)))
                self._drop(MarkFate.CLEARED)

    def _play(self, until_samples: int) -> None:
        while True:
            self._reach_marks()
            samples = min(until_samples - self._now, len(self._buffer))
            if self._marks:
                samples = min(samples, self._marks[0][0] - self._head)
            if not samples:
                break
            self._sound(samples)
        if self._now < until_samples:
            # Nothing was left to play.
            self._close_piece()
            self._now = until_samples

    def _sound(self, samples: int) -> None:
        if not self._piece:
            self._piece_at = self._now
        self._piece += self._buffer[:samples]
        del self._buffer[:samples]
        last = self.answers[-1] if self.answers else None
        if last is None or last.cut or self._now - last.ended_samples >= ANSWER_GAP_SAMPLES:
            self.answers.append(HeardAnswer(self._now, self._now + samples))
        else:
            self.answers[-1] = replace(last, ended_samples=self._now + samples)
        self._head += samples
        self._now += samples

    def _reach_marks(self) -> None:
        names = []
        while self._marks and self._marks[0][0] == self._head:
            names.append(self._marks.popleft()[1])
        if names:
            self._close_piece(tuple(names))
            crosses = any(isinstance(message, ServerClear) for _, message in self._arrivals)
            for name in names:
                self._give_back(name, MarkFate.CROSSED if crosses else MarkFate.REACHED)

    def _give_back(self, name: str, fate: MarkFate) -> None:
        echo = MarkEcho(name, fate, self._now)
        self._release_held()
        if self._random.random() < self._habits.lose_marks:
            self.marks.append(echo)
        elif self._habits.crossing_mark and fate is MarkFate.REACHED and self._buffer:
            self._held = echo
        else:
            self._send_back(echo)

    def _send_back(self, echo: MarkEcho) -> None:
        self._echoes.append((self._now + self._habits.late_marks_ms * BYTES_PER_MS, echo))

    def _release_held(self) -> None:
        if self._held is not None:
            self._send_back(self._held)
            self._held = None

    def _let_cross(self) -> None:
        """A ``clear`` has come: marks that were reached and have not gone back cross it."""
        if self._held is not None:
            self._release_held()
            self._habits = replace(self._habits, crossing_mark=False)
        self._echoes = deque(
            (due, replace(echo, fate=MarkFate.CROSSED) if echo.fate is MarkFate.REACHED else echo)
            for due, echo in self._echoes
        )

    def _drop(self, fate: MarkFate) -> None:
        cut = bool(self._buffer)
        if cut and self.answers and self.answers[-1].ended_samples == self._now:
            self.answers[-1] = replace(self.answers[-1], cut=True)
        self._close_piece(cut=cut)
        self._head += len(self._buffer)
        self._buffer.clear()
        dropped, self._marks = self._marks, deque()
        for _, name in dropped:
            if fate is MarkFate.CLEARED:
                self._give_back(name, fate)
            else:
                self.marks.append(MarkEcho(name, fate, self._now))

    def _close_piece(self, marks: tuple[str, ...] = (), *, cut: bool = False) -> None:
        if self._piece or marks:
            at_samples = self._piece_at if self._piece else self._now
            self.played.append(PlayedAudio(at_samples, bytes(self._piece), marks, cut))
            self._piece = bytearray()
