from calls.reply.hands import AgentCall
from calls.reply.settings import AnswerSettings


def test_a_calls_first_stream_greets_and_lets_the_responder_open():
    call = AgentCall("CA1", "MZ1", "", "", AnswerSettings(), 5001)
    assert call.greets and call.opens


def test_a_turn_of_an_earlier_stream_is_not_its_own():
    second = AgentCall("CA1", "MZ2", "", "", AnswerSettings(), 15_001)
    assert [second.is_own(number) for number in (7, 9_001, 10_001, 14_000)] == [False, False, True, True]
