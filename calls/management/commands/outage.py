"""``manage.py outage --kind kill|drain|balancer|database|redis``: end or cut off the server under running calls, and
count what became of their words.

``kill``: SIGKILL at random moments, and a new server at once; callers follow ``/twilio/after`` to a new stream. Every
word spoken while a socket was open must be kept, but for the second around the cut. ``drain``: SIGTERM; every call goes
on to its end with all its words, and the exit code is 0. ``balancer``: two servers behind nginx; one is killed and its
calls go on in the other, then the other is told to end and nobody notices. ``database``: PostgreSQL (DATABASE_URL) is
gone for a while, behind a proxy that is cut; calls begin before and meanwhile, and nothing is lost or doubled.
``redis``: the same for REDIS_URL, slow at first, with a supervisor who watches.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.balancer import BalancedRig
from calls.lab.call_report import CallRefused
from calls.lab.fault_proxy import FaultProxy
from calls.lab.outages import dependency
from calls.lab.outages.failover import drain_one, kill_one
from calls.lab.outages.restart import drain, kill
from calls.lab.outages.word_audit import OutageReport
from calls.lab.rig import Rig, RigError
from stt.emulator.recordings import Library
from voiceapp.runtime.arguments import LONGEST_S, MOST_CALLS, decimal, seed, whole

SERVICES = {"database": "DATABASE_URL", "redis": "REDIS_URL"}
DEFAULT_PORTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379}


class Command(BaseCommand):
    help = "End the server under running calls and count what became of their words."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", choices=("kill", "drain", "balancer", *SERVICES), default="kill")
        parser.add_argument("--calls", type=whole(1, MOST_CALLS, "calls"), default=20)
        parser.add_argument("--clips", type=whole(1, 1000, "recordings"), default=8, help="Recordings a call.")
        parser.add_argument(
            "--times", type=whole(1, 1000, "times"), default=10, help="Kills, each under calls of its own."
        )
        parser.add_argument(
            "--away", type=decimal(0, LONGEST_S, "s"), default=60.0, metavar="S", help="Of the database or Redis."
        )
        parser.add_argument("--seed", type=seed, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        library = Library([settings.BASE_DIR / "samples"])
        kind = options["kind"]
        passed = True
        call_command("migrate_once", verbosity=0)
        try:
            if kind in SERVICES:
                passed = self._cut_off(SERVICES[kind], library, options)
            for turn in range(options["times"] if kind in ("kill", "balancer") else 1 if kind == "drain" else 0):
                passed = self._end(kind, library, {**options, "seed": options["seed"] + turn}) and passed
        except RigError as error:
            raise CommandError(str(error)) from error
        except CallRefused as error:
            raise CommandError(f"call_refused: {error.code}") from error
        if not passed:
            raise CommandError("not_kept: words, recordings or callers were lost; see above")

    def _end(self, kind: str, library: Library, options: dict[str, Any]) -> bool:
        calls, clips, seed = options["calls"], options["clips"], options["seed"]
        log = settings.VAR_DIR / "outage.log"
        if kind == "balancer":
            with BalancedRig(settings.BASE_DIR / "samples", log, seed=seed) as pair:
                killed = self._say(asyncio.run(kill_one(pair, library, calls, clips, seed)))
                return self._say(asyncio.run(drain_one(pair, library, calls, clips, seed + 1))) and killed
        with Rig(settings.BASE_DIR / "samples", log, seed=seed) as rig:
            return self._say(asyncio.run((kill if kind == "kill" else drain)(rig, library, calls, clips, seed)))

    def _cut_off(self, name: str, library: Library, options: dict[str, Any]) -> bool:
        url = urlsplit(service_url(name))
        if url.scheme not in DEFAULT_PORTS:
            raise CommandError(f"no_service: set {name} to a PostgreSQL or Redis of your own.")
        calls, clips, seed, outage_s = (options[key] for key in ("calls", "clips", "seed", "away"))
        with FaultProxy(f"{url.hostname}:{url.port or DEFAULT_PORTS[url.scheme]}") as proxy:
            user = f"{url.username}:{url.password}@" if url.password else f"{url.username}@" if url.username else ""
            through = url._replace(netloc=f"{user}{proxy.address}").geturl()
            folder, log = settings.BASE_DIR / "samples", settings.VAR_DIR / "outage.log"
            with Rig(folder, log, seed=seed, environment={name: through}) as rig:
                outage = dependency.database if options["kind"] == "database" else dependency.redis
                return self._say(asyncio.run(outage(rig, proxy, library, calls, clips, seed, outage_s)))

    def _say(self, report: OutageReport) -> bool:
        self.stdout.write(report.summary)
        self.stdout.flush()
        return report.passed


def service_url(name: str) -> str:
    """As the settings understood it."""
    if name == "REDIS_URL":
        return str(settings.REDIS_URL)
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"]:
        return ""
    place = f"{database['HOST']}:{database['PORT'] or 5432}"
    return f"postgresql://{database['USER']}:{database['PASSWORD']}@{place}/{database['NAME']}"
