"""What processes know of a call before its rows say so."""

import asyncio
import itertools
import json
import secrets
import threading

import pytest

from calls.process import shared_state
from calls.process.change_notices import ChangeNotices
from calls.process.shared_state import Known, SharedState
from tests.calls.process.test_change_notices import redis_url  # noqa: F401 - a fixture

SID = "CA1"


NO_REDIS = ["redis://127.0.0.1:1/0", "localhost:6379", "redis://127.0.0.1:abc/0"]
"""Nobody listens there; and two that are no addresses."""


@pytest.fixture
def call_sid():
    return "CA" + secrets.token_hex(16)


@pytest.fixture
def through_redis(settings, redis_url):  # noqa: F811
    settings.REDIS_URL = redis_url


def test_an_end_is_of_the_stream_that_it_was_chosen_for():
    known = Known({"MZ1": 1000, "MZ2": 2000}, {"MZ1": "silent_line"})
    assert (known.first_ms, known.newest, known.our_end_reason) == (1000, (2000, "MZ2"), "")
    assert Known({"MZ1": 1000}, {"MZ1": "silent_line"}).our_end_reason == "silent_line"
    assert Known({"MZ1": 1000}, {"MZ1": "replaced"}).our_end_reason == ""
    assert Known().our_end_reason == ""


async def test_without_redis_a_process_knows_its_own_calls(settings):
    settings.REDIS_URL = ""
    here = SharedState()
    assert await here.began(SID, "MZ1", 1000) == []
    assert not await here.end_chosen(SID, "MZ1", "too_long")
    assert here.read(SID) == here.here(SID) == Known({"MZ1": 1000}, {"MZ1": "too_long"})


async def test_a_process_forgets_its_oldest_calls(settings, monkeypatch):
    settings.REDIS_URL = ""
    monkeypatch.setattr(shared_state, "MOST_CALLS", 2)
    here = SharedState()
    for number in range(3):
        await here.began(f"CA{number}", "MZ", 1)
    assert [here.here(f"CA{number}").first_ms for number in range(3)] == [None, 1, 1]


async def test_through_redis_every_process_knows_the_end_that_one_chose(through_redis, call_sid):
    here, there = SharedState(), SharedState()
    await here.began(call_sid, "MZ1", 1000, "+97235550100")
    assert await here.end_chosen(call_sid, "MZ1", "silent_line")
    assert (await asyncio.to_thread(there.read, call_sid)).line == "+97235550100"
    assert (await asyncio.to_thread(there.read, call_sid)).our_end_reason
    assert there.here(call_sid) == Known()
    assert (await there.ask(call_sid)).first_ms == 1000


def assert_one_order(processes, older):
    """Each pair of streams is told once which is the older; a process's own are in the order in which they began."""
    assert sorted(len(sids) for sids in older) == list(range(len(older)))
    for first, second in itertools.combinations(range(len(older)), 2):
        assert (f"MZ{first}" in older[second]) != (f"MZ{second}" in older[first])
        if processes[first] is processes[second]:
            assert f"MZ{first}" in older[second]


@pytest.mark.parametrize("streams", [2, 5])
@pytest.mark.parametrize("of", [1, 2, 5])
async def test_streams_that_begin_at_once_have_one_order_in_redis(through_redis, call_sid, streams, of):
    owners = [SharedState() for _ in range(of)]
    processes = [owners[number % of] for number in range(streams)]
    for again in range(20):
        sid = f"{call_sid}{again}"
        older = await asyncio.gather(*(one.began(sid, f"MZ{n}", 1000) for n, one in enumerate(processes)))
        assert_one_order(processes, older)


class SlowRedis:
    """Takes and answers what is asked of it in a given order, as far as it has been asked."""

    def __init__(self, applied, answered):
        self._order = {("apply", sid): at for at, sid in enumerate(applied)}
        self._order |= {("answer", sid): at for at, sid in enumerate(answered)}
        self._facts, self._waiting = {}, {}

    def from_url(self, *_, **__):
        return SlowConnection(self)

    async def exchange(self, name, value):
        await self._turn("apply", name)
        self._facts[name] = value
        facts = dict(self._facts)
        await self._turn("answer", name)
        return facts

    async def _turn(self, phase, name):
        self._waiting[phase, name] = asyncio.get_running_loop().create_future()
        await self._waiting[phase, name]

    async def serve(self, tasks):
        while not all(task.done() for task in tasks):
            for _ in range(10):  # whoever can go on, goes on
                await asyncio.sleep(0)
            if self._waiting:
                self._waiting.pop(min(self._waiting, key=self._order.__getitem__)).set_result(None)


class SlowConnection:
    def __init__(self, server):
        self._server = server

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    def pipeline(self, **_):
        return self

    def hset(self, _key, name, value):
        self._fact = name, value

    def expire(self, *_):
        pass

    def hgetall(self, _key):
        pass

    async def execute(self):
        return [1, True, await self._server.exchange(*self._fact)]


@pytest.mark.parametrize("streams", [2, 5])
@pytest.mark.parametrize("of", [1, 2])
async def test_streams_have_one_order_however_redis_takes_and_answers_them(settings, monkeypatch, streams, of):
    settings.REDIS_URL = "redis://fake"
    names = [f"began:MZ{number}" for number in range(streams)]
    for applied in itertools.permutations(names):
        for answered in {applied, applied[::-1], tuple(names), tuple(names[::-1])}:
            server = SlowRedis(applied, answered)
            monkeypatch.setattr(shared_state.redis_asyncio, "from_url", server.from_url)
            owners = [SharedState() for _ in range(of)]
            processes = [owners[number % of] for number in range(streams)]
            tasks = [asyncio.create_task(one.began(SID, f"MZ{n}", 1000)) for n, one in enumerate(processes)]
            await server.serve(tasks)
            assert_one_order(processes, [task.result() for task in tasks])


@pytest.mark.parametrize("url", NO_REDIS)
async def test_a_redis_that_is_away_is_asked_once_and_the_process_goes_by_what_it_knows(settings, caplog, url):
    settings.REDIS_URL = url
    here = SharedState()
    assert await here.began(SID, "MZ1", 1000) == []
    assert await here.ask(SID) is None
    assert (await asyncio.to_thread(here.read, SID)).first_ms == 1000
    assert caplog.text.count("Redis is away") == 1


async def test_a_second_stream_is_announced_to_every_process_and_is_no_change(through_redis, redis_url):  # noqa: F811
    here, there = ChangeNotices(redis_url), ChangeNotices(redis_url)
    heard, told, changed = [], threading.Event(), threading.Event()
    there.listeners.append(lambda word: (heard.append(json.loads(word)), told.set()))
    await asyncio.to_thread(there.wait, 2)  # it listens from now on

    def wait():
        there.wait(30)
        changed.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    # Subscribing is not answered for: it is said until it is heard.
    while not told.is_set():
        await here.tell(b'{"stream": 1}')
        await asyncio.to_thread(told.wait, 0.1)
    assert heard[0] == {"stream": 1}
    assert not changed.is_set()
    await asyncio.to_thread(here.announce)
    assert await asyncio.to_thread(changed.wait, 10)
    waiting.join()


@pytest.mark.parametrize("url", NO_REDIS)
async def test_without_a_redis_a_change_is_told_to_this_process(url):
    changes = ChangeNotices(url)
    await changes.tell(b"word")
    await asyncio.to_thread(changes.announce)
    await asyncio.wait_for(asyncio.to_thread(changes.wait, 60), 10)
