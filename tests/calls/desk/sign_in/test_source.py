"""Whose address it is that fails: the caller's own, and never one that somebody only claims."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from calls.desk.sign_in.source import source_of


@pytest.fixture(autouse=True)
def proxies(settings):
    settings.PROXY_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


def source(peer, **headers):
    return source_of(RequestFactory().post("/admin/login/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "::ffff:127.0.0.1", ""])
def test_a_proxy_of_ours_says_who_it_is(proxy):
    assert source(proxy, **{"X-Real-IP": "203.0.113.9"}) == "203.0.113.9"


def test_nobody_else_is_believed():
    assert source("198.51.100.7", **{"X-Real-IP": "203.0.113.9", "X-Forwarded-For": "203.0.113.9"}) == "198.51.100.7"


@pytest.mark.parametrize("odd", ["", "localhost", "203.0.113.9, 127.0.0.1", "9" * 5000, "²"])
def test_a_proxy_that_says_nothing_useful_is_the_source(odd):
    assert source("127.0.0.1", **{"X-Real-IP": odd}) == "127.0.0.1"
    assert source("", **{"X-Real-IP": odd}) is None


def test_who_has_one_address_of_ipv6_has_its_network():
    first, second = (source("127.0.0.1", **{"X-Real-IP": f"2001:db8:1:2::{host}"}) for host in ("1", "ffff:1"))
    assert first == second == "2001:db8:1:2::"
    assert source("127.0.0.1", **{"X-Real-IP": "::ffff:203.0.113.9"}) == "203.0.113.9"
