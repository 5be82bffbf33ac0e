"""How many turns a second does the one writer bring to the database? ``python -m benchmarks.writes``

calls/storage/writer.py as it serves, journal and all, told everything of two hundred calls at once: their starts, turns
(every tenth amended later), an event each, their ends. Timed until the last row is committed, on SQLite and, where
DATABASE_URL names a PostgreSQL, on that. One row a process: Django keeps to the database that it began with.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.own_database import own_postgresql, own_sqlite, server_url

CALLS = 200
WORDS = "שלום אני רוצה לקבוע תור לרופא משפחה ביום שלישי בבוקר אם אפשר תודה רבה ולהתראות".split()


@dataclass(frozen=True, slots=True)
class Written:
    turns: int
    seconds: float
    cpu_ms: float
    """Of this process, a turn: what the calls beside it cannot have."""
    journal_bytes: int
    """A turn."""

    @property
    def turns_s(self) -> float:
        return self.turns / self.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100, help="A call; there are 200 calls.")
    options = parser.parse_args()
    print(f"{CALLS} calls at once, {options.turns} turns each")
    print(f"{'':12} {'turns':>7} {'turns/s':>8} {'CPU ms a turn':>14} {'journal bytes a turn':>21}")
    kinds = ["SQLite"]
    if os.environ.get("DATABASE_URL"):
        server_url()
        kinds.append("PostgreSQL")
    for kind in kinds:
        with multiprocessing.get_context("spawn").Pool(1) as process:
            written = process.apply(on, (kind, options.turns))
        print(
            f"{kind:12} {written.turns:7} {written.turns_s:8.0f} {written.cpu_ms:14.2f} {written.journal_bytes:21}",
            flush=True,
        )


def on(kind: str, turns: int) -> Written:
    """``write`` on an empty database of that kind; in a process in which Django is not set up."""
    with own_sqlite() if kind == "SQLite" else own_postgresql("growth_writes"):
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return write(turns)


def write(turns: int, prefix: str = "CAw") -> Written:
    """Everything of CALLS calls with so many turns each through a Writer, into the database that Django has."""
    from calls.models import Transcript
    from calls.storage.writer import Writer

    records = list(_records(turns, prefix))
    with TemporaryDirectory() as folder:
        writer = Writer(Path(folder))
        began_s, cpu_s = time.monotonic(), time.process_time()
        writer.start()
        for record in records:
            writer.accept(record)
        if not writer.flush(600):
            raise SystemExit("too_slow: the writer was not done after ten minutes")
        seconds, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
        (journal,) = Path(folder).iterdir()
        journal_bytes = journal.stat().st_size
        writer.stop(10)
    written = Transcript.objects.filter(call__call_sid__startswith=prefix).count()
    if written != CALLS * turns:
        raise SystemExit(f"rows_missing: {written} of {CALLS * turns} turns were written: the run is void")
    return Written(written, seconds, cpu_s * 1000 / written, journal_bytes // written)


def _records(turns: int, prefix: str) -> Iterator[object]:
    from calls.core.turns import Source, Turn
    from calls.storage.records import CallEnded, CallStarted, EventNoted, TurnSaved
    from stt.tuning import Tuning

    now = datetime.now(UTC)
    sids = [f"{prefix}{call:03}" for call in range(CALLS)]
    tuning = Tuning().as_dict()
    for sid in sids:
        yield CallStarted(sid, f"MZ{sid}", now, "+972501234567", "+97235550100", tuning, "media:1", 0, f"{sid}.vrec")
    for number in range(1, turns + 1):
        for index, sid in enumerate(sids):
            text = " ".join(WORDS[(number + index + k) % len(WORDS)] for k in range(1 + (number + index) % 9))
            turn = Turn(
                number, number * 4000, number * 4000 + 2100, text, Source.EARLY, rule="strong_partial", engine="google",
                model="default", attempts=1, partial_ms=700, final_ms=310, loop_lag_ms=1.5,
            )  # fmt: skip
            yield TurnSaved(sid, turn)
            if (number + index) % 10 == 0:
                yield TurnSaved(sid, turn.revised(f"{text} בבקשה"))
    for sid in sids:
        yield EventNoted(sid, 1, now, "stream_old", "renewed")
        yield CallEnded(sid, f"MZ{sid}", now, "stop", 4500, 2, 31000, {"dtmf": 1}, {"p50": 0.5, "p99": 2.9, "max": 9.4})


if __name__ == "__main__":
    main()
