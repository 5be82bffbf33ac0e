"""No connection ends the rounds in which the server forgets those that are over."""

from types import SimpleNamespace

import pytest
from daphne.ws_protocol import WebSocketFactory

from tests.voiceapp.daphne import Connection, turns
from tests.voiceapp.server.test_http_requests import breaks_off, received, returns_without_an_end
from tests.voiceapp.server.test_websocket import HANDSHAKE
from voiceapp.runtime import metrics
from voiceapp.server import connection_checks
from voiceapp.server.websocket import Socket, SocketServer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def rounds(monkeypatch):
    """What the reactor was asked to call again."""
    again = []
    monkeypatch.setattr(connection_checks, "reactor", SimpleNamespace(callLater=lambda seconds, do: again.append(do)))
    return again


@pytest.fixture
def server():
    """Of an application that breaks off, and of one that answers."""

    async def application(scope, receive, send):
        await applications.get(scope["path"], received)(scope, receive, send)

    applications = {"/breaks-off": breaks_off, "/returns": returns_without_an_end}
    server = SocketServer(application, endpoints=["tcp:0"])
    server.connections = {}
    return server


async def test_a_broken_answer_does_not_keep_the_server_from_forgetting_the_others(server, rounds, caplog):
    for path in (b"/breaks-off", b"/", b"/returns", b"/"):
        connection = Connection(None, server)
        connection.receives(GET.replace(b"/ ", path + b" "))
    await turns()
    server.application_checker()
    assert rounds == [server.application_checker]
    assert "deleted while it was read" in caplog.text
    # Two have ended; the reset of the others has yet to be noticed.
    assert len(server.connections) == 2
    assert not any("application_instance" in one for one in server.connections.values())
    for protocol in list(server.connections):
        server.protocol_disconnected(protocol)
    server.application_checker()
    assert server.connections == {}


@pytest.mark.parametrize("checked", ["applications", "timeouts"])
async def test_whatever_a_connection_raises_costs_only_itself(server, rounds, monkeypatch, checked):
    raising, other = Connection(None, server), Connection(None, server)
    for connection in (raising, other):
        connection.receives(GET.replace(b"/ ", b"/returns "))
    ends, looked_at = list(server.connections), []

    def fails(*_):
        raise ZeroDivisionError

    name = "handle_exception" if checked == "applications" else "check_timeouts"
    monkeypatch.setattr(ends[0], name, fails)
    monkeypatch.setattr(ends[1], name, lambda *_: looked_at.append(1))
    counter = metrics.CONNECTION_ERRORS.labels(checked)
    before = counter._value.get()
    check = server.application_checker if checked == "applications" else server.timeout_checker
    if checked == "applications":
        await turns()
    check()
    assert rounds == [check]
    assert looked_at == [1]
    assert raising.was_reset() and not other.was_reset()
    assert counter._value.get() == before + 1


async def test_an_application_that_outlives_its_connection_is_cancelled(server, rounds, monkeypatch):
    async def never(scope, receive, send):
        while True:
            await receive()

    server.application = never
    connection = Connection(None, server)
    connection.receives(GET)
    (application,) = connection.applications
    (protocol,) = server.connections
    server.protocol_disconnected(protocol)
    await turns()
    server.application_checker()
    assert not application.cancelling()
    monkeypatch.setattr(server, "application_close_timeout", -1)
    server.application_checker()
    await turns()
    server.application_checker()
    assert server.connections == {}


async def upgraded(server, application):
    server.application = application
    server.ws_factory = WebSocketFactory(server)
    server.ws_factory.protocol = Socket
    server.ws_factory.setProtocolOptions(openHandshakeTimeout=0)
    connection = Connection(None, server)
    connection.receives(HANDSHAKE)
    await turns()
    return connection, next(one for one in server.connections if isinstance(one, Socket))


@pytest.mark.parametrize("fails", ["raises", "returns"])
async def test_a_socket_whose_application_fails_before_its_answer_is_answered_once(server, rounds, fails):
    async def application(scope, receive, send):
        if fails == "raises":
            raise ValueError("no")

    connection, protocol = await upgraded(server, application)
    server.application_checker()
    assert connection.transport.value().startswith(b"HTTP/1.1 500 ")
    # Whoever answers it again: time-out, application, drain.
    protocol.serverReject()
    protocol.refuse(503, "Service Unavailable")
    assert connection.transport.value().count(b"HTTP/1.1") == 1


async def test_a_socket_whose_application_returns_is_closed(server, rounds):
    async def application(scope, receive, send):
        await send({"type": "websocket.accept"})

    connection, _ = await upgraded(server, application)
    assert connection.transport.value().startswith(b"HTTP/1.1 101 ")
    assert connection.transport.value().endswith(b"\r\n\r\n\x88\x02\x03\xf3")
