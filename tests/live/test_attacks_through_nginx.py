"""What strangers try on a box of deploy/'s own files: nginx refuses it, or hands on what the server refuses; and a call
that speaks meanwhile loses no word."""

import asyncio
import base64
import contextlib
import secrets
import select
import socket
import ssl
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.request_validator import RequestValidator

from calls.lab.call_records import score_of
from calls.lab.call_report import Line
from calls.lab.simulator import SimulatedCall
from stt.emulator.recordings import Library
from tests.databases import served_by
from tests.live.deployed import DOMAIN, TOKEN
from tests.live.test_attacks import LEADING_OUT, OF_TWO_MINDS
from tests.live.test_deployed import kept
from tests.paths import SAMPLES

pytestmark = pytest.mark.live
PATIENCE_S = 30.0
HALVES, WORDS = 300, 4
WEBHOOKS_OF_SOURCE, MORE = 256, 5
HEADERS_S = 10.0
"""client_header_timeout of deploy/nginx/."""


class BoxDoor:
    """The box as anybody reaches it, by TLS."""

    def __init__(self, box):
        self.box = box
        self._port = int(box.url.rpartition(":")[2])
        self._tls = ssl.create_default_context(cafile=str(box.certificate))
        # By 1.3 a session's tickets come behind the handshake: what is readable would be no answer.
        self._tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def connect(self, source="127.0.0.1"):
        plain = socket.create_connection(("127.0.0.1", self._port), PATIENCE_S, (source, 0))
        return self._tls.wrap_socket(plain, server_hostname="127.0.0.1")

    def says(self, data):
        """All that it answers until it closes."""
        answer = b""
        with self.connect() as peer, contextlib.suppress(ConnectionError, ssl.SSLError):
            with contextlib.suppress(BrokenPipeError):
                peer.sendall(data)
            while piece := peer.recv(65_536):
                answer += piece
        return answer

    def status_of(self, data):
        """Of the first answer."""
        with self.connect() as peer:
            peer.sendall(data)
            return int(peer.recv(65_536).split()[1])

    def rings(self, sign=TOKEN):
        """The status of a call that comes in."""
        form = {"CallSid": "CA" + secrets.token_hex(16), "From": "+972501234567", "To": "+97231234567"}
        signature = RequestValidator(sign).compute_signature(f"https://{DOMAIN}/twilio/voice", form)
        return self.posts("/twilio/voice", urllib.parse.urlencode(form), f"X-Twilio-Signature: {signature}")

    def posts(self, path, body, *headers):
        """The status of a form's answer."""
        lines = [f"POST {path} HTTP/1.1", f"Host: {DOMAIN}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [*headers, "Content-Type: application/x-www-form-urlencoded", "", body]
        return int(self.says("\r\n".join(lines).encode()).split()[1])


@pytest.fixture(scope="module")
def door(box):
    return BoxDoor(box)


@pytest.fixture(autouse=True)
def nobody_else_feels_it(door):
    yield
    assert door.rings() == 200
    log = door.box.logs()
    assert "Traceback" not in log and "smuggled" not in log


def test_an_unsigned_webhook_is_refused(door):
    assert door.rings(sign="another") == 403


@pytest.mark.parametrize("request_of_two_minds", OF_TWO_MINDS.values(), ids=OF_TWO_MINDS)
def test_a_request_that_two_servers_read_differently_is_refused(door, request_of_two_minds):
    answer = door.says(f"POST /twilio/voice HTTP/1.1\r\nHost: {DOMAIN}\r\n".encode() + request_of_two_minds)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))


@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_path_that_leads_out_leads_nowhere(door, path):
    answer = door.says(f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nConnection: close\r\n\r\n".encode())
    status = int(answer.split()[1])
    assert status in (400, 404) or (status == 302 and b"\r\nLocation: /admin/login/" in answer)
    assert b"root:" not in answer


@pytest.mark.parametrize(("path", "length"), [("/twilio/voice", 70_000), ("/admin/login/", 1_100_000)])
def test_a_body_that_is_too_long_is_refused(door, path, length):
    head = f"POST {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert door.status_of(head.encode()) == 413


def test_a_strange_page_gets_no_socket(door):
    key = base64.b64encode(bytes(16)).decode()
    lines = ["GET /ws/live/ HTTP/1.1", f"Host: {DOMAIN}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Origin: https://evil.example", "", ""]
    assert door.status_of("\r\n".join(lines).encode()) == 403


def test_bodies_that_do_not_come_take_no_more_than_a_sources_share(door):
    head = f"POST /twilio/voice HTTP/1.1\r\nHost: {DOMAIN}\r\nContent-Length: 400\r\nConnection: close\r\n\r\nCallSid="

    def begin(_):
        peer = door.connect("127.0.4.1")
        peer.sendall(head.encode())
        return peer

    with contextlib.ExitStack() as stack, ThreadPoolExecutor(16) as pool:
        peers = [stack.enter_context(peer) for peer in pool.map(begin, range(WEBHOOKS_OF_SOURCE + MORE))]
        refused = []
        until_s = time.monotonic() + PATIENCE_S
        while len(refused) < MORE and time.monotonic() < until_s:
            refused, _, _ = select.select(peers, [], [], PATIENCE_S)
        assert [peer.recv(65_536).split()[1] for peer in refused] == [b"429"] * MORE
        assert door.rings() == 200


async def speak_beside(door):
    """A call, and half-sent requests and handshakes beside it; the call's report, and how long the last half lived."""
    line = Line(door.box.url, f"https://{DOMAIN}", TOKEN)
    clips = [SAMPLES / "answers_1.wav"] * WORDS
    call = SimulatedCall(line, clips, lead_s=0.2, tail_s=1.5, call_sid="CA" + secrets.token_hex(16))
    speaking = asyncio.create_task(call.run())
    await asyncio.sleep(1)
    lived_s = await asyncio.to_thread(leave_halves, door)
    return await speaking, lived_s


def leave_halves(door):
    began_s = time.monotonic()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(door.connect()) for _ in range(HALVES)]
        for number, peer in enumerate(peers):
            path = ("/", "/twilio/voice", "/ws/live/")[number % 3]
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: {DOMAIN}\r\nUpgr".encode())
        assert door.rings() == 200
        for peer in peers:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while peer.recv(1000):
                    pass
    return time.monotonic() - began_s


def test_half_a_request_is_waited_for_ten_seconds_and_a_call_speaks_on(door, django_db_blocker):
    report, lived_s = asyncio.run(speak_beside(door))
    assert HEADERS_S - 1 < lived_s < HEADERS_S + 10
    with django_db_blocker.unblock(), served_by(door.box.database_url):
        _, turns = kept(report)
    scored = score_of(report, turns, {one.name: one for one in Library([SAMPLES]).recordings})
    assert (scored.lost, scored.added) == (0, 0) and scored.words == WORDS
    assert len(report.streams) == 1
