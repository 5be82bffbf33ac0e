"""Ladder: which of a line's engines hears one call's streams, and which comes next. Pure.

A line names its engines in order. A call begins with the first one that is not known to be down:

    failed, and another one can be asked   → the next: first those that have not failed lately, then by order
    failed, and all others have as well    → none: streaming is lost; probes ask one after the other
    at a turn's border, the engines before it are well again (stt/engines/engine_health.py) → back to the first of them

Only a word settles that an engine hears: until one has come, an engine that failed this call is not asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from stt.engines.base import OpenStream
from stt.engines.engine_health import EngineHealth
from stt.engines.handshake_rate import HandshakeRate
from stt.events import EngineChanged, RecognizerError
from voiceapp.runtime.breaker import Breaker


@dataclass(frozen=True, slots=True)
class Rung:
    """One engine, as one call uses it. What it knows of its engine is the whole process's."""

    open_stream: OpenStream
    breaker: Breaker
    name: str = ""
    """As rows call it."""
    model: str = ""
    health: EngineHealth = field(default_factory=EngineHealth)


class Ladder:
    """One call's. Time is an argument."""

    def __init__(self, rungs: Sequence[Rung], handshakes: HandshakeRate | None = None) -> None:
        """``rungs``: one or more, in order. ``handshakes``: of the process's calls that change their engine."""
        self._rungs = tuple(rungs)
        self._handshakes = handshakes or HandshakeRate()
        self._has_place = False
        """Among the process's calls that wait to change their engine."""
        self._at = 0
        self._failed: set[int] = set()
        """Those that failed this call since its last word."""
        self._refused: set[int] = set()
        """Those that will never hear it: what they lack is not a matter of time."""
        self._shown = 0
        self._why = ""
        """Code of the failure that led to the engine in use; empty where it was come back to."""

    @property
    def rung(self) -> Rung:
        """The engine in use."""
        return self._rungs[self._at]

    @property
    def has_others(self) -> bool:
        """There is more than one engine."""
        return len(self._rungs) > 1

    @property
    def is_first(self) -> bool:
        """The line's first engine is in use."""
        return self._at == 0

    @property
    def is_hopeless(self) -> bool:
        """None of the engines will ever hear this call."""
        return len(self._refused) == len(self._rungs)

    @property
    def is_return(self) -> bool:
        """The engine in use was come back to."""
        return not self._why

    def begin(self, now_s: float) -> None:
        """The call begins: an engine that is down for the process is passed over while another is not."""
        up = [at for at, rung in enumerate(self._rungs) if not rung.breaker.open]
        if up and up[0] != self._at:
            self._go(up[0], "breaker_open")

    def next(self, error: RecognizerError, now_s: float) -> bool:
        """The engine in use has failed this call: go on to another one. False where none is left."""
        self._failed.add(self._at)
        if error.permanent:
            self._refused.add(self._at)
        if not error.refused:
            # A setting that is refused says nothing of other calls.
            self.rung.health.failed(now_s)
        left = [at for at in range(len(self._rungs)) if at not in self._failed | self._refused]
        if not left:
            return False
        self._go(min(left, key=lambda at: (self._is_doubtful(at, now_s), at)), error.code)
        return True

    def back(self, now_s: float) -> bool:
        """Between two turns: go back to an engine before the one in use, if one is well again."""
        for at in range(self._at):
            rung = self._rungs[at]
            if at not in self._refused and not rung.breaker.shut(now_s) and rung.health.may_return(now_s):
                self._failed.discard(at)
                self._go(at, "")
                return True
        return False

    def rotate(self) -> None:
        """Streaming is lost: the next probe asks the next engine."""
        asked = [at for at in range(len(self._rungs)) if at not in self._refused] or [self._at]
        later = [at for at in asked if at > self._at]
        self._go((later or asked)[0], self._why)

    def heard(self, now_s: float) -> None:
        """The engine in use gave a result."""
        self.rung.breaker.succeeded()
        self.rung.health.heard(now_s)
        self._failed.clear()

    def pace_s(self, now_s: float) -> float:
        """Seconds until this is to be asked again, before a stream is opened at another engine than the last one; 0.0
        and the call opens it."""
        wait_s = 0.0 if self._has_place else self._handshakes.reserve(now_s)
        wait_s = wait_s or self._handshakes.begin(now_s)
        self._has_place = wait_s > 0
        return wait_s

    def take_change(self, stream: int) -> EngineChanged | None:
        """What is said where another engine is in use than when this was last asked; its first stream is ``stream``."""
        if self._shown == self._at:
            return None
        left, self._shown = self._rungs[self._shown], self._at
        return EngineChanged(stream, self.rung.name, self.rung.model, left.name, self._why)

    def _go(self, at: int, why: str) -> None:
        self._at, self._why = at, why

    def _is_doubtful(self, at: int, now_s: float) -> bool:
        rung = self._rungs[at]
        return rung.breaker.open or rung.health.rests(now_s)
