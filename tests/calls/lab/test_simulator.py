"""The simulated Twilio sends what the real one was seen to send."""

import asyncio
import json

import pytest
import websockets

from calls.core.messages import Connected, Media, Start, Stop, parse
from calls.lab.call_report import CallRefused, Line
from calls.lab.simulator import SimulatedCall
from tests.paths import SAMPLES


class Server:
    """The least that a media stream needs: it keeps every message, and says what a test wants said."""

    def __init__(self, says=()):
        self.says = says
        self.messages = []
        self.headers = None
        self.posts = []

    async def run(self, scenario):
        async with websockets.serve(self._socket, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            return await scenario(f"http://127.0.0.1:{self.port}")

    async def _socket(self, connection):
        self.headers = connection.request.headers
        async for text in connection:
            self.messages.append(text)
            if len(self.messages) == 3:
                for message in self.says:
                    await connection.send(json.dumps(message))


def play(server, monkeypatch, **changes):
    async def post(self, path, form):
        server.posts.append((path, form))
        if path == "/twilio/voice":
            url = f"wss://voice.example.org/ws/{'x' * 8}"
            return f'<Response><Connect action="https://voice.example.org/after"><Stream url="{url}">\
<Parameter name="from_number" value="+1"/></Stream></Connect></Response>'
        return "<Response/>"

    monkeypatch.setattr(SimulatedCall, "post", post)

    async def scenario(url):
        line = Line(url, "https://voice.example.org", "token")
        values = {"clips": [SAMPLES / "answers_2.wav"], "lead_s": 0.1, "tail_s": 0.1, "speed": 50, **changes}
        return await SimulatedCall(line, **values).run()

    return asyncio.run(server.run(scenario))


def test_a_call_is_connected_start_frames_and_stop(monkeypatch):
    server = Server()
    report = play(server, monkeypatch)
    kinds = [type(parse(text)) for text in server.messages]
    assert kinds == [Connected, Start, *[Media] * report.frames_sent, Stop]
    assert [path for path, _ in server.posts] == ["/twilio/voice", "/after", "/twilio/stream", "/twilio/status"]
    assert len(report.sent_s) == report.frames_sent


def test_messages_have_the_shape_of_captured_ones(monkeypatch, clips):
    server = Server()
    play(server, monkeypatch)
    captured = {}
    for line in (clips.parent / "twilio" / "capture_a.jsonl").read_text().splitlines():
        captured.setdefault(json.loads(line)["event"], json.loads(line))
    for text in server.messages:
        message = json.loads(text)
        assert _shape(message) == _shape(captured[message["event"]])


def _shape(value, key=""):
    if key == "customParameters":
        return {}
    if isinstance(value, dict):
        return {name: _shape(inner, name) for name, inner in value.items()}
    return type(value).__name__


def test_the_first_timestamp_is_never_zero_and_frames_are_20_ms(monkeypatch):
    server = Server()
    play(server, monkeypatch)
    media = [message for message in map(parse, server.messages) if isinstance(message, Media)]
    assert media[0].at_ms > 0
    assert {len(message.ulaw) for message in media} == {160}
    assert all(abs(b.at_ms - a.at_ms - 20) <= 2 for a, b in zip(media, media[1:], strict=False))


def test_marks_come_back_when_they_are_reached_or_cleared(monkeypatch):
    audio = {"event": "media", "media": {"payload": "f39/" * 2000}}
    server = Server([audio, {"event": "mark", "mark": {"name": "end"}}, {"event": "clear"}])
    report = play(server, monkeypatch, speed=5)
    assert (len(report.clears), report.marks, report.heard_bytes) == (1, ["end"], 6000)


def test_a_handshake_is_signed_and_offers_nothing(monkeypatch):
    server = Server()
    play(server, monkeypatch)
    assert server.headers["X-Twilio-Signature"]
    assert "Sec-WebSocket-Protocol" not in server.headers
    assert "Origin" not in server.headers


def test_twiml_without_a_stream_is_a_refusal(monkeypatch):
    async def post(self, path, form):
        return "<Response><Hangup/></Response>"

    monkeypatch.setattr(SimulatedCall, "post", post)
    call = SimulatedCall(Line("http://127.0.0.1:1", "https://voice.example.org", "t"), [SAMPLES / "answers_2.wav"])
    with pytest.raises(CallRefused, match="no_stream"):
        asyncio.run(call.run())
