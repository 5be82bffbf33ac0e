"""What strangers try on a server, over real sockets: each is refused, and the next webhook is answered as ever.

The server believes that its proxies are elsewhere, so that this machine's addresses are anybody's.
"""

import base64
import contextlib
import socket
import urllib.parse

import pytest
from twilio.request_validator import RequestValidator

from tests.live.test_process import TOKEN, Process
from voiceapp.server.connection_limits import MAX_OF_PROCESS, MAX_OF_SOURCE

pytestmark = pytest.mark.live
ANSWER_S = 20.0
SECRET = "c2VjcmV0LXRva2Vu"  # noqa: S105 - nothing opens by it
KEY = base64.b64encode(bytes(16)).decode()

OF_TWO_MINDS = {
    "length and chunks": (
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "two lengths": b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "two codings": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space in the name": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "a signed length": b"Content-Length: +4\r\n\r\nabcdGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
}
"""What follows the first line and the host, by what is wrong with it."""
LEADING_OUT = [
    "/static/../../../../etc/passwd",
    "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%5c..%5cetc/passwd",
    "//etc/passwd",
    "/admin/..;/metrics/../etc/passwd",
    "/%00",
    "/static/%00admin.css",
    "http://169.254.169.254/latest/meta-data/",
]


class Door:
    """A server that all attacks of this module are tried on."""

    def __init__(self, process):
        self.port, self.log = process.port, process.log
        self._url = process.url

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_S, (source, 0))

    def says(self, data, source="127.0.0.1"):
        """All that it answers until it closes."""
        answer = b""
        with self.connect(source) as peer, contextlib.suppress(ConnectionResetError):
            with contextlib.suppress(BrokenPipeError):
                peer.sendall(data)
            while piece := peer.recv(65_536):
                answer += piece
        return answer

    def rings(self, source="127.0.0.1", sign=TOKEN, **more):
        """The status of a call that comes in."""
        form = {"CallSid": "CA" + "0" * 32, "From": "+972501234567", "To": "+97231234567", **more}
        body = urllib.parse.urlencode(form)
        signature = RequestValidator(sign).compute_signature(f"{self._url}/twilio/voice", form)
        lines = ["POST /twilio/voice HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"X-Twilio-Signature: {signature}"]
        lines += ["X-Forwarded-Proto: https", f"Content-Length: {len(body)}", "Connection: close"]
        head = "\r\n".join([*lines, "Content-Type: application/x-www-form-urlencoded", "", ""])
        return int(self.says((head + body).encode(), source).split()[1])

    def shakes_hands(self, path, *headers):
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}", *headers, "", ""]
        return self.says("\r\n".join(lines).encode())


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacked")
    command = ("manage.py", "serve", "--host", "127.0.0.1", "--port")
    with Process(folder, *command, PROXY_NETWORKS="192.0.2.0/24", DEBUG="0", SECRET_KEY="k" * 50) as process:
        yield Door(process)


@pytest.fixture(autouse=True)
def nobody_else_feels_it(door):
    yield
    assert door.rings() == 200
    log = door.log.read_text()
    assert "Traceback" not in log
    assert SECRET not in log


def test_an_unsigned_webhook_is_refused(door):
    assert door.rings(sign="another") == 403


def test_idle_connections_keep_nobody_out(door):
    """More than a process has, from many addresses that each have what they may."""
    with contextlib.ExitStack() as peers:
        for number in range(MAX_OF_PROCESS // MAX_OF_SOURCE + 1):
            for _ in range(MAX_OF_SOURCE):
                peer = peers.enter_context(door.connect(f"127.0.1.{number}"))
                peer.sendall(b"GET / HT")
        assert door.rings(source="127.0.2.1") == 200


def test_one_address_more_than_it_may_is_closed(door):
    with contextlib.ExitStack() as peers:
        for _ in range(MAX_OF_SOURCE):
            peers.enter_context(door.connect("127.0.3.1")).sendall(b"GET / HT")
        assert door.says(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "127.0.3.1") == b""
        assert door.rings(source="127.0.3.2") == 200


@pytest.mark.parametrize("request_of_two_minds", OF_TWO_MINDS.values(), ids=OF_TWO_MINDS)
def test_a_request_that_two_servers_read_differently_is_refused(door, request_of_two_minds):
    answer = door.says(b"POST /twilio/voice HTTP/1.1\r\nHost: x\r\n" + request_of_two_minds)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", LEADING_OUT)
def test_a_path_that_leads_out_leads_nowhere(door, path):
    said = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    answer = door.says(said.encode())
    status = int(answer.split()[1])
    assert status in (400, 404) or (status == 302 and b"\r\nLocation: /admin/login/" in answer)
    assert b"root:" not in answer


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "[fd00::1]:8000", "web"])
def test_a_probe_asks_by_any_address_and_nobody_else_does(door, host):
    """A kubelet sends the pod's address, over plain HTTP; the server has PUBLIC_URL's name and DEBUG=0."""
    asked = {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 400, "/admin/login/": 400, "/healthz/": 400}
    statuses = {}
    for path in asked:
        said = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        statuses[path] = int(door.says(said.encode()).split()[1])
    assert statuses == asked
    assert door.shakes_hands("/ws/live/", f"Origin: http://{host}").startswith(b"HTTP/1.1 403 ")


def test_who_closes_behind_each_answer_may_ask_for_ever(door):
    for _ in range(MAX_OF_SOURCE + 1):
        answer = door.says(b"GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\nConnection: close\r\n\r\n", "127.0.5.1")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_token_is_in_no_log(door):
    said = (
        f"GET /ws/twilio/{SECRET} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    )
    assert door.says(said.encode()).startswith(b"HTTP/1.1 404 ")
    assert door.shakes_hands(f"/ws/twilio/{SECRET}").startswith(b"HTTP/1.1 403 ")


def test_headers_without_an_end_are_cut_off(door):
    answer = door.says(b"GET /healthz HTTP/1.1\r\n" + b"X: " + b"y" * 10_000_000)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))


@pytest.mark.parametrize("origin", ["http://localhost:9999", "https://evil.example", "null"])
def test_a_strange_page_gets_no_socket(door, origin):
    assert door.shakes_hands("/ws/live/", f"Origin: {origin}").startswith(b"HTTP/1.1 403 ")


def assert_nothing_forged(door):
    assert not [line for line in door.log.read_text().splitlines() if line.startswith(("INFO root", "forged"))]
    assert "\x1b" not in door.log.read_text()


@pytest.mark.parametrize("number", ["+972\r\nINFO root forged", "+972\nforged", "\u2028forged", "\x1b[2Jforged"])
def test_a_log_line_cannot_be_forged(door, number):
    door.rings(From=number, CallSid=f"CA{number}")
    assert_nothing_forged(door)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/twilio/voice", "/admin/login/", "/api/v1/calls", "/static/", "/ws/twilio/"])
def test_a_log_line_cannot_be_forged_by_an_address_or_a_header(door, method, path):
    for ending in ("%0AINFO%20root%20forged", "%0Dforged", "%1B[2Jforged", "%E2%80%A8forged", "?a=%0Aforged%1B[2J"):
        said = (
            f"{method} {path}{ending} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nContent-Length: 0\r\n"
        )
        assert door.says(f"{said}Connection: close\r\n\r\n".encode()).startswith(b"HTTP/1.1 ")
    for name in (
        "Host",
        "User-Agent",
        "X-Real-IP",
        "X-Twilio-Signature",
        "Cookie",
        "Authorization",
        "Origin",
        "Referer",
    ):
        for value in ("a\x1b[2Jforged", "a\r\n INFO root forged", "a\xe2\x80\xa8forged", "a\x85forged"):
            host = "" if name == "Host" else "Host: 127.0.0.1\r\n"
            said = f"{method} {path} HTTP/1.1\r\n{host}{name}: {value}\r\nX-Forwarded-Proto: https\r\n"
            door.says(f"{said}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert_nothing_forged(door)
