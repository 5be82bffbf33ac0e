"""A million calls, ten million turns: is the admin still at hand? ``python -m benchmarks.growth``

Makes a database of its own on the PostgreSQL of DATABASE_URL, and fills it: rows with their search text, then the
indexes. Asks for the admin's pages as a logged-in person, exports and purges; then the writer's speed in turn on an
empty and on the full database. The database is dropped. Minutes; a few gigabytes of disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import review_queue, stored_calls, writes
from benchmarks.own_database import own_postgresql, server_url
from tests.paths import ROOT
from voiceapp.runtime.percentile import percentile

LIST = "/admin/calls/call/"
LINE = "+97235550007"


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    url: str
    is_posted: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=10, help="A call, on average.")
    parser.add_argument("--times", type=int, default=20, help="Each page is asked for so often.")
    parser.add_argument("--export", type=int, default=100_000, metavar="CALLS", help="Stop the export after so many.")
    parser.add_argument("--purge", type=int, default=330, metavar="DAYS", help="Purge what is older; there is a year.")
    parser.add_argument("--rounds", type=int, default=3, help="Of the writer on either database; the median counts.")
    parser.add_argument("--written", type=int, default=50, metavar="TURNS", help="A call and round of the writer.")
    parser.add_argument(
        "--step", choices=["fill", "pages", "measure"], help="A part now, one later: the database stays until measure."
    )
    parser.add_argument("--database", metavar="NAME", help="growth_CALLS unless it is said.")
    parser.add_argument("--pages", default="", metavar="WORDS", help="Only pages whose names have these words.")
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--limited", action="store_true", help="As somebody who sees three of the twenty lines.")
    whom.add_argument("--reviewer", action="store_true", help="As one of the reviewers, who oversees nobody.")
    options = parser.parse_args()
    server_url()
    name = options.database or f"growth_{options.calls}"
    with own_postgresql(name, begin=options.step in (None, "fill"), drop=options.step in (None, "measure")):
        if options.step in (None, "fill"):
            _fill(stored_calls.Amounts(options.calls, options.turns))
        if options.step != "fill":
            _time_pages(options.times, options.pages, _person(limited=options.limited, reviewer=options.reviewer))
            if not options.pages:
                review_queue.time_queue(options.times)
        if options.step in (None, "measure"):
            _export(options.export)
            _purge(options.purge)
            _compare_writers(options.rounds, options.written)


def _fill(amounts: stored_calls.Amounts) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    indexes = stored_calls.without_indexes()
    with _timed("filled"):
        stored_calls.fill(amounts)
    with _timed("indexes built"):
        stored_calls.build(indexes)
    with _timed("sums counted"):
        call_command("rebuild_sums")


def _time_pages(times: int, only: str, user: Any) -> None:
    from django.db import connection
    from django.test import Client

    from voiceapp import urls  # noqa: F401 - as a process that serves has it
    from voiceapp.runtime.garbage import collect_seldom

    collect_seldom()
    calls, turns = _one("SELECT count(*) FROM calls_call"), _one("SELECT count(*) FROM calls_transcript")
    size = _one("SELECT pg_size_pretty(pg_database_size(current_database()))")
    print(f"{calls} calls, {turns} turns; {size}", flush=True)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    client.get(LIST)  # templates and URLs are loaded once
    queries = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*arguments)

    print(f"\n{'a page, ms':52} {'p50':>6} {'p95':>6} {'queries':>8}")
    worst = 0.0
    for page in _pages():
        if only not in page.name:
            continue
        took_ms = []
        for _ in range(times):
            queries = 0
            began_s = time.perf_counter()
            with connection.execute_wrapper(count):
                response = client.post(page.url) if page.is_posted else client.get(page.url)
            took_ms.append((time.perf_counter() - began_s) * 1000)
            if response.status_code != (302 if page.is_posted else 200):
                raise SystemExit(f"page_failed: {page.url} answered {response.status_code}: the run is void")
        p50, p95 = percentile(took_ms, 0.5), percentile(took_ms, 0.95)
        worst = max(worst, p95)
        print(f"{page.name:52} {p50:6.0f} {p95:6.0f} {queries:8}", flush=True)
    print(f"{'the worst p95':52} {'':6} {worst:6.0f}")


def _person(*, limited: bool = False, reviewer: bool = False) -> Any:
    """A superuser; or who may everything else of the lines of the calls that the pages are of, and of LINE's; or a
    reviewer, who is not told what the first of two said."""
    from django.contrib.auth.models import Group, User

    from calls.desk.line_limits.fields import set_limit
    from calls.models import Call, PhoneLine
    from stt.models import TuningProfile

    if reviewer:
        person = User.objects.get_or_create(username="reviewer", is_staff=True)[0]
        person.groups.set(Group.objects.filter(name="reviewer"))
        return person
    if not limited:
        return User.objects.get_or_create(username="growth", is_staff=True, is_superuser=True)[0]
    person = User.objects.get_or_create(username="limited", is_staff=True)[0]
    person.groups.set(Group.objects.all())
    shown = Call.objects.filter(call_sid__in=(stored_calls.CALL_OF_10, stored_calls.CALL_OF_2000))
    profile = TuningProfile.objects.get_or_create(name="growth")[0]
    numbers = {LINE, *shown.values_list("to_number", flat=True)}
    named = {"name": "growth", "profile": profile}
    set_limit(person, [PhoneLine.objects.get_or_create(number=number, defaults=named)[0] for number in numbers])
    return person


def _pages() -> Iterator[Page]:
    from calls.models import Call
    from calls.twilio.call_status import STATUS_ORDER

    heard = Call.objects.filter(started_at__isnull=False, from_number__startswith="+").order_by("pk")
    some = heard.filter(pk__gte=Call.objects.count() // 2)[0]
    yield Page("first page", "/admin/")
    yield Page("queue", "/review/queue/")
    yield Page("queue, next", "/review/queue/next", is_posted=True)
    yield Page("list", LIST)
    yield Page("list, page 2", f"{LIST}?p=2")
    yield Page("list, last page", f"{LIST}?p=20")
    day = some.started_at
    assert day is not None
    within = f"started_at__year={day.year}&started_at__month={day.month}"
    yield Page("a month", f"{LIST}?{within}")
    yield Page("a day", f"{LIST}?{within}&started_at__day={day.day}")
    for source in ("final", "early", "partial", "fallback", "none"):
        yield Page(f"source {source}", f"{LIST}?turns__source={source}")
    for engine in ("google", "emulator"):
        yield Page(f"engine {engine}", f"{LIST}?turns__engine={engine}")
    for code in ("no_words", "too_short", "fallback_timeout"):
        yield Page(f"code {code}", f"{LIST}?turns__code={code}")
    for delay in ("500", "1000", "2000", "slow"):
        yield Page(f"delay {delay}", f"{LIST}?delay={delay}")
    for narrowed in ("line=%2B97235550007", "corrected=yes", "corrected=no", "interrupted=interrupted", "slowest=slow"):
        yield Page(narrowed.partition("%")[0].replace("=", " ").strip(), f"{LIST}?{narrowed}")
    for status in STATUS_ORDER[3:]:
        yield Page(f"status {status}", f"{LIST}?status={status}")
    for what, words in stored_calls.spoken_words():
        yield Page(f"word, {what}", f"{LIST}?q={words}")
    yield Page("word, frequent, last page", f"{LIST}?q={stored_calls.FREQUENT}&p=20")
    yield Page("word on a day", f"{LIST}?{within}&started_at__day={day.day}&q={stored_calls.FREQUENT}")
    yield Page("word and source fallback", f"{LIST}?q={stored_calls.SELDOM}&turns__source=fallback")
    number = some.from_number.removeprefix("+972")
    yield Page("caller's number, +972…", f"{LIST}?q=%2B972{number}")
    yield Page("caller's number, 0…", f"{LIST}?q=0{number[:2]}-{number[2:]}")
    yield Page("our number, of every twentieth call", f"{LIST}?q=%2B97235550007")
    yield Page("three digits", f"{LIST}?q=972")
    yield Page("kept value, of one call in 36 000", f"{LIST}?q=8,764")
    yield Page("kept value, of every fourth call", f"{LIST}?q=דנה+כהן")
    yield Page("CallSid", f"{LIST}?q={some.call_sid}")
    for turns, sid in ((10, stored_calls.CALL_OF_10), (2000, stored_calls.CALL_OF_2000)):
        call = Call.objects.get(call_sid=sid)
        yield Page(f"a call of {turns} turns", f"{LIST}{call.pk}/change/")
    yield Page("a call of 2000 turns, last page", f"{LIST}{call.pk}/change/?turns=40")


def _export(most: int) -> None:
    """How large does the export become? Reads it line by line, as a pipe would."""
    began_s = time.monotonic()
    export = subprocess.Popen([sys.executable, "manage.py", "export_calls"], cwd=ROOT, stdout=subprocess.PIPE)
    assert export.stdout is not None
    calls, early_mb = 0, 0.0
    for calls, _ in enumerate(export.stdout, 1):
        if calls == most // 10:
            early_mb = _peak_mb(export.pid)
        if calls == most:
            break
    took_s, late_mb = time.monotonic() - began_s, _peak_mb(export.pid)
    export.kill()
    export.stdout.close()
    export.wait()
    print(
        f"\nexport_calls: {calls} calls in {took_s:.0f} s ({calls / took_s:.0f}/s); at most {early_mb:.0f} MB after a "
        f"tenth of them, {late_mb:.0f} MB after all"
    )


def _purge(days: int) -> None:
    before = _one("SELECT count(*) FROM calls_call")
    began_s, peak_mb = time.monotonic(), 0.0
    purge = subprocess.Popen(
        [sys.executable, "manage.py", "purge", "--older-than", str(days), "--calls"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    while purge.poll() is None:
        peak_mb = max(peak_mb, _peak_mb(purge.pid))
        time.sleep(0.2)
    took_s, calls = time.monotonic() - began_s, before - _one("SELECT count(*) FROM calls_call")
    print(f"purge: {calls} calls with their turns in {took_s:.0f} s ({calls / took_s:.0f}/s); at most {peak_mb:.0f} MB")


def _peak_mb(pid: int) -> float:
    """The most memory that a process has had so far; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def _compare_writers(rounds: int, turns: int) -> None:
    """The same records on either database in turn, so that what else runs on the machine meets both."""
    empty, full = [], []
    for attempt in range(rounds):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            empty.append(process.apply(writes.on, ("PostgreSQL", turns)).turns_s)
        full.append(writes.write(turns, prefix=f"CAw{attempt}").turns_s)
    empty_s, full_s = statistics.median(empty), statistics.median(full)
    print(
        f"the writer: {empty_s:.0f} turns/s on an empty database, {full_s:.0f} on the full one "
        f"({full_s / empty_s:.2f}; median of {rounds} each: {_list(empty)} and {_list(full)})"
    )


def _list(values: list[float]) -> str:
    return ", ".join(f"{value:.0f}" for value in values)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began_s = time.monotonic()
    yield
    print(f"{what} in {time.monotonic() - began_s:.0f} s", flush=True)


def _one(query: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


if __name__ == "__main__":
    main()
