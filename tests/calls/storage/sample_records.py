"""The records of one short call, and one of each kind."""

from datetime import UTC, datetime

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.turns import Source, Turn
from calls.storage.records import (
    AgentTurnSaved,
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    TurnSaved,
    ValueSaved,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STARTED = CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80})
ENDED = CallEnded("CA1", "MZ1", NOW, "stop", 100, 2, 1500, {"dtmf": 1})


def turn(**changes):
    values = {"number": 1, "started_ms": 0, "ended_ms": 9, "text": "א", "source": Source.FINAL}
    return TurnSaved("CA1", Turn(**{**values, **changes}))


def answer(stream_sid="", **changes):
    """An agent's turn with every field set."""
    values = {
        "number": 5001,
        "started_ms": 1000,
        "ended_ms": 2600,
        "text": "שלום, במה אפשר לעזור?",
        "heard": PlayedPart("שלום,", 900, Outcome.INTERRUPTED),
        "times": AnswerTimes("open", 1000, -40, 60, 1060, -10),
        "made_by": MadeBy("scripted", "he-IL-Chirp3-HD-Aoede", 120, 21),
        "withdrawals": 1,
        "answers": 1,
        "code": "mark_lost",
        "revision": 2,
    }
    return AgentTurnSaved("CA1", AgentTurn(**{**values, **changes}), stream_sid)


RECORDS = [
    CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80}, "host:1"),
    TurnSaved("CA1", Turn(1, 0, 900, "שלום\nלך", Source.EARLY, partial_ms=5)),
    EventNoted("CA1", 1, NOW, "fallback", "utterance 1"),
    answer("MZ1"),
    ValueSaved("CA1", "phone", "0501234567", secret=True, number=1, stream_sid="MZ1"),
    HearingNoted("CA1", "MZ1", "degraded"),
    EndChosen("CA1", "MZ1", "too_long"),
    CallEnded("CA1", "MZ1", NOW, "stop", 100, 2, 1500, {"dtmf": 1}),
]
