"""Compares what a server keeps of its answers with what the simulated caller really heard, mark by mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from calls.core.agent_turns import FIRST_AGENT_NUMBER, Outcome
from calls.core.numbering import NUMBERS_A_STREAM
from calls.lab.call_report import CallReport
from calls.lab.played_audio import MarkFate

CLOCK_MS = 250
"""What is heard is estimated by the clock where marks do not say it: by so much a busy machine may differ."""


def faults_of(report: CallReport, answers: Sequence[Any]) -> list[str]:
    """What differs, a sentence each; empty: every answer was heard as its row says, and none answers what another has.

    ``answers``: the call's agent turns, in their order.
    """
    questions = [one.answers for one in answers if one.answers is not None]
    faults = [f"turn {one} was answered twice" for one in sorted(set(questions)) if questions.count(one) > 1]
    names = [f"a{one.number % NUMBERS_A_STREAM - FIRST_AGENT_NUMBER + 1}" for one in answers]
    for name, answer in zip(names, answers, strict=True):
        faults += [f"answer {name}: {fault}" for fault in _faults_of_one(report, f"{name}.", answer)]
    sounded = {echo.name.partition(".")[0] for echo in report.mark_fates}
    if unknown := sorted(sounded - set(names)):
        faults.append(f"the caller heard {', '.join(unknown)}, which is no row")
    return faults


def acts_done_twice(saved: Sequence[Any], codes: Sequence[str]) -> list[str]:
    """``saved``: the call's values, each said once; ``codes``: of its events."""
    faults = ["an act was to be done twice"] if "act_twice" in codes else []
    # Each stream counts its own from its block on.
    streams = [divmod(one.number, NUMBERS_A_STREAM) for one in saved]
    counts = Counter(stream for stream, _ in streams)
    if any(number > counts[stream] for stream, number in streams):
        faults.append("a value was saved twice")
    return faults


def _faults_of_one(report: CallReport, prefix: str, answer: Any) -> list[str]:
    marks = [echo for echo in report.mark_fates if echo.name.startswith(prefix)]
    reached = [echo.name for echo in marks if echo.fate is MarkFate.REACHED]
    is_whole = bool(marks) and len(reached) == len(marks)
    said, heard = answer.text.split(), (answer.played_text or "").split()
    faults = []
    if said[: len(heard)] != heard and answer.outcome != Outcome.FAILED:
        # One that failed ends in an apology.
        faults.append("what was heard is no beginning of what was said")
    elif is_whole and answer.outcome == Outcome.PLAYED and heard != said:
        faults.append(f"heard whole by the caller, and kept as {len(heard)} of {len(said)} words")
    elif not is_whole and heard == said:
        faults.append(f"kept as heard, but the caller heard {len(reached)} of {len(marks)} marks")
    elif answer.outcome == Outcome.PLAYED and not is_whole:
        faults.append("kept as played to its end, and it was not")
    if not reached and heard:
        faults.append("kept as partly heard, but the caller heard no mark of it")
    by_mark = report.heard_by_mark
    marked_ms = sum(len(by_mark[name]) for name in reached) // 8
    to_its_end = is_whole and answer.outcome == Outcome.PLAYED
    if answer.heard_ms < marked_ms - CLOCK_MS or (to_its_end and answer.heard_ms > marked_ms + CLOCK_MS):
        faults.append(f"kept with {answer.heard_ms} ms heard, the caller heard {marked_ms}")
    return faults
