"""What a second of the line's sound costs on its way out, step by step:
``python -m pytest benchmarks/test_spoken_path.py --benchmark-enable``

Each figure is a second's time in a warm loop: five media messages and a mark. script/test runs each once and times
nothing.
"""

import asyncio
from itertools import count

from channels.generic.websocket import AsyncWebsocketConsumer

from calls.core.messages import mark_message, media_message
from calls.reply.playback import Playback, SendMark, SendSound
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS
from tests.voiceapp.server.test_websocket import Line
from voiceapp.server.websocket import Socket, SocketServer

LEAD_MS = 600
STREAM_SID = "MZ" + "0" * 32
SECOND = bytes(range(256)) * 32
assert len(SECOND) > 1000 * BYTES_PER_MS


def due_in_a_second(playback, begins_ms):
    """Asked as a call asks: at each of its deadlines."""
    sends, now_ms = [], begins_ms
    playback.begin(1)
    playback.add(SpokenPiece.of("רשמתי, תודה.", SECOND[: 1000 * BYTES_PER_MS]))
    playback.close()
    while not playback.is_over:
        sends += playback.due(now_ms)
        for one in sends:
            if isinstance(one, SendMark):
                playback.mark(one.name, now_ms)
        playback.clock.take_played(now_ms)
        now_ms = playback.next_deadline_ms(now_ms) or now_ms
    return sends


def messages():
    sends = due_in_a_second(Playback(LEAD_MS), 0.0)
    assert [type(one) for one in sends] == [SendSound] * 5 + [SendMark]
    return [media_message(STREAM_SID, one.ulaw) for one in sends[:5]] + [mark_message(STREAM_SID, sends[5].name)]


def test_pacing(benchmark):
    playback, seconds = Playback(LEAD_MS), count(0, 1000)
    benchmark(lambda: due_in_a_second(playback, float(next(seconds))))


def test_messages(benchmark):
    pieces = [SECOND[200 * BYTES_PER_MS * i :][: 200 * BYTES_PER_MS] for i in range(5)]

    def make():
        for ulaw in pieces:
            media_message(STREAM_SID, ulaw)
        mark_message(STREAM_SID, "a1.1.1")

    benchmark(make)


def test_the_socket(benchmark):
    """A text to bytes on the transport: Channels' send, daphne's reply, the frame."""

    async def run():
        line = Line(Socket)
        # Without its start, which would take the reactor.
        server = SocketServer.__new__(SocketServer)
        server.connections = {line.protocol: {}}
        consumer = AsyncWebsocketConsumer()
        consumer.base_send = lambda message: server.handle_reply(line.protocol, message)
        texts = messages()

        def send():
            line.transport.clear()
            for text in texts:
                try:
                    # Nothing on the way waits: it is stepped as a task would.
                    consumer.send(text).send(None)
                except StopIteration:
                    continue
                raise AssertionError("it waits")

        benchmark(send)
        assert line.transport.value().count(b'"event"') == len(texts)

    asyncio.run(run())
