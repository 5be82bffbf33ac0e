"""Does a call that comes in feel who signs in? ``python -m benchmarks.logins``, ``--box`` as deploy/ has it.

Calls come in at ``--rings`` a second, first with nobody else there, then beside ``--logins`` sign-ins a second: of each
three one has the right password, one a wrong one, and one an unknown name, each from an address of its own, so that no
bound of a source holds any of them back. Times are counted from when a request was due, not from when it was sent. The
exit code is 1 where 95 of 100 calls are not answered within 200 ms, or one is refused.

Without ``--box`` one process does it all, on SQLite; with it there are nginx with TLS, two media processes, one of
pages, the PostgreSQL on 127.0.0.1:5432 and a Redis, from deploy/'s own files.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import ssl
import sys
import tempfile
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import django
from twilio.request_validator import RequestValidator

from tests.paths import SAMPLES
from voiceapp.runtime.percentile import percentile

PATIENCE_S = 60.0
MOST_MS = 200.0
LOGIN = "/admin/login/"
FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the server is, and what it takes itself for."""

    port: int
    public_url: str
    token: str
    password: str
    """Of ``desk``."""
    certificate: str = ""
    """Of the TLS before it; empty: there is none, and requests say that they came by it."""

    async def ask(self, source: str, method: str, path: str, *headers: str, body: str = "") -> tuple[int, str]:
        """The status of the answer, and its headers."""
        host = urllib.parse.urlsplit(self.public_url).netloc
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "X-Forwarded-Proto: https", "Connection: close"]
        lines += [*headers, f"Content-Length: {len(body)}", "", body]
        context = None
        if self.certificate:
            context = ssl.create_default_context(cafile=self.certificate)
            context.check_hostname = False
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context, local_addr=(source, 0))
        try:
            writer.write("\r\n".join(lines).encode())
            answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        finally:
            writer.close()
        head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
        return int(head.split(None, 2)[1]), head

    async def ring(self, number: int) -> str:
        """The status of a call that comes in."""
        form = {"CallSid": "CA" + secrets.token_hex(16), "From": "+972501234567", "To": "+97231234567"}
        signature = RequestValidator(self.token).compute_signature(f"{self.public_url}/twilio/voice", form)
        signed = f"X-Twilio-Signature: {signature}"
        body = urllib.parse.urlencode(form)
        status, _ = await self.ask("127.0.0.1", "POST", "/twilio/voice", signed, FORM, body=body)
        return str(status)

    async def log_in(self, number: int) -> str:
        """The page, and then the form: what came of it."""
        source = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
        status, head = await self.ask(source, "GET", LOGIN)
        if status != 200:
            return f"page {status}"
        token = next(part.partition("=")[2] for part in head.replace("\n", ";").split(";") if "csrftoken=" in part)
        name = "__Host-csrftoken" if "__Host-csrftoken" in head else "csrftoken"
        who, password = (("desk", self.password), ("desk", "wrong"), (f"nobody{number}", "wrong"))[number % 3]
        form = {"csrfmiddlewaretoken": token, "username": who, "password": password}
        referer = f"Referer: {self.public_url}{LOGIN}"
        body = urllib.parse.urlencode(form)
        status, _ = await self.ask(source, "POST", LOGIN, f"Cookie: {name}={token}", referer, FORM, body=body)
        return {302: "signed in", 200: "wrong"}.get(status, str(status))


@dataclass(slots=True)
class Asked:
    """What came of one thing asked again and again."""

    came: Counter[str]
    took_ms: list[float]
    """From when it was due until it was answered."""
    late_ms: list[float]
    """Of the sender itself."""


async def keep_asking(ask: Callable, rate: float, seconds: float) -> Asked:
    """Ask at this rate, whether what was asked before is answered or not."""
    asked = Asked(Counter(), [], [])
    loop = asyncio.get_running_loop()
    begun_s = loop.time() + 0.1

    async def one(number: int) -> None:
        due_s = begun_s + number / rate
        await asyncio.sleep(due_s - loop.time())
        asked.late_ms.append((loop.time() - due_s) * 1000)
        try:
            asked.came[await ask(number)] += 1
        except (OSError, TimeoutError, IndexError) as error:
            asked.came[type(error).__name__] += 1
        asked.took_ms.append((loop.time() - due_s) * 1000)

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return asked


def keep_signing_in(door: Door, rate: float, seconds: float) -> Asked:
    """In a process of its own."""
    return asyncio.run(keep_asking(door.log_in, rate, seconds))


async def measure(door: Door, rings: float, logins: float, seconds: float) -> tuple[Asked, Asked, Asked]:
    """Calls alone, calls beside sign-ins, and the sign-ins."""
    await keep_asking(door.ring, rings, 3)
    quiet = await keep_asking(door.ring, rings, seconds)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        signing = asyncio.get_running_loop().run_in_executor(pool, keep_signing_in, door, logins, seconds + 4)
        # The process has begun, and the queue of sign-ins is full.
        await asyncio.sleep(4)
        beside = await keep_asking(door.ring, rings, seconds)
        return quiet, beside, await signing


def report(name: str, asked: Asked) -> str:
    took = [f"{percentile(asked.took_ms, share):.0f}" for share in (0.5, 0.95, 1)]
    came = ", ".join(f"{count} {what}" for what, count in sorted(asked.came.items()))
    late = f"{percentile(asked.late_ms, 0.99):.0f}"
    return f"| {name} | {' | '.join(took)} | {came} | {late} |"


@contextlib.contextmanager
def one_process() -> Iterator[Door]:
    """The server and all that it does in one process, alone on a processor."""
    from django.conf import settings

    from calls.lab.own_database import own_database
    from calls.lab.rig import Rig

    processors = sorted(os.sched_getaffinity(0))
    password = secrets.token_urlsafe(12)
    with own_database(password) as environment:
        rig = Rig(
            SAMPLES,
            settings.VAR_DIR / "logins.log",
            server_processors=processors[:1],
            other_processors=processors[1:],
            environment={**environment, "DEBUG": "0", "MAX_CALLS": "100000"},
            deployed=True,
        )
        os.sched_setaffinity(0, processors[1:] or processors)
        with rig:
            yield Door(rig.port, rig.line.public_url, rig.line.auth_token, password)


@contextlib.contextmanager
def box() -> Iterator[Door]:
    """deploy/'s own files, all of it on this machine."""
    from calls.lab.rig import manage
    from tests.databases import migrate, own_postgresql
    from tests.live.deployed import DOMAIN, TOKEN, DeployedBox
    from tests.live.pair import REDIS

    password = secrets.token_urlsafe(12)
    with tempfile.TemporaryDirectory() as folder, own_postgresql("template0") as url:
        migrate(url, Path(folder) / "var")
        person = {"DATABASE_URL": url, "VAR_DIR": folder, "DEBUG": "1", "TWILIO_AUTH_TOKEN": TOKEN}
        named = ["--noinput", "--username", "desk", "--email", "desk@example.org"]
        manage(["createsuperuser", *named], {**person, "DJANGO_SUPERUSER_PASSWORD": password})
        with DeployedBox(Path(folder), url, REDIS) as deployed:
            port = int(deployed.url.rpartition(":")[2])
            yield Door(port, f"https://{DOMAIN}", TOKEN, password, str(deployed.certificate))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--box", action="store_true", help="nginx, two media processes, PostgreSQL, Redis.")
    parser.add_argument("--rings", type=float, default=10, help="Calls that come in, a second.")
    parser.add_argument("--logins", type=float, default=50, help="A second.")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    django.setup()
    with box() if options.box else one_process() as door:
        quiet, beside, logins = asyncio.run(measure(door, options.rings, options.logins, options.seconds))
    print("| | p50, ms | p95 | most | answered | the sender late, p99, ms |\n|---|---|---|---|---|---|")
    print(report("calls alone", quiet))
    print(report(f"calls beside {options.logins:.0f} sign-ins a second", beside))
    print(report("those sign-ins", logins))
    ratio = percentile(beside.took_ms, 0.95) / percentile(quiet.took_ms, 0.95)
    print(f"p95 beside them is {ratio:.1f} of what it is alone")
    sys.exit(percentile(beside.took_ms, 0.95) >= MOST_MS or set(beside.came) != {"200"})


if __name__ == "__main__":
    main()
