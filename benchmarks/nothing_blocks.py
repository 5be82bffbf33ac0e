"""Is one blocked call felt by another? ``python -m benchmarks.nothing_blocks``

Real daphne, real sockets, real gRPC to the emulator. Three rows: nothing wrong; one call whose ``_hebrew_stt`` hangs
for 2 s and another with a database query of 500 ms every two seconds; the same trouble under channels' own dispatch.
The figure is each frame's delay, from the simulator's send to the place in the recogniser's queue, one monotonic clock.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from calls.lab.call_report import CallReport, Line
from calls.lab.simulator import SimulatedCall
from tests.paths import ROOT
from voiceapp.runtime.percentile import percentile

STUCK, QUERYING, PLAIN = "+97235550101", "+97235550102", "+97235550100"
START_S = 30.0
TOKEN = "benchmark"  # noqa: S105 - of a server that lives for this run


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    trouble: bool
    stock: bool = False


ROWS = (
    Row("nothing wrong", trouble=False),
    Row("one-shot stuck 2 s, query of 500 ms", trouble=True),
    Row("the same, channels' own dispatch", trouble=True, stock=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--clips", type=int, default=5, help="Recordings a call.")
    options = parser.parse_args()
    print(f"{options.calls} calls; delay of a frame, send → handled, ms (the sender's own lateness beside it)")
    print(f"{'':40} {'frames':>7} {'p50':>7} {'p99':>7} {'max':>7}   {'late p99':>8}")
    for row in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            delays, late = _run(row, options.calls, options.clips, Path(folder))
        print(
            f"{row.name:40} {len(delays):7} {percentile(delays, 0.5):7.2f} {percentile(delays, 0.99):7.2f}"
            f" {max(delays):7.1f}   {percentile(late, 0.99):8.2f}",
            flush=True,
        )


def _run(row: Row, calls: int, clips: int, var_dir: Path) -> tuple[list[float], list[float]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DEBUG": "1",
        "VAR_DIR": str(var_dir),
        "PUBLIC_URL": url,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TROUBLE": str(int(row.trouble)),
    }
    with (var_dir / "log").open("w") as log:
        emulator = subprocess.Popen(
            [sys.executable, "manage.py", "speech_emulator"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert emulator.stdout is not None
        environment["STT_EMULATOR_HOST"] = emulator.stdout.readline().split()[-1]
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, stderr=log)
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.blocked_server", str(port), *(["--stock"] if row.stock else [])],
            cwd=ROOT,
            env=environment,
            stderr=log,
        )
        try:
            _wait_until_ready(url)
            reports = asyncio.run(_call(Line(url, url, TOKEN), calls, clips))
        finally:
            for process in (server, emulator):
                process.terminate()
            for process in (server, emulator):
                process.wait(60)
    delays: list[float] = []
    for report in reports:
        handled_s = json.loads((var_dir / f"handled-{report.call_sid}.json").read_text())
        if len(handled_s) != report.frames_sent:
            raise SystemExit(f"frames_missing: {len(handled_s)} of {report.frames_sent} handled: the run is void")
        delays += [(at - sent) * 1000 for sent, at in zip(report.sent_s, handled_s, strict=True)]
    return delays, [late for report in reports for late in report.late_ms]


async def _call(line: Line, calls: int, clips: int) -> list[CallReport]:
    samples = sorted((ROOT / "samples").glob("*.wav"))

    async def one(index: int) -> CallReport:
        await asyncio.sleep(index * 0.13)
        number = {1: STUCK, 2: QUERYING}.get(index, PLAIN)
        chosen = [samples[(index * clips + i) % len(samples)] for i in range(clips)]
        own = Line(line.base_url, line.public_url, line.auth_token, to_number=number)
        return await SimulatedCall(own, chosen, seed=index, from_number=f"+97250000{index:04}").run()

    return await asyncio.gather(*(one(index) for index in range(calls)))


def _wait_until_ready(url: str) -> None:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("server_failed: the server did not start")


if __name__ == "__main__":
    main()
