"""A body is bounded before it is kept, and an answer that breaks off is no answer that has ended."""

import pytest
from django.urls import URLResolver

import calls.urls
from tests.voiceapp.daphne import Connection, turns
from voiceapp import urls
from voiceapp.server.http_requests import LINGER_S, MOST_PAGE_BYTES, MOST_WEBHOOK_BYTES, PAGES

PATHS = [("/twilio/voice", MOST_WEBHOOK_BYTES), ("/admin/login/", MOST_PAGE_BYTES)]
DISGUISED = ["http://127.0.0.1/twilio/voice", "//twilio/voice", "/%74wilio/voice", "/x/../twilio/voice", "/", "*"]


async def received(scope, receive, send):
    """An application that answers with the length of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d bytes" % length})


def announced(path, length):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


def chunked(path, length, piece=8192):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    sizes = [min(piece, length - at) for at in range(0, length, piece)]
    return [head, *(b"%x\r\n%s\r\n" % (size, b"b" * size) for size in sizes), b"0\r\n\r\n"]


@pytest.mark.parametrize(("path", "most"), PATHS)
async def test_a_body_as_long_as_may_be_is_handed_on(path, most):
    for request in ([announced(path, most), b"b" * most], chunked(path, most)):
        connection = Connection(received)
        for data in request:
            connection.receives(data)
        assert (await connection.answer()).endswith(b"%d bytes\r\n0\r\n\r\n" % most)


@pytest.mark.parametrize(("path", "most"), PATHS)
async def test_a_longer_one_is_refused_by_its_headers(path, most):
    connection = Connection(received)
    connection.receives(announced(path, most + 1))
    assert connection.transport.value().startswith(b"HTTP/1.1 413 ")
    assert connection.transport.producerState == "paused"
    assert not connection.applications
    assert not connection.was_reset()
    connection.clock.advance(LINGER_S)
    assert connection.was_reset()


@pytest.mark.parametrize(("path", "most"), PATHS)
async def test_one_that_does_not_say_its_length_is_counted_as_it_comes(path, most):
    connection = Connection(received)
    head, *pieces = chunked(path, 4 * most)
    connection.receives(head)
    (request,) = connection.server.connections
    kept = []
    for piece in pieces:
        connection.receives(piece)
        kept.append(request.content.seek(0, 2))
    assert max(kept) <= most
    assert kept[-1] == 0
    assert connection.transport.value().count(b"HTTP/1.1 413 ") == 1
    assert not connection.applications


@pytest.mark.parametrize("path", DISGUISED)
async def test_a_webhook_that_is_written_otherwise_gets_no_higher_bound(path):
    connection = Connection(received)
    connection.receives(announced(path, MOST_WEBHOOK_BYTES + 1))
    assert connection.transport.value().startswith(b"HTTP/1.1 413 ")


def test_every_page_of_ours_may_be_sent_a_form():
    places = [*urls.urlpatterns, *calls.urls.urlpatterns]
    sections = {f"/{one.pattern}".encode() for one in places if isinstance(one, URLResolver)} - {b"/"}
    assert set(PAGES) == sections - {b"/twilio/", b"/api/v1/"}, "webhooks are short, and the interface is only read"


async def test_who_asks_whether_to_send_too_much_is_told_not_to():
    connection = Connection(received)
    connection.receives(announced("/twilio/voice", 10**9).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert connection.transport.value().startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in connection.transport.value()


async def test_a_form_is_not_parsed_on_the_loop(monkeypatch):
    monkeypatch.setattr("twisted.web.http.parse_qs", lambda *_: pytest.fail("twisted parses the form"))
    connection = Connection(received)
    form = b"a=1&" * 1000
    head = announced("/twilio/voice", len(form))
    connection.receives(head.replace(b"Host", b"Content-Type: application/x-www-form-urlencoded\r\nHost") + form)
    assert b"4000 bytes" in await connection.answer()


async def breaks_off(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise FileNotFoundError("deleted while it was read")


async def returns_without_an_end(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def raises_at_once(scope, receive, send):
    raise ValueError("no")


@pytest.mark.parametrize("application", [breaks_off, returns_without_an_end])
async def test_an_answer_that_breaks_off_is_a_reset(application):
    connection = Connection(application)
    connection.receives(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await turns()
    connection.server.application_checker()
    assert connection.transport.value().endswith(b"half\r\n")
    assert connection.was_reset()


async def test_an_application_that_raises_before_its_answer_is_a_500():
    connection = Connection(raises_at_once)
    connection.receives(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await turns()
    connection.server.application_checker()
    assert connection.transport.value().startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize(
    ("header", "status"), [(b"Daphne-Root-Path: \xff", b"200"), (b"Sec-WebSocket-Protocol: \xff", b"400")]
)
async def test_a_header_that_daphne_cannot_read_is_no_traceback(header, status, caplog):
    connection = Connection(received)
    connection.receives(b"GET / HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
    assert (await connection.answer()).startswith(b"HTTP/1.1 " + status)
    assert caplog.records == []


async def test_nobody_outside_says_which_path_we_live_under():
    paths = []

    async def application(scope, receive, send):
        paths.append(scope["root_path"])
        await received(scope, receive, send)

    connection = Connection(application)
    connection.receives(b"GET / HTTP/1.1\r\nHost: x\r\nDaphne-Root-Path: /evil\r\n\r\n")
    await connection.answer()
    assert paths == [""]
