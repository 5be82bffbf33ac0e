"""What a load's answers cost: the server's own share of each, and what conversing costs a call's own frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from calls.core.agent_turns import FALSE_START, FIRST_AGENT_NUMBER
from calls.core.frame_delays import merged_percentile
from calls.lab.conversing_caller import ConversingCaller
from calls.lab.load import FIRST_MS, Caller
from stt.audio import FRAME_MS
from voiceapp.runtime.percentile import percentile


class Instant(Protocol):
    """A reading of the load (calls/lab/load_figures.py)."""

    @property
    def at_s(self) -> float:
        """``time.monotonic``."""


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """One call, as its caller and as its rows know it."""

    caller: Caller
    delays: Mapping[str, Any]
    turns: Sequence[Any]
    """The caller's."""
    answers: Sequence[Any]
    """The line's."""


@dataclass(frozen=True, slots=True)
class ConversingFigures:
    """Milliseconds. Of the steady part, but for the delays, which are of all of it."""

    by_rows_ms: list[float]
    """Floor taken to first frame given to the socket, by the server's clock: ``first_audio_ms``."""
    by_sender_ms: list[float]
    """Last voiced frame sent to first frame received, by the sender's clock, less the floor's pause: with the way of a
    frame in both directions."""
    conversing_p99_ms: float | None
    """Of the frames of all conversing calls, sent to handled."""
    listening_p99_ms: float | None
    conversing: int
    listening: int
    voices: list[str]
    """That spoke."""
    missing: int
    """Answers that were heard and have no row."""
    not_ready: int
    """Answers whose sound was not there when the floor was taken."""
    failed: int = 0
    """Answers with a code, but for false starts."""
    clears_ms: list[float] = field(default_factory=list)
    """First frame of what is said over an answer, sent, to the ``clear`` received, by the sender's clock."""
    clear_sent_p99_ms: float | None = None
    """The decision to stop an answer to the ``clear`` given to the socket: at most this in 99 of 100, by the server's
    histogram's bounds."""
    marks_behind_clear: int = 0
    faults: list[str] = field(default_factory=list)
    """What Twilio would have complained of."""

    @property
    def problems(self) -> list[str]:
        """Why this run says nothing of answers."""
        found = []
        if not self.by_rows_ms:
            found.append("answers_missing: no question was answered")
        if self.missing:
            found.append(f"answers_missing: {self.missing} were heard and have no row")
        if self.failed:
            found.append(f"answers_failed: {self.failed}")
        if self.marks_behind_clear:
            found.append(f"sound_behind_clear: {self.marks_behind_clear} marks of answers that were cleared")
        if self.faults:
            found.append(f"stream_faults: {self.faults[0]}, {len(self.faults)} in all")
        return found

    def text(self) -> str:
        lines = [
            f"{self.conversing} calls conversed, {self.listening} listened; voice {', '.join(self.voices) or 'none'}",
            f"own share of {len(self.by_rows_ms)} answers, floor → first frame ({self.not_ready} not ready):"
            f" {_spread(self.by_rows_ms)}",
            f"the same by the sender's clock, both ways of a frame with it: {_spread(self.by_sender_ms)}",
        ]
        if self.conversing_p99_ms is not None and self.listening_p99_ms is not None:
            more_ms = self.conversing_p99_ms - self.listening_p99_ms
            lines.append(
                f"frame delay p99: conversing {self.conversing_p99_ms:.1f} ms, listening {self.listening_p99_ms:.1f} ms"
                f" in the same run ({more_ms:+.1f} ms)"
            )
        if self.clears_ms:
            lines.append(
                f"{len(self.clears_ms)} answers interrupted, first frame of the voice → clear:"
                f" {_spread(self.clears_ms)}; decision → clear p99 at most {self.clear_sent_p99_ms} ms"
            )
        return "\n".join(lines)


def answer_figures(
    conversations: Sequence[MeasuredCall], steady: tuple[Instant, Instant], clear_sent_p99_ms: float | None = None
) -> ConversingFigures:
    """Of a run; answers to questions count, whose first sound came in its steady part."""
    by_rows, by_sender, faults, clears = [], [], [], []
    delays: dict[bool, list[Mapping[str, int]]] = {True: [], False: []}
    voices: set[str] = set()
    missing = not_ready = failed = 0
    for one in conversations:
        caller = one.caller
        conversing = isinstance(caller, ConversingCaller)
        if one.delays:
            delays[conversing].append(one.delays["counts"])
        if not isinstance(caller, ConversingCaller):
            continue
        faults += [f"{fault.code} {fault.reason}" for fault in caller.report.faults]
        turns = {turn.number: turn for turn in one.turns}
        answers = {answer.number - FIRST_AGENT_NUMBER + 1: answer for answer in one.answers}
        failed += sum(bool(answer.code) and answer.code != FALSE_START for answer in one.answers)
        clears += _clears_ms(caller)
        missing += len(set(caller.heard_s) - set(answers))
        for number, heard_s in caller.heard_s.items():
            answer = answers.get(number)
            if answer is None or answer.answers is None or not steady[0].at_s <= heard_s <= steady[1].at_s:
                continue
            voices.add(answer.voice)
            not_ready += answer.prepared_ms is None or answer.prepared_ms < 0
            by_rows.append(float(answer.first_audio_ms))
            if answer.answers in turns:
                last = (turns[answer.answers].ended_ms - FIRST_MS) // FRAME_MS - 1
                by_sender.append((heard_s - caller.sent_s[last]) * 1000 - answer.floor_ms)
    return ConversingFigures(
        by_rows_ms=by_rows,
        by_sender_ms=by_sender,
        conversing_p99_ms=merged_percentile(delays[True], 0.99),
        listening_p99_ms=merged_percentile(delays[False], 0.99),
        conversing=sum(isinstance(one.caller, ConversingCaller) for one in conversations),
        listening=sum(not isinstance(one.caller, ConversingCaller) for one in conversations),
        voices=sorted(voices),
        missing=missing,
        not_ready=not_ready,
        failed=failed,
        faults=faults,
        clears_ms=clears,
        clear_sent_p99_ms=clear_sent_p99_ms,
        marks_behind_clear=sum(
            one.caller.marks_behind_clear for one in conversations if isinstance(one.caller, ConversingCaller)
        ),
    )


def _clears_ms(caller: ConversingCaller) -> list[float]:
    """Of each ``clear``: since the first frame of the recording that it came into."""
    begins_s = [caller.sent_s[(begin_ms - FIRST_MS) // FRAME_MS] for _, begin_ms, _ in caller.report.played]
    return [(at_s - max(before)) * 1000 for at_s in caller.clears_s if (before := [s for s in begins_s if s <= at_s])]


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
    return f"p50 {p50:.1f}, p99 {p99:.1f}, max {max(values):.1f} ms"
