"""What does encryption at rest cost, beside the same without it? ``python -m benchmarks.encryption``

Plain and encrypted in turn, so that what the machine does otherwise meets both. Written: CPU of what the disk's thread
does for a minute of a call (a slot of both sides' sound and two lines of the trace each second), of the journal for
a record. Read: what a player that seeks waits for, at random places of a recording of an hour.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import django
from django.conf import settings

RANGE_BYTES = 128 * 1024
"""As the call's page reads and sends (calls/desk/review/views.py)."""
HOUR_S = 3600
TRACE_LINE_BYTES = 220
JOURNAL_BATCH = 10

Measure = Callable[[Path, Random], dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="Of each; the median counts.")
    options = parser.parse_args()
    settings.configure(STORAGE_KEYS=None, INSTALLED_APPS=["django.contrib.contenttypes"], USE_TZ=True)
    django.setup()
    print(f"medians of {options.rounds} rounds, plain and encrypted in turn")
    print(f"{'':52} {'plain':>9} {'encrypted':>9} {'ratio':>6} {'more':>8}")
    for measure in (written, journaled, read):
        plain, encrypted = both(measure, options.rounds)
        for name, before in plain.items():
            after = encrypted[name]
            print(f"{name:52} {before:9.3f} {after:9.3f} {after / before:6.2f} {after - before:8.3f}", flush=True)


def both(measure: Measure, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Medians without and with a key."""
    from voiceapp.runtime.storage_keys import StorageKey, StorageKeys

    kinds = StorageKeys(), StorageKeys([StorageKey.new()])
    found: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for number in range(rounds):
        for keys, one in zip(kinds, found, strict=True):
            settings.STORAGE_KEYS = keys
            with TemporaryDirectory() as folder:
                one.append(measure(Path(folder), Random(number)))
    plain, encrypted = ({name: statistics.median(run[name] for run in one) for name in one[0]} for one in found)
    return plain, encrypted


def written(folder: Path, random: Random) -> dict[str, float]:
    """The files of ten minutes of a call on which both sides speak all the time."""
    from calls.storage.kept_files import GrowingFile
    from calls.storage.recording import HEADER, SLOT_BYTES

    minutes = 10
    slot, line = random.randbytes(SLOT_BYTES), random.randbytes(TRACE_LINE_BYTES).hex()[:TRACE_LINE_BYTES].encode()
    began_s = time.process_time()
    sounds = [GrowingFile(folder / name, HEADER, SLOT_BYTES) for name in ("a.vrec", "a.line.vrec")]
    trace = GrowingFile(folder / "a.trace")
    for _ in range(60 * minutes):
        for sound in sounds:
            sound.append(slot)
        for _line in range(2):
            trace.append(line + b"\n")
    for file in (*sounds, trace):
        file.finish()
        file.close()
    cpu_ms = (time.process_time() - began_s) * 1000
    size_bytes = sum(path.stat().st_size for path in folder.iterdir())
    return {
        "written, CPU ms a call-minute": cpu_ms / minutes,
        "written, kB a call-minute": size_bytes / minutes / 1000,
    }


def journaled(folder: Path, random: Random) -> dict[str, float]:
    """A thousand records, in batches, and read back."""
    from calls.storage.journal import Journal
    from calls.storage.records import EndChosen

    records = [EndChosen(f"CA{random.randbytes(16).hex()}", f"MZ{at:032}", "שלום " * 20) for at in range(1000)]
    journal = Journal.begin(folder)
    began_s = time.process_time()
    for at in range(0, len(records), JOURNAL_BATCH):
        journal.append(records[at : at + JOURNAL_BATCH])  # type: ignore[arg-type]
    appended_s = time.process_time()
    while (batch := journal.unwritten(200))[0]:
        journal.checkpoint(batch[1])
    read_s = time.process_time()
    journal.close()
    return {
        "journal, CPU ms to append 1000 records by 10": (appended_s - began_s) * 1000,
        "journal, CPU ms to read 1000 records back": (read_s - appended_s) * 1000,
    }


def read(folder: Path, random: Random) -> dict[str, float]:
    """An hour's recording, sought in, and its waveform."""
    from calls.desk.review.peaks import peaks_of
    from calls.desk.review.wave import Wave
    from calls.storage.recording import Recorder
    from calls.storage.recording_disk import RecordingDisk

    path, disk = folder / "hour.vrec", RecordingDisk()
    recorder = Recorder(path, disk)
    for second in range(HOUR_S):
        recorder.push(1000 * second, random.randbytes(8000))
    recorder.finish()
    disk.start()
    disk.stop(60)
    waits_ms, opens_ms = [], []
    for _ in range(200):
        at_s = time.perf_counter()
        wave = Wave(path)
        opens_ms.append((time.perf_counter() - at_s) * 1000)
        first = random.randrange(wave.size_bytes - RANGE_BYTES)
        at_s = time.perf_counter()
        wave.read(first, RANGE_BYTES)
        waits_ms.append((time.perf_counter() - at_s) * 1000)
    began_s = time.process_time()
    peaks_of(path)
    return {
        "read, ms to open an hour's recording, median": statistics.median(opens_ms),
        "read, ms for 128 kB anywhere in it, median": statistics.median(waits_ms),
        "read, ms for 128 kB anywhere in it, p95": statistics.quantiles(waits_ms, n=20)[-1],
        "waveform of the hour, CPU ms": (time.process_time() - began_s) * 1000,
        "recording of an hour, MB": path.stat().st_size / 1e6,
    }


if __name__ == "__main__":
    main()
