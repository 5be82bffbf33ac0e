"""The records of one short call, and one of each kind."""

from datetime import UTC, datetime

from calls.core.turns import Source, Turn
from calls.storage.records import CallEnded, CallStarted, EndChosen, EventNoted, HearingNoted, TurnSaved

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STARTED = CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80})
ENDED = CallEnded("CA1", "MZ1", NOW, "stop", 100, 2, 1500, {"dtmf": 1})


def turn(**changes):
    values = {"number": 1, "started_ms": 0, "ended_ms": 9, "text": "א", "source": Source.FINAL}
    return TurnSaved("CA1", Turn(**{**values, **changes}))


RECORDS = [
    CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80}, "host:1"),
    TurnSaved("CA1", Turn(1, 0, 900, "שלום\nלך", Source.EARLY, partial_ms=5)),
    EventNoted("CA1", 1, NOW, "fallback", "utterance 1"),
    HearingNoted("CA1", "MZ1", "degraded"),
    EndChosen("CA1", "MZ1", "too_long"),
    CallEnded("CA1", "MZ1", NOW, "stop", 100, 2, 1500, {"dtmf": 1}),
]
