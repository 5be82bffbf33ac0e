"""One stream: audio at the engine's pace, results in media time."""

from stt.events import Final, Interim, StreamClosed, Word
from stt.streaming.stream import MAX_BURST_MS, MAX_PACE, Stream
from tests.fakes import FakeStream

HUNDRED_MS = bytes(800)


class Recognizer(FakeStream):
    """Keeps what it would have delivered."""

    def __init__(self):
        self.said = []
        super().__init__(self.said.append)


def opened():
    stream = Stream(3, 1, 0.0)
    stream.recognizer = Recognizer()
    return stream


def send(stream, hundreds, now_s, from_ms=0):
    for i in range(hundreds):
        stream.send((HUNDRED_MS, from_ms + i * 100), now_s)


def fed_ms(stream):
    return len(stream.recognizer.fed) // 8


def test_a_burst_goes_at_once_and_the_rest_waits():
    stream = opened()
    send(stream, 100, 0.0)
    assert fed_ms(stream) == stream.clock.fed_ms == MAX_BURST_MS + 100
    assert stream.is_behind


def test_the_rest_follows_at_its_pace():
    stream = opened()
    send(stream, 100, 0.0)
    stream.flow(0.5)
    assert fed_ms(stream) == MAX_BURST_MS + MAX_PACE * 500 + 100
    stream.flow(60.0)
    assert (fed_ms(stream), stream.is_behind) == (10_000, False)


def test_what_comes_in_time_is_never_behind():
    stream = opened()
    for i in range(600):
        stream.send((HUNDRED_MS, i * 100), i * 0.1)
        assert not stream.is_behind
    assert fed_ms(stream) == 60_000


def test_audio_waits_for_the_engine():
    stream = Stream(0, 1, 0.0)
    send(stream, 3, 0.0)
    assert stream.is_behind
    stream.recognizer = Recognizer()
    stream.flow(0.0)
    assert fed_ms(stream) == 300


def test_it_is_half_closed_once_it_was_told_everything():
    stream = opened()
    send(stream, 60, 0.0)
    stream.finish(0.0)
    assert not stream.recognizer.finished
    stream.flow(60.0)
    assert stream.recognizer.finished
    assert stream.recognizer.said == [StreamClosed(0)]
    stream.flow(61.0)
    assert len(stream.recognizer.said) == 1


def test_closing_ends_it_and_forgets_what_waited():
    stream = opened()
    recognizer = stream.recognizer
    send(stream, 60, 0.0)
    stream.close()
    assert (recognizer.closed, stream.recognizer, stream.is_behind) == (True, None, False)
    stream.close()


def test_results_are_told_in_media_time_and_by_the_streams_number():
    stream = opened()
    send(stream, 2, 0.0, from_ms=1000)
    assert stream.interim(Interim(("a",), 150, 0.9)) == Interim(("a",), 1150, 0.9, stream=3)
    assert stream.interim(Interim(("a",), None)).end_ms is None
    final = stream.final(Final((Word("a", 0, 50), Word("b")), 200, 0.8))
    assert final == Final((Word("a", 1000, 1050), Word("b")), 1200, 0.8, stream=3)
