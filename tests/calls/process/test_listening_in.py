"""Who listens in, and how the process that runs the call hears of it."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from calls.process.listening_in import MOST_OF_CALL, MOST_OF_PROCESS, ListeningIn, group_of


class Notices:
    def __init__(self):
        self.words = []

    async def tell(self, word):
        self.words.append(word)


def running(call_sid):
    asked = asyncio.Event()
    return SimpleNamespace(call_sid=call_sid, loop=asyncio.get_running_loop(), listen_in=asked.set, asked=asked)


async def test_a_call_is_asked_here_and_every_other_process_is_told():
    mine, other, notices = running("CA1"), running("CA2"), Notices()
    await ListeningIn([mine, other], notices).ask("CA1")
    await asyncio.wait_for(mine.asked.wait(), 5)
    assert not other.asked.is_set()
    assert [json.loads(word) for word in notices.words] == [{"listen": "CA1"}]


async def test_another_processs_asking_reaches_the_call():
    mine = running("CA1")
    ListeningIn([mine], Notices()).heard(b'{"listen": "CA1"}')
    await asyncio.wait_for(mine.asked.wait(), 5)


@pytest.mark.parametrize("word", [b"", b"no json", b"[]", b'{"replaced": []}', b'{"listen": null}', b"\xff"])
async def test_other_words_are_passed_over(word):
    mine = running("CA1")
    ListeningIn([mine], Notices()).heard(word)
    await asyncio.sleep(0)
    assert not mine.asked.is_set()


async def test_a_call_whose_loop_has_ended_is_passed_over():
    loop = asyncio.new_event_loop()
    loop.close()
    ListeningIn([SimpleNamespace(call_sid="CA1", loop=loop, listen_in=None)], Notices()).heard(b'{"listen": "CA1"}')


def test_listeners_are_bounded_by_call_and_by_process():
    listening = ListeningIn([], Notices())
    assert [listening.begin("CA1") for _ in range(MOST_OF_CALL + 1)] == [*[True] * MOST_OF_CALL, False]
    listening.end("CA1")
    assert listening.begin("CA1")
    others = [listening.begin(f"CB{number}") for number in range(MOST_OF_PROCESS)]
    assert others.count(True) == MOST_OF_PROCESS - MOST_OF_CALL


def test_a_group_has_a_name_that_every_layer_takes():
    assert group_of("CA1") != group_of("CA2")
    name = group_of("שלום /\n" * 50)
    assert name.isascii() and len(name) < 100 and name.replace(".", "").isalnum()
