"""Checks of the way in from outside, and of the clock: PUBLIC_URL as Twilio reaches it. Blocking."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings

from calls.management.doctor.finding import Finding, FindingState, failed, ok, skipped, warning

TIMEOUT_S = 8.0
CERTIFICATE_DAYS = 14
"""Let's Encrypt renews 30 days before the end: with fewer than these left, it has failed."""
CLOCK_WARNING_S, CLOCK_FAILED_S = 5.0, 60.0
"""Google refuses a key's signature that is some minutes off; stream tokens expire within one."""
CLOCK_URL = "https://api.twilio.com/"
BEHIND_A_PROXY = (502, 503, 504)
"""What nginx answers where nobody is behind it."""
OF_CERTIFICATE = {
    "expired": "renew it: certbot renew, then systemctl reload nginx",
    "not yet valid": "set this machine's clock: systemctl enable --now systemd-timesyncd",
    "match": "its certificate is another name's: get one for it by certbot, or correct PUBLIC_URL",
    "self-signed": "Twilio takes only what browsers take: get one by certbot (deploy/install.sh without --self-signed)",
    "self signed": "Twilio takes only what browsers take: get one by certbot (deploy/install.sh without --self-signed)",
    "": "Twilio takes only what browsers take: nginx needs the whole chain (fullchain.pem); certbot makes it",
}
"""What to do, by a part of why it is not taken."""


def public_url() -> Iterator[Finding]:
    """It leads here, by a certificate that Twilio takes; webhooks come through, and metrics do not."""
    url = settings.PUBLIC_URL
    if not url:
        yield failed("public_url", "PUBLIC_URL is not set", "set it to the https address that Twilio reaches you at")
        return
    if not url.startswith("https://"):
        yield warning("public_url", f"{url} is not https", "Twilio's sockets want TLS: set PUBLIC_URL to https://…")
    else:
        certificate = _certificate(url)
        yield certificate
        if certificate.state is FindingState.FAILED:
            yield skipped("public_url", "is asked once its certificate is taken")
            return
    answer = _asked("GET", f"{url}/healthz")
    if isinstance(answer, str):
        yield failed("public_url", f"{url}/healthz: {answer}", "see that nginx runs: systemctl status nginx")
    elif answer.status_code in BEHIND_A_PROXY:
        advice = (
            "nginx runs, and the pages' process does not: systemctl restart voiceapp-web; journalctl -u voiceapp-web"
        )
        yield failed("public_url", f"{url}/healthz answers {answer.status_code}", advice)
    elif answer.status_code != 200 or answer.text.replace(" ", "") != '{"status":"up"}':
        advice = "its name leads elsewhere (DNS), or nginx has no site for it: run deploy/install.sh again"
        yield failed("public_url", f"{url}/healthz answers {answer.status_code}, and not as we do", advice)
    else:
        yield ok("public_url", f"{url} leads to a server of this kind")
        yield from _doors(url)


def _asked(method: str, url: str, **more: Any) -> requests.Response | str:
    """The answer, or why there is none."""
    try:
        return requests.request(method, url, timeout=TIMEOUT_S, allow_redirects=False, **more)
    except requests.RequestException as error:
        return type(error).__name__


def _doors(url: str) -> Iterator[Finding]:
    unsigned = _asked("POST", f"{url}/twilio/voice", data={"CallSid": "CA0"})
    status = unsigned if isinstance(unsigned, str) else unsigned.status_code
    if status == 403:
        yield ok("webhooks", "are reached, and refuse who is not Twilio")
    else:
        advice = "see that the media processes run: systemctl status 'voiceapp-media@*'"
        yield failed("webhooks", f"an unsigned one is answered with {status}", advice)
    outside = _asked("GET", f"{url}/metrics")
    if not isinstance(outside, str) and outside.status_code == 200:
        yield warning("metrics", f"{url}/metrics is open to everybody", "close it: deploy/nginx/voiceapp.conf")
    else:
        yield ok("metrics", "are closed to the outside")


def _certificate(url: str) -> Finding:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT_S) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            ends_s = ssl.cert_time_to_seconds(str((secured.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as error:
        advice = next(what for part, what in OF_CERTIFICATE.items() if part in error.verify_message)
        return failed("certificate", f"{host}: {error.verify_message}", advice)
    except OSError as error:
        return failed("certificate", f"{host}:{port}: {error}", "see that its name leads here and port 443 is open")
    days = int((ends_s - time.time()) // 86_400)
    if days < CERTIFICATE_DAYS:
        return warning("certificate", f"ends in {days} days", "see why it is not renewed: certbot renew --dry-run")
    return ok("certificate", f"is valid for {days} days")


def clock(url: str = CLOCK_URL) -> Iterator[Finding]:
    """This machine's clock against another one's: the Date of an answer, which is whole seconds."""
    try:
        said = requests.head(url, timeout=TIMEOUT_S).headers["Date"]
        theirs = parsedate_to_datetime(said)
    except (requests.RequestException, KeyError, ValueError) as error:
        yield skipped("clock", f"{url} does not say the time ({type(error).__name__})")
        return
    off_s = abs((datetime.now(UTC) - theirs).total_seconds())
    detail = f"{off_s:.0f} s off {urlsplit(url).hostname}'s"
    if off_s > CLOCK_FAILED_S:
        yield failed("clock", detail, "keys and tokens are refused: systemctl enable --now systemd-timesyncd")
    elif off_s > CLOCK_WARNING_S:
        yield warning("clock", detail, "systemctl enable --now systemd-timesyncd")
    else:
        yield ok("clock", detail)
