"""An answer that breaks off is no answer that has ended."""

import pytest

from tests.voiceapp.daphne import Connection, turns


async def received(scope, receive, send):
    """An application that answers with the length of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d bytes" % length})


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
