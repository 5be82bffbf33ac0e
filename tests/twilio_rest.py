"""Twilio's REST interface, as far as calls are changed and numbers looked at: real HTTP on loopback, the official
client on our side.

https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
"""

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from twilio.http.http_client import TwilioHttpClient

from tests.waiting import PATIENCE_S

ACCOUNT_SID = "AC" + "1" * 32
PORT = "TWILIO_REST_PORT"
"""Where a server in another process finds it."""


UNAUTHENTICATED = {"code": 20003, "message": "Authenticate", "status": 401}


class LoopbackClient(TwilioHttpClient):
    """Twilio's own client, to loopback in place of api.twilio.com."""

    def request(self, method, url, *args, **kwargs):
        path = urlsplit(url).path
        return super().request(method, f"http://127.0.0.1:{os.environ[PORT]}{path}", *args, **kwargs)


class TwilioRest:
    """``with TwilioRest(token) as rest``: ``asked`` has each change of a call; ``over`` are calls that have ended."""

    def __init__(self, auth_token):
        self.auth_token, self.asked, self.over = auth_token, [], set()
        self.numbers, self.status = [], "active"
        self.on_change = lambda call_sid, change: None
        self.gate = threading.Event()
        self.gate.set()
        rest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._say(*rest.answer(self.path, self.headers.get("Authorization", ""), body))

            def do_GET(self):
                self._say(*rest.read(urlsplit(self.path).path, self.headers.get("Authorization", "")))

            def _say(self, status, answer):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path, authorization, body):
        self.gate.wait(PATIENCE_S)
        if not self._is_authentic(authorization):
            return 401, UNAUTHENTICATED
        call_sid = path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls/").removesuffix(".json")
        if call_sid in self.over:
            message = "Call is not in-progress. Cannot redirect."
            return 400, {"code": 21220, "message": message, "status": 400}
        change = {name: values[0] for name, values in parse_qs(body).items()}
        self.asked.append((call_sid, change))
        self.on_change(call_sid, change)
        return 200, {"sid": call_sid, "account_sid": ACCOUNT_SID, "status": change.get("Status", "in-progress")}

    def read(self, path, authorization):
        """The account, or its numbers."""
        if not self._is_authentic(authorization):
            return 401, UNAUTHENTICATED
        if path.endswith("/IncomingPhoneNumbers.json"):
            return 200, {"incoming_phone_numbers": self.numbers, "next_page_uri": None, "page": 0, "page_size": 1000}
        return 200, {"sid": ACCOUNT_SID, "status": self.status}

    def _is_authentic(self, authorization):
        expected = base64.b64encode(f"{ACCOUNT_SID}:{self.auth_token}".encode()).decode()
        return authorization == f"Basic {expected}"
