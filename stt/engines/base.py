"""The two Protocols that a speech engine implements, and nothing else.

Retry, restart, batching, buffering, debounce and health are written once, in stt/streaming/transcriber.py, so that an
adapter stays about a hundred lines long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from stt.events import Final, Interim, StreamClosed, StreamOpened

EMULATOR = "emulator"
"""The name of an engine that recognises no speech and says so: on rows, on pages, in exports."""

StreamEvent = Interim | Final | StreamOpened | StreamClosed
Deliver = Callable[[StreamEvent], None]
"""Called on the event loop's thread, must not block. Times in the event are ms of audio fed to *this* stream."""


class StreamingRecognizer(Protocol):
    """One recognition stream. All methods are called on the event loop's thread, never block and never raise."""

    def feed(self, ulaw: bytes) -> None:
        """Append 8 kHz µ-law audio, any length."""

    def finish(self) -> None:
        """No more audio: half-close. Results that are still under way are delivered, then StreamClosed."""

    def close(self) -> None:
        """End at once. Nothing is delivered any more."""


OpenStream = Callable[[Deliver], StreamingRecognizer]
"""Never raises either: whatever an engine's library raises is a StreamClosed with a RecognizerError."""


class BatchRecognizer(Protocol):
    """A one-shot recogniser."""

    def recognize(self, pcm: bytes, *, timeout_ms: int) -> Final:
        """Recognise 8 kHz PCM16 audio (≤ 60 s). Blocking, on any thread. Word times are ms from the start of ``pcm``.

        Raises RecognizerError, and nothing else.
        """
