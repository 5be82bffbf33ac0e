"""What the doctor finds of the way in from outside: against a server with a certificate of the test's own."""

import contextlib
import shutil
import ssl
import subprocess
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from calls.management.doctor import web
from calls.management.doctor.finding import FindingState

WELL = {"/healthz": (200, b'{"status": "up"}'), "/twilio/voice": (403, b""), "/metrics": (404, b"")}


@contextlib.contextmanager
def site(answers, certificate=None, date=None):
    """A server's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers.get(self.path, (404, b""))
            self.send_response_only(status)
            self.send_header("Date", date or formatdate(usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def certificate(tmp_path):
    """Makes one that ends in so many days."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl: apt install openssl")

    def make(days, name="IP:127.0.0.1"):
        path = tmp_path / f"{days}.pem"
        made = f"openssl req -x509 -newkey rsa:2048 -nodes -days {days} -subj /CN=x -addext subjectAltName={name}"
        subprocess.run([*made.split(), "-keyout", path, "-out", f"{path}.cert"], check=True, capture_output=True)
        with path.open("a") as both:
            both.write((tmp_path / f"{days}.pem.cert").read_text())
        return path

    return make


@pytest.fixture
def trusted(monkeypatch):
    def trust(path):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))

    return trust


def found(settings, url):
    settings.PUBLIC_URL = url
    return {finding.check: finding for finding in web.public_url()}


def test_a_box_that_is_reached_is_well(settings, certificate, trusted):
    trusted(path := certificate(90))
    with site(WELL, path) as url:
        findings = found(settings, url)
    assert {name: one.state for name, one in findings.items()} == dict.fromkeys(
        ("certificate", "public_url", "webhooks", "metrics"), FindingState.OK
    )
    assert findings["certificate"].detail == "is valid for 89 days"


def test_a_certificate_that_ends_soon_is_a_warning(settings, certificate, trusted):
    trusted(path := certificate(5))
    with site(WELL, path) as url:
        assert found(settings, url)["certificate"].state is FindingState.WARNING


def test_a_certificate_that_nobody_takes_is_a_failure(settings, certificate):
    with site(WELL, certificate(90)) as url:
        findings = found(settings, url)
    assert findings["certificate"].state is FindingState.FAILED and "certbot" in findings["certificate"].advice
    # One cause is one failure.
    assert findings["public_url"].state is FindingState.SKIPPED and len(findings) == 2


def test_a_certificate_of_another_name_says_so(settings, certificate, trusted):
    trusted(path := certificate(90, "DNS:elsewhere.example.org"))
    with site(WELL, path) as url:
        finding = found(settings, url)["certificate"]
    assert finding.state is FindingState.FAILED and "PUBLIC_URL" in finding.advice


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("certificate has expired", "certbot renew"),
        ("certificate is not yet valid", "clock"),
        ("self-signed certificate", "--self-signed"),
        ("unable to get local issuer certificate", "fullchain.pem"),
    ],
)
def test_why_a_certificate_is_not_taken_says_what_to_do(settings, monkeypatch, why, advice):
    """By OpenSSL's own words."""

    def refused(*_, **__):
        error = ssl.SSLCertVerificationError(1, why)
        error.verify_message = why
        raise error

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refused)
    with site(WELL) as url:
        finding = found(settings, url.replace("http:", "https:"))["certificate"]
    assert why in finding.detail and advice in finding.advice


@pytest.mark.parametrize(
    ("changes", "check", "state"),
    [
        ({"/healthz": (502, b"")}, "public_url", FindingState.FAILED),
        ({"/healthz": (200, b"<html>")}, "public_url", FindingState.FAILED),
        ({"/twilio/voice": (502, b"")}, "webhooks", FindingState.FAILED),
        ({"/metrics": (200, b"voiceapp_calls_live 0")}, "metrics", FindingState.WARNING),
    ],
)
def test_what_does_not_come_through_is_named(settings, changes, check, state):
    with site(WELL | changes) as url:
        findings = found(settings, url)
    assert findings[check].state is state and findings[check].advice


def test_a_proxy_without_a_server_behind_it_says_which_is_to_be_started(settings):
    with site(WELL | {"/healthz": (502, b"")}) as url:
        assert "restart voiceapp-web" in found(settings, url)["public_url"].advice


def test_an_address_that_leads_nowhere_or_is_none(settings):
    assert found(settings, "https://127.0.0.1:1")["certificate"].state is FindingState.FAILED
    assert found(settings, "")["public_url"].state is FindingState.FAILED


@pytest.mark.parametrize(
    ("date", "state"),
    [(None, FindingState.OK), ("Fri, 27 Nov 2020 04:00:00 GMT", FindingState.FAILED)],
)
def test_a_clock_that_is_off_is_said(date, state):
    with site({}, date=date) as url:
        (finding,) = web.clock(url)
    assert finding.state is state


def test_a_clock_that_is_a_little_off_is_a_warning():
    with site({}, date=formatdate(time.time() - 20, usegmt=True)) as url:
        (finding,) = web.clock(url)
    assert finding.state is FindingState.WARNING and "timesyncd" in finding.advice


def test_a_clock_that_nobody_tells_is_skipped():
    (finding,) = web.clock("http://127.0.0.1:1/")
    assert finding.state is FindingState.SKIPPED
