"""A call's turns as subtitles, SubRip (SRT) or WebVTT: https://www.w3.org/TR/webvtt1/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caption:
    """What is shown between two moments of the recording."""

    from_ms: int
    to_ms: int
    speaker: str
    text: str


def srt(captions: Iterable[Caption]) -> Iterator[str]:
    for number, one in enumerate(_shown(captions), 1):
        yield f"{number}\n{_at(one.from_ms, ',')} --> {_at(one.to_ms, ',')}\n{one.speaker}: {one.text}\n\n"


def vtt(captions: Iterable[Caption]) -> Iterator[str]:
    yield "WEBVTT\n\n"
    for one in _shown(captions):
        said = one.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        yield f"{_at(one.from_ms, '.')} --> {_at(one.to_ms, '.')}\n<v {one.speaker}>{said}\n\n"


def _shown(captions: Iterable[Caption]) -> Iterator[Caption]:
    """Those with words, each on one line and of some length: an empty line ends a caption."""
    for one in captions:
        if words := " ".join(one.text.split()):
            yield Caption(max(0, one.from_ms), max(one.to_ms, max(0, one.from_ms) + 1), one.speaker, words)


def _at(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"
