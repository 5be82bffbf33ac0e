"""Strangers' connections are bounded, and who waits longest makes room."""

from ipaddress import ip_network

import pytest

from voiceapp.server.connection_limits import MAX_OF_PROCESS, MAX_OF_SOURCE, ConnectionLimits

PROXIES = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


class Connection:
    was_turned_out = False

    def __init__(self, is_idle=True):
        self.is_idle = is_idle

    def turn_out(self):
        self.was_turned_out = True


def filled(count, source=lambda number: f"192.0.2.{number // MAX_OF_SOURCE}", is_idle=True):
    limits = ConnectionLimits(PROXIES)
    connections = [Connection(is_idle) for _ in range(count)]
    for number, connection in enumerate(connections):
        assert limits.refusal(source(number)) == ""
        limits.add(connection, source(number))
    return limits, connections


def test_a_source_has_so_many_and_others_have_theirs():
    limits, connections = filled(MAX_OF_SOURCE)
    assert limits.refusal("192.0.2.0") == "source"
    assert limits.refusal("192.0.2.1") == ""
    limits.remove(connections[0])
    limits.remove(connections[0])
    assert limits.refusal("192.0.2.0") == ""


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", ""])
def test_a_proxy_speaks_for_many(proxy):
    limits, _ = filled(MAX_OF_PROCESS - 1, lambda _: proxy)
    assert limits.refusal(proxy) == ""


def test_where_all_are_taken_the_longest_idle_makes_room():
    limits, connections = filled(MAX_OF_PROCESS)
    connections[0].is_idle = False
    assert limits.refusal("198.51.100.1") == ""
    assert [one for one in connections if one.was_turned_out] == [connections[1]]
    assert len(limits) == MAX_OF_PROCESS - 1


def test_where_none_is_idle_one_more_is_refused():
    limits, _ = filled(MAX_OF_PROCESS, is_idle=False)
    assert limits.refusal("198.51.100.1") == "process"


def test_what_has_gone_is_forgotten():
    limits, connections = filled(100)
    for connection in connections:
        limits.remove(connection)
    assert (len(limits), limits._of_source) == (0, {})
