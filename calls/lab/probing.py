"""What an engine says to recordings played at real time, and when: for traces, and for what a half-close gains."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.traces import Trace, Traced
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.recorded import utterances_in
from stt.engines.base import StreamEvent
from stt.engines.guarded import GuardedEngine
from stt.events import Final, Interim, RecognizerError, StreamClosed, Word
from stt.tuning import Tuning

LEAD_MS = 500
TAIL_MS = 3000
"""Line noise behind the recording, so that the engine ends its segment by itself."""
CLOSE_TIMEOUT_S = 12.0


@dataclass(frozen=True, slots=True)
class Played:
    """What a stream said, with monotonic instants in s."""

    began_s: float
    finished_s: float
    """The half-close."""
    heard: Sequence[tuple[float, StreamEvent]]

    @property
    def last_final_s(self) -> float | None:
        return max((at_s for at_s, event in self.heard if isinstance(event, Final)), default=None)

    @property
    def words(self) -> list[str]:
        return [word.text for _, event in self.heard if isinstance(event, Final) for word in event.words]


async def play(engine: GuardedEngine, tuning: Tuning, frames: Iterable[bytes]) -> Played:
    """Frames at real time to a stream, to its end. Raises RecognizerError, ``stream_hung`` when it does not end."""
    heard: list[tuple[float, StreamEvent]] = []
    closed: asyncio.Future[StreamClosed] = asyncio.get_running_loop().create_future()

    def deliver(event: StreamEvent) -> None:
        heard.append((time.monotonic(), event))
        if isinstance(event, StreamClosed) and not closed.done():
            closed.set_result(event)

    stream = engine.open_stream(tuning)(deliver)
    began_s = time.monotonic()
    for index, frame in enumerate(frames):
        delay_s = began_s + index * FRAME_MS / 1000 - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        if closed.done():
            break
        stream.feed(frame)
    stream.finish()
    finished_s = time.monotonic()
    try:
        ended = await asyncio.wait_for(closed, CLOSE_TIMEOUT_S)
    except TimeoutError as error:
        stream.close()
        raise RecognizerError("stream_hung", f"no end of the stream within {CLOSE_TIMEOUT_S:.0f} s") from error
    finally:
        await engine.engine.close()
    if ended.error is not None:
        raise ended.error
    return Played(began_s, finished_s, heard)


def trace_of(name: str, played: Played, engine: GuardedEngine, tuning: Tuning, speech_ms: tuple[int, int]) -> Trace:
    """``speech_ms``: where the recording's speech begins and ends, for words that came without times."""
    zero_s = played.began_s + LEAD_MS / 1000
    traced: list[Traced] = []
    settled_ms, guessed = speech_ms[0], False
    for at_s, event in played.heard:
        at_ms = round((at_s - zero_s) * 1000)
        if isinstance(event, Interim):
            traced.append(Traced(at_ms, _hypothesis(event)))
        elif isinstance(event, Final):
            end_ms = event.end_ms - LEAD_MS if event.end_ms else 0
            until_ms = max(settled_ms, min(end_ms or at_ms, speech_ms[1]))
            guessed = guessed or any(word.start_ms is None or word.end_ms is None for word in event.words)
            spoken = tuple(_spoken(event.words, settled_ms, until_ms))
            settled_ms = until_ms
            traced.append(Traced(at_ms, Said(tuple(word.text for word in spoken), end_ms, spoken=spoken)))
    return Trace(name, engine.name, engine.model_name(tuning), tuple(traced), guessed_times=guessed)


def frames_between_noise(ulaw: bytes) -> Iterator[bytes]:
    """A recording's frames with the noise of a line before and behind it."""
    random = Random(1)  # noqa: S311

    def noise(ms: int) -> Iterator[bytes]:
        for _ in range(ms // FRAME_MS):
            yield bytes(random.choices(LINE_NOISE, k=FRAME_BYTES))

    yield from noise(LEAD_MS)
    for begin in range(0, len(ulaw), FRAME_BYTES):
        yield ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
    yield from noise(TAIL_MS)


def speech_of(ulaw: bytes) -> tuple[int, int] | None:
    """From where to where our own endpointer hears speech, in ms from the recording's first frame; None without any."""
    heard = [
        (ended.start_ms, ended.end_ms)
        for ended, _ in utterances_in(frames_between_noise(ulaw), Endpointer(EndpointOptions()))
    ]
    return (heard[0][0] - LEAD_MS, heard[-1][1] - LEAD_MS) if heard else None


def _hypothesis(event: Interim) -> Said:
    end_ms = event.end_ms - LEAD_MS if event.end_ms else 0
    return Said(event.words, end_ms, tail=1 if 0 < event.stability < 0.5 and len(event.words) > 1 else 0)


def _spoken(words: Sequence[Word], from_ms: int, until_ms: int) -> Iterator[Spoken]:
    """Words from the recording's first frame; those without times are spread by their letters."""
    letters = sum(len(word.text) for word in words) or 1
    edges, reached = [from_ms], 0
    for word in words:
        reached += len(word.text)
        edges.append(round(from_ms + (until_ms - from_ms) * reached / letters))
    for word, (start_ms, end_ms) in zip(words, pairwise(edges), strict=True):
        if word.start_ms is None or word.end_ms is None:
            yield Spoken(word.text, start_ms, end_ms)
        else:
            yield Spoken(word.text, word.start_ms - LEAD_MS, word.end_ms - LEAD_MS)
