"""What a running call leaves behind of its answers and saved values."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from calls.core.actions import Partial
from calls.core.agent_turns import AgentTurn, AnswerTimes, Outcome, PlayedPart
from calls.core.kept_words import EVERYTHING, Keeps
from calls.core.messages import Start
from calls.core.recognition_health import RecognitionStatus
from calls.core.text import MASK
from calls.core.turns import Source, Turn
from calls.live.call_log import CallLog
from calls.storage.records import AgentTurnSaved, EventNoted, TurnSaved, ValueSaved
from stt.streaming.billing import Billed
from stt.tuning import Tuning
from voiceapp.runtime import metrics

SID = "CA1"
ANSWER = AgentTurn(15_001, 2000, 2400, "כן, בבקשה", PlayedPart("כן,", 400), AnswerTimes("open", 1000, 200, 50, 1050))


class Log(CallLog):
    """Of a call's second stream, with what it gave to the writer and to those who watch."""

    def __init__(self, keeps=EVERYTHING):
        self.records, self.updates, self.alarmed = [], [], []
        services = SimpleNamespace(
            writer=SimpleNamespace(accept=self.records.append),
            updates=SimpleNamespace(publish=self.updates.append),
            traces=SimpleNamespace(put=lambda *_: None),
            alarms=SimpleNamespace(answer_ended=lambda line, failed: self.alarmed.append((line, failed))),
        )
        super().__init__(SID, 1, services, keeps)
        start = Start("MZ2", SID, parameters={"to_number": "+97235550100"})
        self.begun(start, Tuning(), "", RecognitionStatus.STREAMING)
        self.begun_with = list(self.records)
        self.records.clear()
        self.updates.clear()


@pytest.fixture
def log():
    return Log()


def test_an_answer_is_kept_shown_and_logged_once(log, caplog):
    caplog.set_level(logging.INFO)
    log.answered(ANSWER, playing=True)
    whole = replace(ANSWER, heard=PlayedPart(ANSWER.text, 900), revision=1)
    log.answered(whole)
    assert log.records[-1] == AgentTurnSaved(SID, whole, "MZ2")
    assert [update["playing"] for update in log.updates] == [True, False]
    shown = log.updates[0]
    assert (shown["kind"], shown["key"], shown["text"], shown["heard"]) == ("answer", "MZ2:5001", "כן, בבקשה", "כן,")
    assert (shown["total_ms"], shown["outcome"]) == (1050, "played")
    lines = [record.message for record in caplog.records if "[LATENCY]" in record.message]
    assert lines == [f"{ANSWER.latency_line()} call=CA1"]


def test_an_answer_that_is_still_played_is_kept_as_one_that_its_process_cut_off(log):
    log.answered(ANSWER, playing=True)
    (record,) = log.records
    assert record.turn == replace(ANSWER, heard=replace(ANSWER.heard, outcome=Outcome.INTERRUPTED))


def test_a_saved_value_is_kept_and_a_secret_is_shown_to_nobody(log):
    log.keep("name", "דנה")
    log.keep("card", "4580", secret=True)
    assert log.records == [
        ValueSaved(SID, "name", "דנה", False, 10_001, "MZ2"),
        ValueSaved(SID, "card", "4580", True, 10_002, "MZ2"),
    ]
    assert [(one["kind"], one["key"], one["value"]) for one in log.updates] == [
        ("value", "name", "דנה"),
        ("value", "card", MASK),
    ]


def test_a_secret_is_taken_out_of_the_words_that_said_it(log):
    turn = Turn(1, 0, 900, "הקוד 1234", Source.EARLY)
    answer = replace(ANSWER, text="אמרת 1234", heard=PlayedPart("אמרת", 400))
    log.revised(turn)
    log.answered(answer, playing=True)
    log.keep("name", "דנה")
    log.records.clear(), log.updates.clear()
    log.keep("code", "1234", secret=True)
    value, again, said = log.records
    assert value == ValueSaved(SID, "code", "1234", True, 10_002, "MZ2")
    assert (again.turn.text, again.turn.revision) == ("הקוד ••••", turn.revision)
    assert (said.turn.text, said.turn.heard.outcome) == ("אמרת ••••", Outcome.INTERRUPTED)
    assert [(one["kind"], one.get("text")) for one in log.updates] == [
        ("value", None), ("turn", "הקוד ••••"), ("answer", "אמרת ••••"),
    ]  # fmt: skip
    assert log.updates[-1]["playing"]
    log.revised(turn.revised("הקוד הוא 1234"))
    assert log.records[-1].turn.heard_text == "הקוד הוא ••••"
    assert "1234" not in str([one for one in log.records if one is not value])


def test_a_known_secret_is_not_on_the_wall_while_it_is_said_again(log):
    log.keep("code", "1234", secret=True)
    for text in ("שוב 12", "שוב 1234"):
        log.partial(Partial(2, text))
    assert [one["text"] for one in log.updates if one["kind"] == "partial"] == ["שוב ••", "שוב ••••"]


def test_words_that_are_not_kept_are_shown_live_and_never_stored():
    log = Log(Keeps(words=False))
    (start, *_, noted) = log.begun_with
    assert start.keeps == {"words": False}
    assert isinstance(noted, EventNoted) and noted.code == "words_not_kept"
    log.revised(Turn(1, 0, 900, "שלום", Source.FINAL))
    log.answered(ANSWER)
    log.resumed(ANSWER, "MZ1")
    log.keep("city", "חיפה")
    log.partial(Partial(1, "שלום"))
    turns = [record.turn for record in log.records]
    assert [turn.text for turn in turns] == ["", "", ""] and [turn.heard.text for turn in turns[1:]] == ["", ""]
    assert not any(isinstance(record, ValueSaved) for record in log.records)
    shown = [update.get("text") or update.get("value") for update in log.updates]
    assert shown == ["שלום", "כן, בבקשה", "כן, בבקשה", "חיפה", "שלום"]


def test_an_identity_number_reaches_neither_a_row_nor_the_wall():
    log = Log(Keeps())
    log.partial(Partial(1, "תעודה 123456782"))
    log.revised(Turn(1, 0, 900, "תעודה 123456782", Source.FINAL))
    (record,) = log.records
    assert isinstance(record, TurnSaved) and record.turn.text == "תעודה •••••••••"
    assert [update["text"] for update in log.updates] == ["תעודה •••••••••"] * 2


def test_a_turns_stages_are_counted_as_far_as_they_were_measured(log, monkeypatch):
    monkeypatch.setattr(log._services, "loop_lag", SimpleNamespace(p95_ms=1.0), raising=False)

    def counted(stage):
        return metrics.TURN_STAGES.labels(stage)._sum.get()

    partial, final = counted("partial"), counted("final")
    log.accepted(Turn(1, 0, 900, "שלום", Source.FINAL, final_ms=700))
    assert (counted("partial"), counted("final")) == (partial, pytest.approx(final + 0.7))


def test_alarms_are_told_of_each_answer_but_for_one_that_a_limit_of_the_call_ended(log):
    for code in ("", "voice_raised", "too_many_turns", "cost_ceiling"):
        log.answer_ended(code)
    assert log.alarmed == [("+97235550100", False), ("+97235550100", True)]
    session = SimpleNamespace(
        audio=SimpleNamespace(received=SimpleNamespace(frames=1, lost=0, delays=SimpleNamespace(summary=dict))),
        speech_ms=0,
        counters={},
    )
    log.ended(session, "stop", streams=Billed(), one_shots=Billed())
    assert log.records[-1].answers_failed == 3
