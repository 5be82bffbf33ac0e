"""OpenTelemetry traces of turns, for who has a collector: where the time of each turn went, as spans.

They are made of a turn's timings when it is done, in a thread of their own: a call only puts what it knows into a
bounded queue. The extra is needed (requirements-otel.txt) and OTEL_EXPORTER_OTLP_ENDPOINT; the exporter reads the other
standard OTEL_* variables itself. No words are in a span.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from calls.core.agent_turns import AgentTurn
from calls.core.turns import Turn
from voiceapp.runtime import background, metrics

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

logger = logging.getLogger(__name__)

MOST_WAITING = 2048
"""Turns; a collector that does not answer costs those behind them, and nothing else."""
MOST_AT_ONCE = 256
MS = 1_000_000
"""In nanoseconds, which spans are of."""


@dataclass(frozen=True, slots=True)
class TracedStage:
    """A span of a turn, between two instants in nanoseconds since 1970."""

    name: str
    begins_ns: int
    ends_ns: int


class TurnTraces:
    """This process's."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        """``exporter``: None is made of the environment where that names an endpoint."""
        self._exporter = exporter
        self._queue: queue.Queue[tuple[str, Turn | AgentTurn, int]] | None = None
        self._resource: Any = None

    def start(self) -> None:
        """Idempotent. Does nothing where nobody wants traces; says so where the extra is missing."""
        if self._queue is not None or not (self._exporter or settings.OTEL_EXPORTER_OTLP_ENDPOINT):
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
        except ImportError:
            logger.error(
                "OTEL_EXPORTER_OTLP_ENDPOINT is set: install requirements-otel.txt. Until then no turn is traced."
            )
            return
        self._exporter = self._exporter or OTLPSpanExporter()
        self._resource = Resource.create()
        if str(self._resource.attributes["service.name"]).startswith("unknown_service"):
            # Neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES names it.
            self._resource = self._resource.merge(Resource({"service.name": "voiceapp"}))
        self._queue = queue.Queue(MOST_WAITING)
        background.thread("turn-traces", self._run).start()

    def put(self, call_sid: str, turn: Turn | AgentTurn) -> None:
        """A turn was handed on, or an answer's first frame sent, just now. On the loop; returns at once."""
        if self._queue is not None:
            try:
                self._queue.put_nowait((call_sid, turn, time.time_ns()))
            except queue.Full:
                metrics.TURNS_UNTRACED.inc()

    def _run(self) -> None:
        while True:
            self.export()

    def export(self) -> None:
        """Wait for a turn, and send what has gathered. Blocking. Raises what the exporter raises."""
        assert self._queue is not None and self._exporter is not None  # noqa: S101 - the thread is started behind them
        gathered = [self._queue.get()]
        while len(gathered) < MOST_AT_ONCE and not self._queue.empty():
            gathered.append(self._queue.get_nowait())
        sent = self._exporter.export([span for one in gathered for span in self._spans(*one)])
        if sent.name != "SUCCESS":
            metrics.TURNS_UNTRACED.inc(len(gathered))

    def _spans(self, call_sid: str, turn: Turn | AgentTurn, now_ns: int) -> Iterator[ReadableSpan]:
        """A turn's root and its stages; an answer stands in the trace of the turn that it answers."""
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, TraceFlags

        asked = turn.answers if isinstance(turn, AgentTurn) and turn.answers else turn.number
        trace_id = _id(16, call_sid, asked)

        def context(*of_what: Any) -> SpanContext:
            return SpanContext(trace_id, _id(8, call_sid, *of_what), False, TraceFlags(TraceFlags.SAMPLED))

        root, *stages = stages_of(turn, now_ns)
        above = context(asked) if asked != turn.number else None
        for name, parent, stage in (
            (None, above, root),
            *((stage.name, context(turn.number), stage) for stage in stages),
        ):
            own = context(turn.number, name) if name else context(turn.number)
            yield ReadableSpan(
                stage.name,
                context=own,
                parent=parent,
                resource=self._resource,
                attributes=None if name else attributes_of(call_sid, turn),
                start_time=stage.begins_ns,
                end_time=stage.ends_ns,
            )


def stages_of(turn: Turn | AgentTurn, now_ns: int) -> list[TracedStage]:
    """The whole first; then its parts, as far as they were measured. ``now_ns``: it was handed on, or heard first."""
    if isinstance(turn, AgentTurn):
        return _answer_stages(turn, now_ns)
    spoke_until = now_ns - (turn.final_ms or 0) * MS
    began = spoke_until - (turn.ended_ms - turn.started_ms) * MS
    stages = [TracedStage("turn", began, now_ns), TracedStage("speech", began, spoke_until)]
    if turn.partial_ms is not None:
        stages.append(TracedStage("first partial", began, began + turn.partial_ms * MS))
    if turn.final_ms is not None:
        stages.append(TracedStage("text awaited", spoke_until, now_ns))
    return stages


def _answer_stages(turn: AgentTurn, now_ns: int) -> list[TracedStage]:
    waits = turn.times.stages
    at = began = now_ns - sum(waits.values()) * MS
    stages = [TracedStage("answer", began, now_ns)]
    for name, ms in waits.items():
        stages.append(TracedStage(name, at, at + ms * MS))
        at += ms * MS
    return stages


def attributes_of(call_sid: str, turn: Turn | AgentTurn) -> Mapping[str, Any]:
    """No words: the call, the turn, who did it and why."""
    said: dict[str, Any] = {"call.sid": call_sid, "turn.number": turn.number, "turn.code": turn.code}
    if isinstance(turn, AgentTurn):
        said |= {"answer.floor_rule": turn.times.floor_rule, "answer.responder": turn.made_by.responder}
        said |= {"answer.voice": turn.made_by.voice}
    else:
        said |= {"turn.source": str(turn.source), "turn.rule": turn.rule, "turn.engine": turn.engine}
        said |= {"turn.model": turn.model, "turn.attempts": turn.attempts, "loop.lag_p95_ms": turn.loop_lag_ms}
    return {name: value for name, value in said.items() if value not in (None, "")}


def _id(size_bytes: int, *of_what: Any) -> int:
    """The same for the same, so that an answer finds its turn's trace, whichever process makes it."""
    digest = hashlib.sha256("/".join(map(str, of_what)).encode()).digest()
    return int.from_bytes(digest[:size_bytes], "big") or 1
