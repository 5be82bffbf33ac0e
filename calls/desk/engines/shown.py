"""A measurement's figures as text, for the page and the command: numbers left to right, whatever the page."""

from __future__ import annotations

from calls.desk.tuning.comparison import Shown
from calls.desk.tuning.uncertainty import Estimate


def percent(estimate: Estimate, *, signed: bool = False) -> Shown:
    """A share, in percent."""
    return _shown(estimate, 100, 1, "%", signed)


def milliseconds(estimate: Estimate) -> Shown:
    return _shown(estimate, 1, 0, "ms", False)


def _shown(estimate: Estimate, times: int, places: int, unit: str, signed: bool) -> Shown:
    def text(value: float) -> str:
        return f"{times * value:{'+' if signed else ''}.{places}f}"

    if estimate.value is None:
        return Shown("—")
    interval = "—"
    if estimate.low is not None and estimate.high is not None:
        interval = f"{text(estimate.low)} … {text(estimate.high)}"
    return Shown(f"{text(estimate.value)} {unit}", interval)
