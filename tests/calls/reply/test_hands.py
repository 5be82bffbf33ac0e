from calls.reply.hands import AgentCall
from calls.reply.settings import AnswerSettings


def test_a_calls_first_stream_greets_and_lets_the_responder_open():
    call = AgentCall("CA1", "MZ1", "", "", AnswerSettings(), 5001)
    assert call.greets and call.opens
