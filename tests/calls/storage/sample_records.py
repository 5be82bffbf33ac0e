"""The records of one short call."""

from datetime import UTC, datetime

from calls.core.turns import Source, Turn
from calls.storage.records import CallEnded, CallStarted, TurnSaved

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STARTED = CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80})
ENDED = CallEnded("CA1", "MZ1", NOW, "stop", 100, 2, 1500, {"dtmf": 1})


def turn(**changes):
    values = {"number": 1, "started_ms": 0, "ended_ms": 9, "text": "א", "source": Source.FINAL}
    return TurnSaved("CA1", Turn(**{**values, **changes}))
