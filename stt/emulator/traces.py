"""Traces: what a real engine said to a recording, and when; kept by ``manage.py probe``, replayed here. Pure.

A trace is one JSON file a recording. Times are ms from the recording's first frame: ``at_ms`` is when the result
arrived while the recording was played at real time, the others are what the result itself says.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stt.emulator.recordings import Spoken
from stt.emulator.speaker import Said


class TraceError(ValueError):
    """A file is no trace; the message names it."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One result as it arrived."""

    at_ms: int
    said: Said


@dataclass(frozen=True, slots=True)
class Trace:
    recording: str
    """File name of the recording."""
    engine: str
    """As rows call it; where that begins with ``emulator`` the trace is no evidence of reality."""
    model: str
    results: tuple[Traced, ...]
    guessed_times: bool = False
    """Some words came without times, and were spread over the speech by their letters."""

    @property
    def file_name(self) -> str:
        return f"{self.recording}.trace.json"

    def as_text(self) -> str:
        """What ``load`` reads."""
        body = {
            "recording": self.recording,
            "engine": self.engine,
            "model": self.model,
            "guessed_times": self.guessed_times,
            "results": [_as_json(result) for result in self.results],
        }
        return json.dumps(body, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> Trace:
        """Raises TraceError, OSError."""
        try:
            body = json.loads(path.read_text("utf-8"))
            results = tuple(_from_json(result) for result in body["results"])
            guessed = bool(body.get("guessed_times", False))
            return cls(str(body["recording"]), str(body["engine"]), str(body["model"]), results, guessed)
        except (ValueError, KeyError, TypeError) as error:
            raise TraceError(f"{path.name} is not a trace: {type(error).__name__}") from error


def load_traces(folders: Iterable[Path]) -> dict[str, Trace]:
    """All traces of some folders by their recording's name. Raises TraceError, OSError."""
    traces = [Trace.load(path) for folder in folders for path in sorted(folder.glob("*.trace.json"))]
    return {trace.recording: trace for trace in traces}


class TracePlayer:
    """Says a stream's traced results again, each as late as it came."""

    def __init__(self) -> None:
        self._coming: deque[Traced] = deque()

    def expect(self, trace: Trace, start_ms: int) -> None:
        """The trace's recording began at this time of the stream, which may be before the stream itself. One that still
        speaks is heard out first."""
        for segment in _segments(trace):
            final = segment[-1].said.spoken or ()
            before = sum(1 for word in final if word.start_ms + word.end_ms + 2 * start_ms < 0)
            if before < len(segment[-1].said.words):
                self._coming.extend(
                    Traced(result.at_ms + start_ms, _shifted(_without(result.said, before), start_ms))
                    for result in segment
                    if len(result.said.words) > before
                )

    def hear(self, heard_ms: int) -> list[Said]:
        said = []
        while self._coming and self._coming[0].at_ms <= heard_ms:
            said.append(self._coming.popleft().said)
        return said

    def finish_after_ms(self, heard_ms: int) -> float:
        """Half-closed, and nothing is forced by it: how long until the last final of what was spoken by now."""
        return max([0.0, *(result.at_ms - heard_ms for result in self._coming if _spoken_by(result.said, heard_ms))])

    def finish(self, heard_ms: int) -> list[Said]:
        """Half-closed: the finals of what was spoken by now."""
        finals = [(result.said, _spoken_by(result.said, heard_ms)) for result in self._coming]
        self._coming.clear()
        return [
            replace(said, words=tuple(word.text for word in spoken), spoken=spoken, end_ms=min(said.end_ms, heard_ms))
            for said, spoken in finals
            if spoken
        ]


def _segments(trace: Trace) -> list[list[Traced]]:
    """Results up to each final; what no final follows comes last."""
    segments: list[list[Traced]] = [[]]
    for result in trace.results:
        segments[-1].append(result)
        if result.said.spoken is not None:
            segments.append([])
    return [segment for segment in segments if segment]


def _spoken_by(said: Said, heard_ms: int) -> tuple[Spoken, ...]:
    """A final's words that were spoken by a time; none of an interim."""
    return tuple(word for word in said.spoken or () if word.start_ms + word.end_ms <= 2 * heard_ms)


def _without(said: Said, words: int) -> Said:
    """A result without its first words."""
    return replace(said, words=said.words[words:], spoken=said.spoken and said.spoken[words:])


def _shifted(said: Said, by_ms: int) -> Said:
    spoken = said.spoken and tuple(Spoken(w.text, max(0, w.start_ms + by_ms), w.end_ms + by_ms) for w in said.spoken)
    return replace(said, end_ms=max(0, said.end_ms + by_ms) if said.end_ms else 0, spoken=spoken)


def _as_json(result: Traced) -> dict[str, Any]:
    said = result.said
    if said.spoken is not None:
        words = [[word.text, word.start_ms, word.end_ms] for word in said.spoken]
        return {"at_ms": result.at_ms, "final": True, "end_ms": said.end_ms, "words": words}
    return {"at_ms": result.at_ms, "final": False, "end_ms": said.end_ms, "tail": said.tail, "words": list(said.words)}


def _from_json(body: dict[str, Any]) -> Traced:
    at_ms, end_ms = int(body["at_ms"]), int(body["end_ms"])
    if body["final"]:
        spoken = tuple(Spoken(str(text), int(start), int(end)) for text, start, end in body["words"])
        return Traced(at_ms, Said(tuple(word.text for word in spoken), end_ms, spoken=spoken))
    return Traced(at_ms, Said(tuple(map(str, body["words"])), end_ms, tail=int(body.get("tail", 0))))
