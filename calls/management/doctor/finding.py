"""What a check of the doctor's finds: one line, with what to do where it is not well. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Calls are served; what is said will hurt one day, or some of them."""
    FAILED = "failed"
    """Calls are not served, or not heard, or not kept."""
    SKIPPED = "skipped"
    """There is nothing to ask: the detail says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    """A stable name, for scripts."""
    state: FindingState
    detail: str
    """What was found."""
    advice: str = ""
    """What to do; empty where nothing is."""


def ok(check: str, detail: str) -> Finding:
    return Finding(check, FindingState.OK, detail)


def warning(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, FindingState.WARNING, detail, advice)


def failed(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, FindingState.FAILED, detail, advice)


def skipped(check: str, detail: str) -> Finding:
    return Finding(check, FindingState.SKIPPED, detail)
