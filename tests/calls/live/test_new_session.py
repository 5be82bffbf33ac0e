"""A live call's session knows what its process knows."""

from calls.live.new_session import new_session
from calls.process.services import services
from calls.twilio.stream_tokens import StreamToken
from stt.engines.half_close import FinalChoice
from stt.tuning import Tuning


def test_a_call_asks_what_its_process_knows_of_half_closing_with_its_engine(monkeypatch):
    memory, asked = services().recognition.streaming.half_closing, []
    monkeypatch.setattr(type(memory), "ask", lambda *told: asked.append(told) or FinalChoice.REST)
    line = services().recognition.line(Tuning())
    session = new_session(StreamToken("CA1"), 0, Tuning(), services(), None, line)
    assert not session._stream.policy.hastening.wanted(1000.0)
    assert asked == [(memory, 1000.0, services().recognition.streaming.requests.a_minute(1000.0), 600)]
