"""Audits what was kept of calls that an outage interrupted.

Every word that was spoken while a socket was open must be kept, except those at its edges; recordings must play.
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
from calls.storage.call_streams import call_streams
from calls.storage.models import Call, Transcript
from calls.whatif.scoring import Score
from stt.emulator.recordings import Library

MAX_UNSAVED_MS = 1300
"""Words this close before a kill do not count: a second of audio may not be saved yet, and one word is cut in half."""
MAX_REJOIN_MS = 400
"""Words this close after a new stream's beginning do not count: the first of them may be cut in half."""


@dataclass(frozen=True, slots=True)
class OutageReport:
    """What an outage did to the calls, as one line for people, and whether every promise was kept."""

    summary: str
    passed: bool


@dataclass(slots=True)
class WordAudit:
    """Counts the words and recordings of interrupted calls."""

    words: int = 0
    """Spoken while a socket was open."""
    lost: int = 0
    added: int = 0
    """Kept and never said, or kept twice."""
    unplayable: int = 0
    """Recordings."""

    @property
    def passed(self) -> bool:
        return not (self.lost or self.added or self.unplayable)

    def __str__(self) -> str:
        return (
            f"words heard: {self.words}, lost {self.lost}, added {self.added}; "
            f"recordings that do not play: {self.unplayable}"
        )


def calls_across(rig: Rig, library: Library, calls: int, clips: int, seed: int) -> list[SimulatedCall]:
    """Plans different calls, each of ``clips`` recordings."""
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


async def score_of_all(reports: Iterable[CallReport], library: Library, timeout_s: float = 40.0) -> Score:
    """The score of calls that were not interrupted, all together."""
    by_name = {recording.name: recording for recording in library.recordings}
    total = Score(0, 0, 0, 0, 0)
    for report in reports:
        _, turns = await record_of(report.call_sid, timeout_s)
        total += score_of(report, turns, by_name)
    return total


async def audit_of(reports: Sequence[CallReport], library: Library) -> WordAudit:
    """Audits interrupted calls, once everything that can be recovered has been."""
    for report in reports:
        await record_of(report.call_sid)
    await _recovered([report.call_sid for report in reports])
    audit = WordAudit()
    for report in reports:
        call, turns = await record_of(report.call_sid)
        expected, everything = _spoken(report, library)
        heard = [word for turn in turns for word in turn.heard_text.split()]
        audit.words += len(expected)
        audit.lost += len(expected) - _matched(expected, heard)
        audit.added += len(heard) - _matched(everything, heard)
        audit.unplayable += sum(not is_recorded(stream) for stream in call_streams(call.streams))
    return audit


async def _recovered(sids: Sequence[str]) -> None:
    """Wait until no more turns come from recordings."""
    before = -1
    for _ in range(60):
        count = await asyncio.to_thread(lambda: Transcript.objects.heard().filter(call__call_sid__in=sids).count())
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
        (begin + (MAX_REJOIN_MS if i else 0), end - (MAX_UNSAVED_MS if i + 1 < len(report.spans) else -1000))
        for i, (begin, end) in enumerate(report.spans)
    ]
    heard = [text for text, start, end in said if any(a <= start and end <= b for a, b in spans)]
    return heard, [text for text, _, _ in said]


def _matched(truth: Sequence[str], heard: Sequence[str]) -> int:
    matcher = SequenceMatcher(None, truth, heard, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _some_are_open(sids: Sequence[str]) -> bool:
    return Call.objects.filter(call_sid__in=sids, ended_at=None).exists()
