from calls.reply.responders.catalogue import ENTRIES
from calls.reply.settings import AnswerSettings


def test_a_new_line_only_transcribes():
    assert AnswerSettings().responder == "silent" == ENTRIES[0].name


def test_a_call_is_bounded_unless_its_line_says_otherwise():
    limits = AnswerSettings().limits
    assert (limits.agent_turns, limits.answered_s, limits.cost) == (60, 1800, None)
