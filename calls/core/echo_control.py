"""EchoControl: keeps our own voice out of what is heard of the caller. Pure.

It knows what the line plays (own_sound.py) and by how much a caller must be louder than its echo (echo_gate.py). Where
an echo makes that rule miss callers, or take them late, an echo canceller hears the call first, if there is one:
from then on voice detector and recogniser hear what it leaves, while our sound may come back.

| a frame, with a canceller | is heard |
|---|---|
| louder than any echo on this line (the rule alone would take it for the caller's) | as it came |
| any other | as the canceller leaves it, and by a margin that is learnt from what it leaves |

The first row is for callers who begin over our sound: WebRTC's canceller takes both away for up to a second then
(measured: callers of -24 dBFS left at -61, over an echo of -36).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from calls.core.actions import Note
from calls.core.echo_gate import EchoGate
from calls.core.own_sound import OwnSound
from calls.core.own_words import OwnWords
from stt.audio import FLOOR_DBFS, FRAME_MS, dbfs, ulaw_to_pcm

CANCEL_ABOVE_DB = -38.0
"""Against a louder echo callers who are quieter than we are reach the rule's margin late, from -26 dB on some never.
What is learnt of an echo is 1 to 2 dB below its level, for it is compared with our loudest of 600 ms."""
LOUD_ABOVE_DB = -28.0
"""A voice within a louder echo may be the echo; a shorter one that is found within a fainter is the caller's."""
CONVERGES_MS = 300
"""A canceller that has just begun leaves the echo as it is for so long; behind that it leaves..."""
RESIDUAL_MARGIN_DB = -30.0
"""...voiced frames above this one by one, of echoes up to -15 dB: until what it leaves is learnt."""
MAX_LATE_MS = 500
"""A frame that arrives later than this after its place on the call's clock has moved the clock."""


class EchoCanceller(Protocol):
    """One call's, with the memory of its echo path."""

    def clean(self, near: bytes, far: bytes) -> bytes:
        """20 ms of the caller's µ-law without the echo of 20 ms of ours, which may be the silence between."""


MakeCanceller = Callable[[], EchoCanceller | None]
"""Makes one for a call; None where it is not installed. On the media path: takes no longer than a frame."""


@dataclass(frozen=True, slots=True)
class EchoState:
    """What is known of our own voice on a line."""

    margin_db: int
    """In force against our loudest, in whole dB."""
    echo_db: int | None
    """What comes back against our loudest; None until it is learnt."""
    cancels: bool
    """A canceller hears the call."""


class EchoControl:
    """One call's. Not thread-safe; never raises; bounded memory."""

    def __init__(self, counters: Counter[str], make_canceller: MakeCanceller | None = None) -> None:
        """``make_canceller``: None where none is wanted."""
        self.own = OwnSound()
        self.gate = EchoGate(self.own)
        """Of the line as it is."""
        self.own_words = OwnWords()
        self.canceller: EchoCanceller | None = None
        """Hears the call from now on."""
        self.notes: list[Note] = []
        """To be handed on."""
        self._make = make_canceller
        self._counters = counters
        self._residual: EchoGate | None = None
        """Of what the canceller leaves."""
        self._converged_ms = 0.0
        """Monotonic instant from which the canceller knows the echo."""
        self._line_dbfs = FLOOR_DBFS
        """The level of the frame that was cleaned last, on the line."""
        self._left_dbfs: float | None = None
        """What was left of it, where it is heard as it came: else that is what is heard."""
        self._clock_ms: float | None = None
        """Monotonic instant of media time 0, as the canceller's frames have it."""

    def clean(self, ulaw: bytes, at_ms: int, now_ms: float) -> bytes:
        """The caller's frame of a media time as it is to be heard. While our sound may come back."""
        if self.canceller is None:
            return ulaw
        # The canceller wants both sides without a jump: by media time, for frames arrive early and late.
        if self._clock_ms is None or not -FRAME_MS <= now_ms - at_ms - self._clock_ms <= MAX_LATE_MS:
            self._clock_ms = now_ms - at_ms
        left = self.canceller.clean(ulaw, self.own.frame_at(self._clock_ms + at_ms))
        self._line_dbfs, self._left_dbfs = dbfs(ulaw_to_pcm(ulaw)), None
        if self._line_dbfs < self.gate.least_dbfs(now_ms):
            return left
        self._left_dbfs = dbfs(ulaw_to_pcm(left))
        return ulaw

    def least_dbfs(self, now_ms: float) -> float:
        """The frame that was cleaned last is none of the caller's where it is quieter than this."""
        if self._residual is None or self._left_dbfs is not None or now_ms < self._converged_ms:
            return self.gate.least_dbfs(now_ms)
        return self._residual.least_dbfs(now_ms)

    def learn(self, level_dbfs: float, now_ms: float, *, voiced: bool) -> None:
        """How loud that frame was as it was heard, and whether it was a voice."""
        if self._residual is not None:
            # Nobody has listened for a voice in the line as it is: it is learnt from where it follows ours.
            self.gate.learn(self._line_dbfs, now_ms, voiced=True)
            if now_ms >= self._converged_ms:
                left_dbfs = level_dbfs if self._left_dbfs is None else self._left_dbfs
                self._residual.learn(left_dbfs, now_ms, voiced=voiced)
            return
        if not self.gate.learn(level_dbfs, now_ms, voiced=voiced):
            return
        echo_db = FLOOR_DBFS if self.gate.echo_db is None else self.gate.echo_db
        is_loud = echo_db > LOUD_ABOVE_DB
        self.own_words.echo_is_faint = not is_loud
        if echo_db > CANCEL_ABOVE_DB and self._make is not None and self.canceller is None:
            self._cancel(self._make, now_ms, needed=is_loud)

    @property
    def state(self) -> EchoState:
        """For the trace."""
        gate = self._residual or self.gate
        echo_db = None if gate.echo_db is None else round(gate.echo_db)
        return EchoState(round(gate.margin_db), echo_db, self.canceller is not None)

    def take_notes(self) -> list[Note]:
        """What is to be handed on."""
        notes, self.notes = self.notes, []
        return notes

    def _cancel(self, make: MakeCanceller, now_ms: float, *, needed: bool) -> None:
        self.canceller = make()
        if self.canceller is not None:
            self._converged_ms = now_ms + CONVERGES_MS
            self._residual = EchoGate(self.own, RESIDUAL_MARGIN_DB)
        elif needed:
            self._make = None
            self._counters["canceller_missing"] += 1
            self.notes.append(Note("canceller_missing"))
