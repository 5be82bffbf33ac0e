"""A vendor's stand-in over WebSockets, beside what its engine's contract asks of it."""

import asyncio
import logging
import socket
import struct

import pytest

from stt.emulator.service import EmulatorOptions
from stt.emulator.socket_service import SocketEmulator
from stt.emulator.vendors import SOCKETS
from tests.paths import SAMPLES
from tests.waiting import eventually

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close is a reset."""


@pytest.mark.parametrize("name", SOCKETS)
async def test_a_client_that_has_gone_before_it_is_answered_is_no_fault(name, caplog):
    """As after SIGCONT: the clients of a process that stood still have left."""
    protocol = SOCKETS[name]()
    request = (
        f"GET {protocol.path} HTTP/1.1\r\nHost: localhost\r\n{protocol.key_header}: k\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with SocketEmulator(protocol, EmulatorOptions(folders=[SAMPLES])) as emulator:
        host, port = emulator.address.split(":")
        # Without a turn of the loop in between: it finds the requests with the resets behind them.
        for _ in range(5):
            client = socket.create_connection((host, int(port)))
            client.sendall(request.encode())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
        assert await asyncio.to_thread(eventually, lambda: emulator.streams_opened == 5)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
