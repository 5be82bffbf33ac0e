"""Connections with room for so many streams, of each loop its own."""

import asyncio
from contextlib import ExitStack

import pytest

from voiceapp.runtime.client_pool import ClientPool


def pool_of(max_streams=2):
    made = []

    def make():
        made.append(object())
        return made[-1]

    return ClientPool(make, max_streams), made


def test_a_connection_takes_so_many_streams_and_the_next_one_has_another():
    async def scenario():
        pool, made = pool_of()
        with ExitStack() as streams:
            clients = [streams.enter_context(pool.client()) for _ in range(5)]
        assert [made.index(client) for client in clients] == [0, 0, 1, 1, 2]
        with pool.client() as client:
            assert client is made[0]

    asyncio.run(scenario())


def test_a_stream_that_fails_gives_its_place_back():
    async def scenario():
        pool, made = pool_of(max_streams=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), pool.client():
                raise ZeroDivisionError
        assert len(made) == 1

    asyncio.run(scenario())


def test_each_loop_has_its_own_and_closes_its_own():
    pool, made = pool_of()

    async def scenario():
        with pool.client() as client:
            pass
        return client, pool.take_all(), pool.take_all()

    assert [asyncio.run(scenario()) for _ in range(2)] == [(client, [client], []) for client in made]
    assert len(made) == 2
