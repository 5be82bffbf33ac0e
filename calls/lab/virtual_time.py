"""VirtualLoop: an event loop whose clock jumps to the next timer, so that a simulated call takes no time of its own."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Jump(selectors.SelectSelector):
    """Never waits: tells by how much time goes on at once. Asks the system only where nothing is due."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: Callable[[float], None] = lambda seconds: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0) if timeout is None else []
        self.passed(timeout or 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time`` begins at 0 and is virtual."""

    def __init__(self) -> None:
        jump = _Jump()
        super().__init__(jump)
        self.virtual_s = 0.0
        jump.passed = self.pass_time

    def time(self) -> float:
        return self.virtual_s

    def pass_time(self, seconds: float) -> None:
        """Called at each turn of the loop, with the time to its next timer."""
        self.virtual_s += seconds


def run_virtually(coroutine: Coroutine[Any, Any, Result], loop: VirtualLoop | None = None) -> Result:
    """Run it to its end, on a loop of its own that is closed behind it."""
    loop = loop or VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
