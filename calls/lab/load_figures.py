"""What a load run measured, and how it stands against another one."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

from calls.core.frame_delays import merged_percentile
from calls.lab.load import Load
from calls.lab.rig import Rig
from calls.whatif.scoring import Score
from voiceapp.runtime.percentile import percentile

MAX_SENDER_LATE_MS = 5.0
"""A sender whose frames leave later than this at p99 measures itself, not the server."""


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU time so far, in seconds, and the server's memory."""

    at_s: float
    server_s: float
    emulator_s: float
    sender_s: float
    server_bytes: int

    @classmethod
    def of(cls, rig: Rig) -> Reading:
        assert rig.server is not None and rig.emulator is not None  # noqa: S101 - inside of ``with rig``
        server, emulator = psutil.Process(rig.server.pid), psutil.Process(rig.emulator.pid)
        return cls(
            time.monotonic(), _cpu_s(server), _cpu_s(emulator), _cpu_s(psutil.Process()), server.memory_info().rss
        )


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """Of the steady part of a run, but for the words and latencies, which are of all of it."""

    server: str
    calls: int
    seconds: float
    cpu_ms_s: float
    """Server CPU a call: ms a second."""
    memory_kb: float
    """Server memory a call, over what it held before the first."""
    delay_p50_ms: float | None
    """Of frames, send to place in the recogniser's queue: the median call's."""
    delay_p99_ms: float | None
    """Of all calls' frames, rounded up to half a millisecond."""
    delay_worst_p99_ms: float | None
    """The worst call's."""
    delay_max_ms: float | None
    final_p50_ms: float | None
    final_p95_ms: float | None
    handed_on_p99_ms: float | None
    """From a result's coming to the turn that it decides: at most this in 99 of 100, by the histogram's bounds."""
    words: int
    lost: int
    added: int
    recordings_missing: int
    late_p99_ms: float
    """The sender's own."""
    late_max_ms: float
    sender_cpu: float
    """Share of a core."""
    emulator_cpu: float
    blocked: int
    """Calls whose socket the server did not read."""

    @property
    def calls_a_core(self) -> float:
        return 1000 / self.cpu_ms_s

    @property
    def server_cpu(self) -> float:
        """Share of a core."""
        return self.cpu_ms_s * self.calls / 1000

    @property
    def problems(self) -> list[str]:
        """Why this run says nothing of the server."""
        found = []
        if self.late_p99_ms > MAX_SENDER_LATE_MS:
            found.append(f"sender_late: its frames left {self.late_p99_ms:.1f} ms late at p99")
        if self.blocked:
            found.append(f"blocked: {self.blocked} calls were not read")
        if self.lost or self.added:
            found.append(f"words_missing: {self.lost} lost, {self.added} added")
        if self.recordings_missing:
            found.append(f"recordings_missing: of {self.recordings_missing} calls")
        return found

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> LoadFigures:
        """Raises OSError, ValueError or TypeError for what is no saved run."""
        return cls(**json.loads(path.read_text()))


def figures(
    server: str,
    load: Load,
    idle: Reading,
    steady: tuple[Reading, Reading],
    calls: Sequence[tuple[Any, Sequence[Any]]],
    score: Score,
    recordings_missing: int,
    metrics: str,
) -> LoadFigures:
    """``calls``: each call's row and turns; none for a server that keeps none. ``metrics``: what ``/metrics`` said."""
    before, after = steady
    seconds = after.at_s - before.at_s
    delays = [call.frame_delay_ms for call, _ in calls if call.frame_delay_ms]
    finals = [turn.final_ms for _, turns in calls for turn in turns if turn.final_ms is not None]
    count = len(load.callers)
    return LoadFigures(
        server=server,
        calls=count,
        seconds=round(seconds, 1),
        cpu_ms_s=round((after.server_s - before.server_s) * 1000 / seconds / count, 3),
        memory_kb=round((after.server_bytes - idle.server_bytes) / 1024 / count, 1),
        delay_p50_ms=median(delay["p50"] for delay in delays) if delays else None,
        delay_p99_ms=merged_percentile((delay["counts"] for delay in delays), 0.99),
        delay_worst_p99_ms=max((delay["p99"] for delay in delays), default=None),
        delay_max_ms=max((delay["max"] for delay in delays), default=None),
        final_p50_ms=percentile(finals, 0.5),
        final_p95_ms=percentile(finals, 0.95),
        handed_on_p99_ms=bucket_ms(metrics, "voiceapp_handed_on_seconds", 0.99),
        words=score.words,
        lost=score.lost,
        added=score.added,
        recordings_missing=recordings_missing,
        late_p99_ms=round(percentile(load.late_ms, 0.99) or 0.0, 2),
        late_max_ms=round(max(load.late_ms, default=0.0), 2),
        sender_cpu=round((after.sender_s - before.sender_s) / seconds, 3),
        emulator_cpu=round((after.emulator_s - before.emulator_s) / seconds, 3),
        blocked=sum("blocked" in caller.report.refusals for caller in load.callers),
    )


def table(rows: Sequence[LoadFigures]) -> str:
    """Aligned columns; ``-`` where a server has no such figure."""
    titles = (
        "server           calls  calls a core  CPU ms/s a call  kB a call  frame delay p50   p99 worst call's   max"
        "  final p50   p95  handed on p99  words lost added  sender late p99   max  CPU: server sender emulator"
    )
    return "\n".join([titles, *(_row(row) for row in rows)])


def _row(row: LoadFigures) -> str:
    def ms(value: float | None, width: int) -> str:
        return f"{'-' if value is None else f'{value:.1f}':>{width}}"

    return (
        f"{row.server:16} {row.calls:5}  {row.calls_a_core:12.0f}  {row.cpu_ms_s:15.2f}  {row.memory_kb:9.0f}"
        f"  {ms(row.delay_p50_ms, 15)} {ms(row.delay_p99_ms, 5)} {ms(row.delay_worst_p99_ms, 12)}"
        f" {ms(row.delay_max_ms, 5)}"
        f"  {ms(row.final_p50_ms, 9)} {ms(row.final_p95_ms, 5)}"
        f"  {ms(row.handed_on_p99_ms, 13)}  {row.words:5} {row.lost:4} {row.added:5}"
        f"  {row.late_p99_ms:15.2f} {row.late_max_ms:5.1f}"
        f"  {row.server_cpu:11.0%} {row.sender_cpu:6.0%} {row.emulator_cpu:8.0%}"
    )


def bucket_ms(metrics: str, name: str, share: float) -> float | None:
    """The least bound of a histogram under which this share of its observations lie; None without any."""
    for family in text_string_to_metric_families(metrics):
        buckets = [sample for sample in family.samples if sample.name == f"{name}_bucket"]
        for sample in buckets:
            if buckets[-1].value and sample.value >= share * buckets[-1].value:
                return float(sample.labels["le"]) * 1000
    return None


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
