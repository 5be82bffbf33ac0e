"""The contract of a speech engine: what it can, what it is asked for, and how it answers.

An engine is a vendor or a model that recognises speech. It translates: our options into its requests, its results and
errors into stt/events.py. Everything else is written once, outside of it: batching, pacing, attempts, renewal and
failover in stt/streaming/, breaker, request rate, refused settings and asking again in stt/engines/guarded.py, queues,
message sizes and the end of a stream in stt/engines/task_stream.py. docs/extending.md adds one step by step;
tests/stt/engines/contract.py is what every engine must pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from stt.events import Final, Interim, StreamClosed, StreamOpened

EMULATOR = "emulator"
"""The name of an engine that recognises no speech and says so: on rows, on pages, in exports."""

StreamEvent = Interim | Final | StreamOpened | StreamClosed
Deliver = Callable[[StreamEvent], None]
"""Called on the event loop's thread, must not block. Times in the event are ms of audio fed to *this* stream; the
``stream`` and ``attempt`` of an event are 0 and 1, whoever reads it counts them. In order: one StreamOpened, Interims
and Finals, one StreamClosed; a stream that was not opened says only StreamClosed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can, as its vendor says. None: the vendor names no limit."""

    streaming: bool
    """``open_stream`` works."""
    one_shot: bool
    """``recognize`` works."""
    word_times: bool
    """Finals say when each word was spoken."""
    longest_stream_s: float | None = None
    """Seconds from a stream's opening after which the engine ends it."""
    idle_limit_s: float | None = None
    """Seconds without audio after which the engine ends a stream."""
    message_bytes: int
    """The longest message of µ-law audio that is sent at once. ``feed`` takes any length and is cut to it."""
    half_close: bool
    """``finish`` may bring the final of what is under way at once: asking for it is worth a new stream."""
    price_per_hour: Decimal
    """List price of an hour of audio, USD."""


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """What a stream or a one-shot asks for. An engine that does not know an option passes it over."""

    language: str = "iw-IL"
    """BCP-47. Hebrew comes as ``iw-IL``, its older code, which Google uses, or as ``he-IL``."""
    model: str = ""
    """The engine's name of a model; empty: its own choice."""
    hints: tuple[str, ...] = ()
    """Names, places and terms to expect."""
    punctuation: bool = False
    """Write . , ? ! into the words."""


class UtterancePcm(bytes):
    """An utterance's 8 kHz PCM16 that knows what its speaker said before it. Bytes to an engine that does not ask."""

    before: bytes = b""
    """PCM16 of the utterances before it, the last one's end last; empty where nothing is known of them."""
    avoids: str = ""
    """The engine, as rows call it, that is asked last; empty: all in the line's order."""


class StreamingRecognizer(Protocol):
    """One recognition stream. All methods are called on the event loop's thread, never block and never raise."""

    def feed(self, ulaw: bytes) -> None:
        """Append 8 kHz µ-law audio, any length."""

    def finish(self) -> None:
        """No more audio: half-close. Results that are still under way are delivered, then StreamClosed."""

    def close(self) -> None:
        """End at once. Nothing is delivered any more. Idempotent."""


OpenStream = Callable[[Deliver], StreamingRecognizer]
"""Opens a stream of one call. Never raises: a failure is a StreamClosed with a RecognizerError."""


class Engine(Protocol):
    """A vendor or a model, at one endpoint. Made once a process, shared by all its calls."""

    @property
    def name(self) -> str:
        """As rows, pages and exports call it. Does not change."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can. Does not change."""

    @property
    def model(self) -> str:
        """The model of requests that name none, for rows. ``probe`` may change it."""

    def probe(self) -> None:
        """Ask the service whether it recognises, and whatever else must be known before calls come, such as a model.

        Blocking, on any thread, one at a time. Raises RecognizerError, and nothing else: it is asked again later.
        """

    def open_stream(self, deliver: Deliver, options: RecognitionOptions) -> StreamingRecognizer:
        """Begin a recognition stream. On the event loop's thread; never blocks, never raises.

        Whatever goes wrong, at once or later, is a StreamClosed with a RecognizerError. Nothing is delivered before
        this returns.
        """

    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        """Recognise 8 kHz PCM16 audio (≤ 60 s; it may be an UtterancePcm). Blocking, on any thread, several at once.

        Word times are ms from the start of ``pcm``; silence is a Final without words. Raises RecognizerError, and
        nothing else; ``deadline_exceeded`` when there is no answer within ``timeout_ms``. Asks once: asking again is
        the caller's decision.
        """

    async def close(self) -> None:
        """Release the connections of this event loop, and those of threads. A later request makes new ones."""
