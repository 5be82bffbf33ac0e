"""What this process has found out of half-closing with its engines: for probes, metrics and pages."""

from __future__ import annotations

import time
from typing import Any

from stt.engines.half_close import HalfClosingStatus, RestReason, Standing
from stt.engines.kept_finals import FinalsFigures, Kind
from stt.engines.registry import Recognition
from voiceapp.runtime import metrics


def statuses(recognition: Recognition) -> dict[str, HalfClosingStatus]:
    """By the names of the engines whose streams hear calls. Any thread."""
    now_ms = time.monotonic() * 1000
    return {engine.name: engine.half_closing.status(now_ms) for engine in recognition.hear_streams}


def as_json(status: HalfClosingStatus) -> dict[str, Any]:
    """For ``/readyz``."""
    return {
        "state": status.standing.value,
        "reason": status.reason.value if status.reason is not None else "",
        "rests_for_s": round(status.rests_for_ms / 1000),
        Kind.FORCED.value: _figures(status.forced),
        Kind.NATURAL.value: _figures(status.natural),
        "rests": {reason.value: times for reason, times in status.rests.items() if times},
    }


def _figures(figures: FinalsFigures) -> dict[str, Any]:
    median_ms = None if figures.median_ms is None else round(figures.median_ms)
    return {
        "median_ms": median_ms,
        "finals": figures.count,
        "compared": figures.compared,
        "lacking": figures.lacking,
    }


def set_gauges(recognition: Recognition) -> None:
    """Before ``/metrics`` answers."""
    for engine, status in statuses(recognition).items():
        for kind, figures in ((Kind.FORCED, status.forced), (Kind.NATURAL, status.natural)):
            # Where no final has come there is no figure, and 0 would be one.
            if figures.median_ms is not None:
                metrics.HALF_CLOSE_FINAL_MS.labels(engine, kind.value).set(figures.median_ms)
            metrics.HALF_CLOSE_LACKING.labels(engine, kind.value).set(figures.lacking)
            metrics.HALF_CLOSE_COMPARED.labels(engine, kind.value).set(figures.compared)
        resting = status.standing is Standing.RESTING
        for reason in RestReason:
            metrics.HALF_CLOSE_RESTING.labels(engine, reason.value).set(resting and status.reason is reason)
