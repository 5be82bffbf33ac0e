"""In a Transcriber's place where a call is heard by the one-shot recogniser alone, or is not heard yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stt.events import RecognizerEvent, StreamClosed
from stt.streaming.billing import Billed


class NoStream:
    """Takes audio and hears nothing; its end is an ended stream's."""

    billed = Billed()
    dropped_ms = 0

    def __init__(self, deliver: Callable[[RecognizerEvent], None]) -> None:
        self._deliver = deliver

    def start(self) -> None: ...

    def feed(self, ulaw: bytes, at_ms: int) -> None: ...

    def renew(self, at_ms: int, frames: Iterable[tuple[int, bytes]]) -> None: ...

    def pause(self, at_ms: int) -> None: ...

    def resume(self, frames: Iterable[tuple[int, bytes]], at_ms: int | None = None) -> None: ...

    def replace(self, code: str) -> None: ...

    def replay(self, frames: Iterable[tuple[int, bytes]]) -> None: ...

    def finish(self) -> None:
        self._deliver(StreamClosed(0))

    def close(self) -> None: ...
