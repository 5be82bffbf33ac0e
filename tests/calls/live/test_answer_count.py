"""Answers as /metrics counts them."""

import pytest

from calls.core.agent_turns import AgentTurn, AnswerTimes, Outcome, PlayedPart
from calls.live.answer_count import AnswerCount
from tests.counters import counted
from voiceapp.runtime import metrics


def answer(number=5001, outcome=Outcome.PLAYED, **values):
    return AgentTurn(number, 0, 0, "כן", PlayedPart("כן", 9, outcome), **values)


def observed(stage):
    (metric,) = metrics.ANSWER_STAGES.collect()
    found = {one.name.rpartition("_")[2]: one.value for one in metric.samples if one.labels == {"stage": stage}}
    return found.get("count", 0), found.get("sum", 0)


def test_an_answer_is_counted_once_by_what_became_of_it_in_the_end():
    count = AnswerCount()
    before = [counted(metrics.ANSWERS.labels(outcome)) for outcome in Outcome]
    assert [count.note(answer()), count.note(answer(outcome=Outcome.INTERRUPTED)), count.note(answer(5002))] == [
        *(True, False, True)
    ]
    assert [counted(metrics.ANSWERS.labels(outcome)) for outcome in Outcome] == before
    count.count()
    count.count()
    after = [counted(metrics.ANSWERS.labels(outcome)) - old for outcome, old in zip(Outcome, before, strict=True)]
    assert after == [1, 1, 0, 0, 0]


def test_answers_that_failed_are_counted_by_their_codes():
    count, failed = AnswerCount(), metrics.ANSWERS_FAILED.labels("voice_slow")
    before = counted(failed)
    for code in ("voice_slow", "", "voice_slow", "responder_slow"):
        count.ended(code)
    assert (count.failed, counted(failed) - before) == (3, 2)


def test_what_nobody_measured_is_no_stage():
    before = observed("responder"), observed("voice")
    AnswerCount().note(answer(times=AnswerTimes("open", 400, -700, 750, 1150)))
    assert (observed("responder"), observed("voice")) == before


def test_stages_and_withdrawals_are_those_of_its_first_sound():
    count = AnswerCount()
    before = {stage: observed(stage) for stage in ("floor", "responder", "voice", "first", "total")}
    withdrawn = counted(metrics.ANSWERS_WITHDRAWN)
    times = AnswerTimes("open", floor_ms=1000, prepared_ms=-40, first_audio_ms=50, text_ms=-30)
    for _ in range(3):
        count.note(answer(times=times, withdrawals=2))
    seen = {stage: observed(stage)[0] - before[stage][0] for stage in before}
    assert seen == {"floor": 1, "responder": 1, "voice": 1, "first": 1, "total": 0}
    took_s = [observed(stage)[1] - before[stage][1] for stage in ("floor", "responder", "voice")]
    assert took_s == pytest.approx([1.0, 0.03, 0.01])
    assert counted(metrics.ANSWERS_WITHDRAWN) == withdrawn + 2
