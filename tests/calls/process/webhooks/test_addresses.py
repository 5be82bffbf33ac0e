"""Webhooks go out to the world, and nowhere near."""

from ipaddress import ip_network

import pytest

from calls.process.webhooks.addresses import AddressRefused, refuse, refuse_name

NEAR = (
    "127.0.0.1", "0.0.0.0",  # noqa: S104 - refused
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
    "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a01:203::1", "fec0::1", "5f00::1", "4000::1", "3fff::1", "192.88.99.1", "64:ff9b::c058:6301",
)  # fmt: skip
WORLD = ("8.8.8.8", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", NEAR)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(AddressRefused):
        refuse(address, ())


@pytest.mark.parametrize("address", WORLD)
def test_a_public_one_is_taken_but_not_without_tls(address):
    refuse(address, ())
    with pytest.raises(AddressRefused):
        refuse(address, (), is_plain=True)


def test_a_network_that_the_owner_names_is_taken_also_without_tls():
    own = [ip_network("10.1.0.0/16")]
    refuse("10.1.2.3", own, is_plain=True)
    refuse("::ffff:10.1.2.3", own)
    for address in ("10.2.0.1", "127.0.0.1"):
        with pytest.raises(AddressRefused):
            refuse(address, own)


@pytest.mark.parametrize(
    "host",
    [
        "xn--.com", "xn--a.com", "a..b", ".a", "a..", ".", "-a.com", "a-.com", "a*b.com", "256.1.1.1", "127.1",
        "0x7f.1", "2130706433", "a.1", "a" * 64 + ".com", ".".join(["a" * 50] * 6),
    ],
)  # fmt: skip
def test_what_is_no_hosts_name_is_refused(host):
    with pytest.raises(AddressRefused):
        refuse_name(host)


@pytest.mark.parametrize(
    "host",
    [
        "crm.example.org", "crm.example.org.", "my_service", "a--b.com", "1.example.org", "9.co",
        "xn--4dbrk0ce.co.il", "xn--strae-oqa.de", "xn--i-7iq.ws", "XN--4DBRK0CE.co.il", "a" * 63 + ".com",
    ],
)  # fmt: skip
def test_a_hosts_name_is_taken(host):
    refuse_name(host)


@pytest.mark.parametrize("host", ["LOCALHOST.", "crm.localhost"])
def test_this_machine_has_a_name_that_nobody_needs_to_resolve(host):
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        refuse_name(host)
    refuse_name(host, [ip_network("127.0.0.0/8")])
