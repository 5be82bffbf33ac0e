"""``manage.py probe_google FILE.wav… --out DIR``: what the engine says to recordings, and when, kept as traces.

Plays each at real time to the configured engine (your Google, unless STT_EMULATOR_HOST is set) and writes a trace that
``manage.py speech_emulator --traces DIR`` says again: the way reality gets into trials and tests. Costs the audio's
length in billed seconds. ``--half-close`` plays each once more, half-closes the stream ``half_close_ms`` after the end
of speech and says what that gained: the only way to know whether your Google is hastened by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.process.services import services
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said
from stt.emulator.traces import Trace, Traced
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.recorded import utterances_in
from stt.engines.base import StreamEvent
from stt.events import Final, Interim, StreamClosed
from stt.wavfile import WavError, read_ulaw
from voiceapp.runtime.percentile import percentile

LEAD_MS = 500
TAIL_MS = 3000
"""Line noise behind the recording, so that the engine ends its segment by itself."""
CLOSE_TIMEOUT_S = 10.0
HALF_CLOSE_MS = 120
"""Where the tuning half-closes never."""


@dataclass(frozen=True, slots=True)
class _Played:
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


@dataclass(frozen=True, slots=True)
class _Hastened:
    """What a half-close behind the end of speech gained."""

    after_speech_ms: int
    """End of speech to the last final."""
    after_half_close_ms: int
    same_words: bool
    """As in the whole recording."""


class Command(BaseCommand):
    help = "Play recordings to the configured engine and keep its results with their times."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.wav")
        parser.add_argument("--out", type=Path, default=None, help="Folder for the traces; default VAR_DIR/traces.")
        parser.add_argument("--half-close", action="store_true", help="Also measure what half-closing gains.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STT_EMULATOR_HOST:
            problems = [p for p in settings.CONFIGURATION_PROBLEMS if p.variable == "GOOGLE_APPLICATION_CREDENTIALS"]
            if problems:
                raise CommandError(problems[0].sentence)
        out: Path = options["out"] or settings.VAR_DIR / "traces"
        out.mkdir(parents=True, exist_ok=True)
        services().recognition.probe()
        finals: list[int] = []
        hastened: list[_Hastened] = []
        for path in options["files"]:
            try:
                ulaw = read_ulaw(path)
            except WavError as error:
                raise CommandError(f"broken_recording: {error}") from error
            played = asyncio.run(self._play(path.name, _frames(ulaw)))
            trace = self._trace(path.name, played)
            trace.save(out)
            finals += self._tell(trace, ulaw)
            if options["half_close"]:
                hastened += self._half_close(path.name, ulaw, played.words)
        self.stdout.write(f"end of speech to last final: {_p50_p95(finals)}")
        if hastened:
            self._tell_hastened(hastened)
        self.stdout.write(f"{len(options['files'])} traces in {out}")

    async def _play(self, name: str, frames: Iterable[bytes]) -> _Played:
        """Frames at real time to a stream, to its end. Raises CommandError."""
        engine = services().recognition
        heard: list[tuple[float, StreamEvent]] = []
        closed: asyncio.Future[StreamClosed] = asyncio.get_running_loop().create_future()

        def deliver(event: StreamEvent) -> None:
            heard.append((time.monotonic(), event))
            if isinstance(event, StreamClosed) and not closed.done():
                closed.set_result(event)

        stream = engine.open_stream(settings.ENVIRONMENT_TUNING)(deliver)
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
            raise CommandError(f"stream_hung: no end of {name} within {CLOSE_TIMEOUT_S:.0f} s") from error
        finally:
            await engine.streaming.engine.close()
        if ended.error is not None:
            raise CommandError(f"{ended.error.code}: {ended.error.message}")
        return _Played(began_s, finished_s, heard)

    def _trace(self, name: str, played: _Played) -> Trace:
        zero_s = played.began_s + LEAD_MS / 1000
        traced = tuple(
            Traced(round((at_s - zero_s) * 1000), _said(event))
            for at_s, event in played.heard
            if isinstance(event, Interim | Final)
        )
        engine = services().recognition
        return Trace(name, engine.engine_name, engine.model_name(settings.ENVIRONMENT_TUNING), traced)

    def _half_close(self, name: str, ulaw: bytes, words: list[str]) -> list[_Hastened]:
        """Once more, half-closed behind the end of speech; nothing where there was no speech, or no final."""
        end_ms = _speech_end_ms(ulaw)
        if end_ms is None:
            return []
        fed_ms = LEAD_MS + end_ms + (settings.ENVIRONMENT_TUNING.half_close_ms or HALF_CLOSE_MS)
        played = asyncio.run(self._play(name, islice(_frames(ulaw), -(-fed_ms // FRAME_MS))))
        if played.last_final_s is None:
            return []
        ended_s = played.began_s + (LEAD_MS + end_ms) / 1000
        return [
            _Hastened(
                round((played.last_final_s - ended_s) * 1000),
                round((played.last_final_s - played.finished_s) * 1000),
                played.words == words,
            )
        ]

    def _tell_hastened(self, hastened: list[_Hastened]) -> None:
        same = sum(one.same_words for one in hastened)
        self.stdout.write(
            f"half-closed, end of speech to last final: {_p50_p95([one.after_speech_ms for one in hastened])}; "
            f"from the half-close: {_p50_p95([one.after_half_close_ms for one in hastened])}; "
            f"the same words in {same} of {len(hastened)}"
        )

    def _tell(self, trace: Trace, ulaw: bytes) -> list[int]:
        end_ms = _speech_end_ms(ulaw)
        finals = [result for result in trace.results if result.said.spoken is not None]
        words = " ".join(word for result in finals for word in result.said.words)
        first = f"{trace.results[0].at_ms} ms" if trace.results else "none"
        self.stdout.write(f"{trace.recording}: first result {first}, {len(finals)} finals: {words}")
        return [finals[-1].at_ms - end_ms] if finals and end_ms is not None else []


def _frames(ulaw: bytes) -> Iterator[bytes]:
    random = Random(1)  # noqa: S311

    def noise(ms: int) -> Iterator[bytes]:
        for _ in range(ms // FRAME_MS):
            yield bytes(random.choices(LINE_NOISE, k=FRAME_BYTES))

    yield from noise(LEAD_MS)
    for begin in range(0, len(ulaw), FRAME_BYTES):
        yield ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
    yield from noise(TAIL_MS)


def _p50_p95(values_ms: Sequence[int]) -> str:
    return f"p50 {percentile(values_ms, 0.5)}, p95 {percentile(values_ms, 0.95)}"


def _said(event: Interim | Final) -> Said:
    """An event of a stream with its times from the recording's first frame."""
    end_ms = event.end_ms - LEAD_MS if event.end_ms else 0
    if isinstance(event, Interim):
        return Said(event.words, end_ms, tail=1 if event.stability < 0.5 and len(event.words) > 1 else 0)
    spoken = tuple(
        Spoken(word.text, (word.start_ms or 0) - LEAD_MS, (word.end_ms or 0) - LEAD_MS) for word in event.words
    )
    return Said(tuple(word.text for word in spoken), end_ms, spoken=spoken)


def _speech_end_ms(ulaw: bytes) -> int | None:
    """Where our own endpointer hears the recording's last voiced frame, from its first frame."""
    ends_ms = [ended.end_ms for ended, _ in utterances_in(_frames(ulaw), Endpointer(EndpointOptions()))]
    return ends_ms[-1] - LEAD_MS if ends_ms else None
