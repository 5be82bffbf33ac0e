import pytest

from calls.reply.limits import over_limit
from calls.reply.settings import AnswerLimits


@pytest.mark.parametrize(
    ("limits", "so_far", "code"),
    [
        (AnswerLimits(), (59, 1_799_999, 99.0), ""),
        (AnswerLimits(), (60, 0, 0.0), "too_many_turns"),
        (AnswerLimits(), (0, 1_800_000, 0.0), "too_many_turns"),
        (AnswerLimits(cost=0.5), (0, 0, 0.49), ""),
        (AnswerLimits(cost=0.5), (0, 0, 0.5), "cost_ceiling"),
    ],
)
def test_a_call_has_limits(limits, so_far, code):
    answers, answered_ms, cost = so_far
    assert over_limit(limits, answers=answers, answered_ms=answered_ms, cost=cost) == code
