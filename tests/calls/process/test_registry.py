"""The calls that a process runs."""

import asyncio
from types import SimpleNamespace

from calls.process.registry import CallRegistry, replacing


def call(call_sid, stream_sid=""):
    ends = []
    return SimpleNamespace(
        call_sid=call_sid,
        stream_sid=stream_sid,
        recognition_status="streaming",
        loop=asyncio.get_running_loop(),
        replace=lambda: ends.append("replaced"),
        ends=ends,
    )


def running(registry, *calls):
    gate = asyncio.Event()
    for one in calls:
        registry.add(asyncio.get_running_loop().create_task(gate.wait()), one)
    return gate


async def test_a_call_is_known_until_its_pump_ends():
    registry = CallRegistry()
    one = call("CA1")
    gate = running(registry, one)
    assert (list(registry), len(registry), registry.recognition_statuses()) == ([one], 1, ["streaming"])
    gate.set()
    await asyncio.wait(registry.pumps)
    await asyncio.sleep(0)
    assert (list(registry), len(registry)) == ([], 0)


async def test_of_two_streams_of_a_call_the_older_one_is_told():
    registry = CallRegistry()
    older, newer, other = call("CA1"), call("CA1"), call("CA2")
    gate = running(registry, older, newer, other)
    registry.replace_older(newer)
    assert (older.ends, newer.ends, other.ends) == (["replaced"], [], [])
    gate.set()


async def test_another_process_names_the_streams_that_are_older():
    registry = CallRegistry()
    begun, not_begun = call("CA1", "MZ1"), call("CA1")
    gate = running(registry, begun, not_begun)
    for word in (b"", b"[]", b"{}", b'{"replaced": 1}', replacing(["MZother", ""])):
        registry.replaced_elsewhere(word)
    await asyncio.sleep(0)
    assert begun.ends == not_begun.ends == []
    registry.replaced_elsewhere(replacing(["MZ0", "MZ1"]))
    await asyncio.sleep(0)
    assert (begun.ends, not_begun.ends) == (["replaced"], [])
    gate.set()
