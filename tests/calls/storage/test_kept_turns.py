"""What the rows of a call say to a process that takes it over."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from calls.core.agent_turns import AgentTurn, PlayedPart
from calls.core.turns import Source, Turn
from calls.storage import rows
from calls.storage.kept_turns import kept_turns
from calls.storage.records import AgentTurnSaved, CallEnded, CallStarted, TurnSaved, ValueSaved

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ANSWER = AgentTurn(5001, 0, 900, "שלום", PlayedPart("של", 400), revision=2)
TURN = Turn(1, 1000, 1500, "אני", Source.FINAL, "אנו")


def test_what_both_have_said_is_read_with_its_stream():
    ended = CallEnded("CA1", "MZ1", NOW, "crashed", 0, 0, 0)
    records = [CallStarted("CA1", "MZ1", NOW), AgentTurnSaved("CA1", ANSWER, "MZ1"), TurnSaved("CA1", TURN, "MZ1")]
    rows.write(records)
    assert not kept_turns("CA1", "MZ2").is_complete
    rows.write([ended, CallStarted("CA1", "MZ2", NOW, stream_index=1)])
    kept = kept_turns("CA1", "MZ2")
    assert kept.is_complete
    assert [(one.turn, one.stream_sid) for one in kept.answers] == [(ANSWER, "MZ1")]
    assert [(turn.number, turn.heard_text, turn.ended_ms) for turn in kept.turns] == [(1, "אנו", 1500)]


def test_the_streams_own_turns_are_not_what_was_said_before_it():
    rows.write([CallStarted("CA1", "MZ2", NOW), TurnSaved("CA1", TURN, "MZ2")])
    kept = kept_turns("CA1", "MZ2")
    assert (kept.turns, kept.answers, kept.is_complete) == ((), (), False)


def test_of_a_call_without_rows_nothing_is_kept():
    assert kept_turns("CA1", "MZ1").turns == ()


def test_secret_figures_are_read_where_they_were_masked():
    """Or a dialogue would ask for them again, and take the next answer for theirs."""
    turns = [
        replace(TURN, number=1, text="••• ••••• ••••", revised_text=None),
        replace(TURN, number=2, revised_text="••••"),
    ]
    rows.write([CallStarted("CA1", "MZ1", NOW), *(TurnSaved("CA1", turn, "MZ1") for turn in turns)])
    rows.write([ValueSaved("CA1", "a", "123", True, 1, "MZ1"), ValueSaved("CA1", "b", "4567", True, 2, "MZ1")])
    rows.write([ValueSaved("CA1", "c", "890", False, 3, "MZ1"), CallStarted("CA1", "MZ2", NOW, stream_index=1)])
    kept = kept_turns("CA1", "MZ2")
    assert [turn.heard_text for turn in kept.turns] == ["123", "4567"]
    assert kept.secrets == ("123", "4567")
