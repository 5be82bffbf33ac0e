"""Calls for an outage, and what must be left of them: the words spoken while a socket was open, but for those on its
edges, and recordings that play.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from calls.lab.call_records import is_recorded, record_of, score_of
from calls.lab.call_report import CallReport
from calls.lab.rig import Rig
from calls.lab.simulator import SimulatedCall
from calls.storage.models import Call, Transcript
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library

UNSEEN_MS = 1300
"""Before a kill: a second of audio may not be on the disk yet, and the word at the cut is half a word."""
REJOINED_MS = 400


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an outage came to."""

    said: str
    whole: bool
    """Everything promised was kept."""


@dataclass(slots=True)
class WordAudit:
    """Of interrupted calls."""

    words: int = 0
    """Spoken while a socket was open."""
    lost: int = 0
    added: int = 0
    """Kept and never said, or kept twice."""
    unplayable: int = 0
    """Recordings."""

    @property
    def whole(self) -> bool:
        return not (self.lost or self.added or self.unplayable)

    def __str__(self) -> str:
        return (
            f"words heard: {self.words}, lost {self.lost}, added {self.added}; "
            f"recordings that do not play: {self.unplayable}"
        )


def calls_through(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> list[SimulatedCall]:
    """So many different calls of so many recordings."""
    names = [recording.name for recording in library.recordings]
    return [
        SimulatedCall(
            rig.line,
            [rig.folder / names[(i * 3 + j) % len(names)] for j in range(clips)],
            seed=seed * 100 + i,
            from_number=f"+9725{seed:03}{i:05}",
        )
        for i in range(calls)
    ]


async def score_whole(reports: Iterable[CallReport], library: Library, timeout_s: float = 40.0) -> Score:
    """Of calls that lost nothing."""
    by_name = {recording.name: recording for recording in library.recordings}
    total = Score(0, 0, 0, 0, 0)
    for report in reports:
        _, turns = await record_of(report.call_sid, timeout_s)
        total += score_of(report, turns, by_name)
    return total


async def remains_of(reports: Sequence[CallReport], library: Library) -> WordAudit:
    """Of interrupted calls, once all that could be recovered is."""
    for report in reports:
        await record_of(report.call_sid)
    await _recovered([report.call_sid for report in reports])
    remains = WordAudit()
    for report in reports:
        call, turns = await record_of(report.call_sid)
        expected, everything = _spoken(report, library)
        heard = [word for turn in turns for word in turn.heard_text.split()]
        remains.words += len(expected)
        remains.lost += len(expected) - _matched(expected, heard)
        remains.added += len(heard) - _matched(everything, heard)
        remains.unplayable += sum(not is_recorded(stream) for stream in call.streams.values())
    return remains


async def _recovered(sids: Sequence[str]) -> None:
    """Wait until no more turns come from recordings."""
    before = -1
    for _ in range(60):
        count = await asyncio.to_thread(lambda: Transcript.objects.filter(call__call_sid__in=sids).count())
        if count == before and not await asyncio.to_thread(_some_are_open, sids):
            return
        before = count
        await asyncio.sleep(2)


def _spoken(report: CallReport, library: Library) -> tuple[list[str], list[str]]:
    """The words that a socket was open for, and all words."""
    by_name = {recording.name: recording for recording in library.recordings}
    said = [
        (word.text, start_ms + word.start_ms, start_ms + word.end_ms)
        for name, start_ms, _ in report.played
        for word in by_name[name].words
    ]
    spans = [
        (begin + (REJOINED_MS if i else 0), end - (UNSEEN_MS if i + 1 < len(report.spans) else -1000))
        for i, (begin, end) in enumerate(report.spans)
    ]
    heard = [text for text, start, end in said if any(a <= start and end <= b for a, b in spans)]
    return heard, [text for text, _, _ in said]


def _matched(truth: Sequence[str], heard: Sequence[str]) -> int:
    matcher = SequenceMatcher(None, truth, heard, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _some_are_open(sids: Sequence[str]) -> bool:
    return Call.objects.filter(call_sid__in=sids, ended_at=None).exists()
