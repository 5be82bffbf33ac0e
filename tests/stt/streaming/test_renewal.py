"""The new stream's events wait behind the old one's last word."""

import asyncio

from stt.events import Final, Interim, StreamClosed, StreamOpened, StreamRenewed, Word
from stt.streaming.renewal import MAX_OLD_STREAM_S, Renewal
from stt.streaming.stream import Stream
from stt.streaming.timers import Timers
from tests.virtual import in_virtual_time

FINAL = Final((Word("a"),), None)


class Recognizer:
    finished = closed = False

    def finish(self):
        self.finished = True

    def close(self):
        self.closed = True


class Call:
    def __init__(self):
        self.timers = Timers()
        self.events = []
        self.renewal = Renewal(self.events.append, self.timers)
        self.old = Stream(0, 1, 0.0)
        self.recognizer = self.old.recognizer = Recognizer()
        self.renewal.begin(self.old, 500)


def virtual(scenario):
    async def run():
        await scenario(Call())

    in_virtual_time(run())


def test_the_old_stream_is_half_closed_at_a_border():
    async def scenario(call):
        assert call.recognizer.finished
        assert call.events == [StreamRenewed(0, 500)]

    virtual(scenario)


def test_the_new_ones_events_follow_its_last_word():
    async def scenario(call):
        call.renewal.say(StreamOpened(1, 1))
        call.renewal.on_event(call.old, FINAL)
        call.renewal.say(Interim(("b",), None, stream=1))
        call.renewal.on_event(call.old, StreamClosed(0))
        call.renewal.say(Interim(("c",), None, stream=1))
        assert call.events[1:] == [
            FINAL,
            StreamClosed(0),
            StreamOpened(1, 1),
            Interim(("b",), None, stream=1),
            Interim(("c",), None, stream=1),
        ]
        assert call.renewal.old is None
        assert call.old.recognizer is None
        assert not call.timers.running

    virtual(scenario)


def test_its_interims_would_say_what_the_new_one_will_say():
    async def scenario(call):
        call.renewal.on_event(call.old, Interim(("a",), 100))
        assert len(call.events) == 1

    virtual(scenario)


def test_one_that_says_no_last_word_is_given_up():
    async def scenario(call):
        call.renewal.say(StreamOpened(1, 1))
        await asyncio.sleep(MAX_OLD_STREAM_S - 0.1)
        assert len(call.events) == 1
        await asyncio.sleep(0.2)
        (closed, opened) = call.events[1:]
        assert (closed.stream, closed.error.code, opened) == (0, "renewal_timeout", StreamOpened(1, 1))
        assert call.recognizer.closed
        assert call.renewal.old is None

    virtual(scenario)


def test_the_border_moves_until_a_final_has_settled_it():
    async def scenario(call):
        call.renewal.move_border(400)
        call.renewal.on_event(call.old, FINAL)
        call.renewal.move_border(300)
        assert call.events == [StreamRenewed(0, 500), StreamRenewed(0, 400), FINAL]

    virtual(scenario)


def test_closing_ends_it_without_a_word():
    async def scenario(call):
        call.renewal.close()
        call.renewal.close()
        assert call.recognizer.closed
        assert call.events == [StreamRenewed(0, 500)]

    virtual(scenario)
