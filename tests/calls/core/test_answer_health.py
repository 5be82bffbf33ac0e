"""When a line's answers are in trouble, and when they are well again."""

import pytest

from calls.core.answer_health import LAST_ANSWERS, AnswerHealth
from calls.core.line_health import CLEAR_AFTER_S, Verdict

LINE = "+1"


def after(answers, health=None, *, later_s=0.0):
    """What is said behind these answers of a line, "F" one that failed, a second apart."""
    health = health or AnswerHealth()
    for second, answer in enumerate(answers):
        health.ended(LINE, failed=answer == "F", now_s=float(second))
    return health.verdicts(len(answers) - 1 + later_s)[LINE]


@pytest.mark.parametrize("answers", ["FF", "OFF", "OFOF", "OOOOOOOOFFFFF"])
def test_answers_of_which_half_fail_are_trouble(answers):
    assert after(answers) is Verdict.TROUBLED


@pytest.mark.parametrize("answers", ["F", "OF", "OOOOFF", "OOOOOOOOOFOOOOOOOOOF"])
def test_one_failure_and_one_among_many_alarm_nobody(answers):
    assert after(answers) is Verdict.UNKNOWN


def test_that_nobody_is_answered_any_more_is_no_recovery():
    assert after("FF", later_s=10 * CLEAR_AFTER_S) is Verdict.UNKNOWN
    assert after("OOOOF", later_s=10 * CLEAR_AFTER_S) is Verdict.UNKNOWN


def test_a_line_is_well_when_most_of_its_answers_are_and_none_fails_for_a_while():
    assert after("FFOOO") is Verdict.UNKNOWN
    assert after("FFOOO", later_s=CLEAR_AFTER_S) is Verdict.WELL
    assert after("FFOO", later_s=CLEAR_AFTER_S) is Verdict.UNKNOWN
    assert after("F" * LAST_ANSWERS + "O" * 6, later_s=CLEAR_AFTER_S) is Verdict.WELL


def test_each_line_for_itself():
    health = AnswerHealth()
    for _ in range(2):
        health.ended("+1", failed=True, now_s=0.0)
        health.ended("+2", failed=False, now_s=0.0)
    assert health.verdicts(1.0) == {"+1": Verdict.TROUBLED, "+2": Verdict.WELL}
    assert AnswerHealth().verdicts(1.0) == {}
