"""``manage.py probe_google FILE.wav… --out DIR``: what the engine says to recordings, and when, kept as traces.

Plays each at real time to the configured engine (your Google, unless STT_EMULATOR_HOST is set) and writes a trace that
``manage.py speech_emulator --traces DIR`` says again: the way reality gets into trials and tests. Costs the audio's
length in billed seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.recognition import recognition
from calls.scoring import percentile
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
from stt.emulator.recordings import Spoken, read_ulaw
from stt.emulator.speaker import Said
from stt.emulator.traces import Trace, Traced
from stt.endpoint import Endpointer, EndpointOptions, SpeechEnded
from stt.events import Final, Interim, StreamClosed
from stt.recognizers import StreamEvent

LEAD_MS = 500
TAIL_MS = 3000
"""Line noise behind the recording, so that the engine ends its segment by itself."""
CLOSE_TIMEOUT_S = 10.0


class Command(BaseCommand):
    help = "Play recordings to the configured engine and keep its results with their times."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.wav", help="8 kHz mono 16-bit.")
        parser.add_argument("--out", type=Path, default=None, help="Folder for the traces; default VAR_DIR/traces.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STT_EMULATOR_HOST:
            problems = [p for p in settings.CONFIGURATION_PROBLEMS if p.variable == "GOOGLE_APPLICATION_CREDENTIALS"]
            if problems:
                raise CommandError(problems[0].sentence)
        out: Path = options["out"] or settings.VAR_DIR / "traces"
        out.mkdir(parents=True, exist_ok=True)
        recognition().probe()
        finals: list[int] = []
        for path in options["files"]:
            try:
                ulaw = read_ulaw(path)
            except (OSError, EOFError, ValueError) as error:
                raise CommandError(f"broken_recording: {path.name}: {error}") from error
            trace, ended = asyncio.run(self._probe(path.name, ulaw))
            if ended.error is not None:
                raise CommandError(f"{ended.error.code}: {ended.error.message}")
            trace.save(out)
            finals += self._tell(trace, ulaw)
        self.stdout.write(f"end of speech to last final: p50 {percentile(finals, 0.5)}, p95 {percentile(finals, 0.95)}")
        self.stdout.write(f"{len(options['files'])} traces in {out}")

    async def _probe(self, name: str, ulaw: bytes) -> tuple[Trace, StreamClosed]:
        engine = recognition()
        heard: list[tuple[float, StreamEvent]] = []
        closed: asyncio.Future[StreamClosed] = asyncio.get_running_loop().create_future()

        def deliver(event: StreamEvent) -> None:
            heard.append((time.monotonic(), event))
            if isinstance(event, StreamClosed) and not closed.done():
                closed.set_result(event)

        stream = engine.open_stream(settings.ENVIRONMENT_TUNING)(deliver)
        began_s = time.monotonic()
        for index, frame in enumerate(_frames(ulaw)):
            delay_s = began_s + index * FRAME_MS / 1000 - time.monotonic()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            if closed.done():
                break
            stream.feed(frame)
        stream.finish()
        try:
            ended = await asyncio.wait_for(closed, CLOSE_TIMEOUT_S)
        except TimeoutError as error:
            stream.close()
            raise CommandError(f"stream_hung: no end of {name} within {CLOSE_TIMEOUT_S:.0f} s") from error
        finally:
            await engine.engine.close()
        zero_s = began_s + LEAD_MS / 1000
        traced = tuple(
            Traced(round((at_s - zero_s) * 1000), _said(event))
            for at_s, event in heard
            if isinstance(event, Interim | Final)
        )
        kind = "emulator" if settings.STT_EMULATOR_HOST else engine.engine.name
        return Trace(name, kind, engine.model_name(settings.ENVIRONMENT_TUNING), traced), ended

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
    endpointer = Endpointer(EndpointOptions())
    end_ms = None
    for index, frame in enumerate(_frames(ulaw)):
        boundary = endpointer.push(frame, index * FRAME_MS)
        if isinstance(boundary, SpeechEnded):
            end_ms = boundary.end_ms - LEAD_MS
    return end_ms
