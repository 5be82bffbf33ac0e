"""A stream that does not open in time has failed."""

import asyncio

import pytest

from stt.engines.opening_limit import OPEN_WITHIN_S, opened_within
from stt.events import StreamClosed, StreamOpened
from tests.fakes import FakeStream
from tests.virtual import in_virtual_time


@pytest.mark.parametrize(("does", "codes"), [("nothing", ["deadline_exceeded"]), ("opens", []), ("close", [])])
def test_only_one_that_says_nothing_is_ended(does, codes):
    async def run():
        made, events = [], []

        def open_stream(deliver):
            made.append(FakeStream(deliver))
            made[0].close = lambda: setattr(made[0], "closed", True)
            return made[0]

        stream = opened_within(open_stream)(events.append)
        stream.feed(b"x")
        if does == "opens":
            made[0].opens()
        elif does == "close":
            stream.close()
        await asyncio.sleep(OPEN_WITHIN_S + 1)
        assert made[0].fed == b"x"
        assert made[0].closed is (does != "opens")
        assert [event.error.code for event in events if isinstance(event, StreamClosed)] == codes
        assert (StreamOpened(0, 1) in events) is (does == "opens")

    in_virtual_time(run())
