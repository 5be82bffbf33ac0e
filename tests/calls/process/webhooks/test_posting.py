"""One POST: bounded, led on by nobody, to the address that was looked at."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import pytest

from calls.process.webhooks import posting
from calls.process.webhooks.posting import Answered, Post, asked_to_wait_s, post
from tests.calls.process.webhooks.receiver import receiving

OWN = [ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


async def posted(url, networks=OWN):
    return await post(Post(url, '{"words": "שלום"}'.encode(), {"webhook-id": "msg_1"}, networks))


async def test_what_is_sent_arrives_with_its_headers(receiver):
    assert await posted(receiver.url) == Answered(status=204)
    ((headers, body),) = receiver.taken
    assert body.decode() == '{"words": "שלום"}'
    assert (headers["content-type"], headers["webhook-id"]) == ("application/json", "msg_1")
    assert headers["user-agent"] == posting.AGENT


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
async def test_a_refusal_is_told_with_its_status(receiver, status):
    receiver.answers = [status]
    assert await posted(receiver.url) == Answered("http_status", status)


async def test_a_receiver_may_ask_to_be_left_alone_for_an_hour_at_most(receiver):
    def busy(after):
        def answer(handler):
            handler.send_response(429)
            handler.send_header("Retry-After", after)
            handler.end_headers()

        return answer

    receiver.answers = [busy("120"), busy("9" * 18), busy("²")]
    assert [(await posted(receiver.url)).wait_s for _ in range(3)] == [120, 3600, 0]


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("9" * 20, 3600),
        ("9" * 5000, 3600),
        ("0" * 20 + "5", 3600),
        ("-5", 0),
        ("1.5", 0),
        ("", 0),
        ("soon", 0),
        ("Fri, 27 Nov 1998 10:00:00 GMT", 0),
        ("Fri, 27 Nov 9998 10:00:00 GMT", 3600),
        ("Friday, 27-Nov-98 10:00:00 GMT", 0),
        ("Fri, 32 Nov 2026 10:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 3600),
    ],
)
def test_how_long_is_asked_for_is_read_in_seconds_and_as_a_date(said, wait_s):
    assert asked_to_wait_s(said) == wait_s


def test_a_date_says_how_long_from_now():
    in_ten_minutes = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    assert 0 < asked_to_wait_s(in_ten_minutes) <= 600


async def test_a_redirect_is_not_followed(receiver):
    def redirects(handler):
        handler.send_response(307)
        handler.send_header("Location", receiver.url)
        handler.end_headers()

    receiver.answers = [redirects]
    assert await posted(receiver.url) == Answered("redirected", 307)
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("how", ["hangs", "dribbles"])
async def test_a_slow_receiver_is_left(receiver, monkeypatch, how):
    monkeypatch.setattr(posting, "WHOLE_S", 0.2)
    receiver.answers = [getattr(receiver, how)]
    assert (await posted(receiver.url)).code == "timed_out"


async def test_nobody_there_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await posted(f"http://127.0.0.1:{taken.getsockname()[1]}/") == Answered("not_reached")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25lo]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_this_machine_is_not_asked_however_it_is_written(receiver, scheme, host):
    url = receiver.url.replace("http://127.0.0.1", f"{scheme}://{host}")
    assert (await posted(url, ())).code in ("address_refused", "not_reached")
    assert receiver.taken == []


@pytest.mark.parametrize("host", ["[fec0::1]", "xn--.com", "a..b", "-a.com", "a b", "256.1.1.1"])
async def test_a_host_that_is_none_is_refused_before_it_is_resolved(monkeypatch, host):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    assert await posted(f"https://{host}/") == Answered("address_refused")


async def test_what_was_looked_at_is_what_is_connected_to(receiver, monkeypatch):
    """A name that leads elsewhere the second time is asked once."""
    asked = []
    port = receiver.server.server_address[1]

    def resolve(host, *_, **__):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(asked) == 1 else "127.0.0.9", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url, only = f"http://receiver.example.org:{port}/", [ip_network("127.0.0.1/32")]
    assert await posted(url, only) == Answered(status=204)
    assert asked == ["receiver.example.org"]
    ((headers, _),) = receiver.taken
    assert headers["host"] == f"receiver.example.org:{port}"
    assert (
        await posted(f"http://receiver.example.org:{port}/", [ip_network("127.0.0.1/32")])
    ).code == "address_refused"


async def test_an_address_of_the_environment_may_be_anywhere(receiver):
    assert await posted(receiver.url, None) == Answered(status=204)


@pytest.mark.parametrize("url", ["http://", "nonsense", "ftp://example.org/", "http://[::1/", "http://:80/"])
async def test_what_is_no_address_is_not_reached(url):
    assert (await posted(url)).code == "not_reached"
