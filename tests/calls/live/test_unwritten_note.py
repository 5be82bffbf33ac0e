"""What the disk does not take is noted once, also of a call that is over."""

import asyncio
import threading

from calls.core.actions import Note
from calls.live.unwritten_note import UnwrittenNote


async def test_it_is_noted_once_on_the_loop_whichever_thread_says_so():
    noted = asyncio.Queue()
    note = UnwrittenNote(asyncio.get_running_loop(), lambda one: noted.put_nowait((one, threading.get_ident())))
    for _ in range(2):
        await asyncio.to_thread(note, "No space left on device")
    assert await noted.get() == (Note("recording_unwritten", "No space left on device"), threading.get_ident())
    assert noted.empty()


def test_where_the_loop_has_ended_nothing_is_noted_and_nothing_is_raised():
    loop, noted = asyncio.new_event_loop(), []
    loop.close()
    UnwrittenNote(loop, noted.append)("No space left on device")
    assert noted == []
