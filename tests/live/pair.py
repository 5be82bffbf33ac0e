"""Two server processes on one database and one Redis, as in production, and calls to either."""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from calls.lab.call_report import Line
from calls.lab.rig import Rig, free_port
from calls.lab.simulator import SimulatedCall
from tests.live.test_demo import ROOT, manage

REDIS = "redis://127.0.0.1:6379/5"
TOKEN = "pair"  # noqa: S105 - of servers that live for one test
START_S = 30.0


class Pair:
    """``with Pair(tmp_path) as pair``: both answer until left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port(), 0]
        self.ports[1] = free_port(self.ports[0] + 1)
        self._processes: list[subprocess.Popen] = []
        self._emulator = Rig(ROOT / "samples", folder / "emulator.log")

    def __enter__(self):
        assert self.manage("migrate", "-v0").returncode == 0
        self._emulator.start_emulator()
        for port in self.ports:
            environment = {
                **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
                "DEBUG": "1",
                "VAR_DIR": str(self.folder),
                "REDIS_URL": REDIS,
                "TWILIO_AUTH_TOKEN": TOKEN,
                "PUBLIC_URL": self.url(port),
                "STT_EMULATOR_HOST": self._emulator.emulator_address,
            }
            with (self.folder / f"{port}.log").open("w") as log:
                self._processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.live.slow_round_server", str(port)],
                        cwd=ROOT,
                        env=environment,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        for port in self.ports:
            self._wait_for(port)
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(30)
        self._emulator.__exit__()

    def url(self, port):
        return f"http://127.0.0.1:{port}"

    def manage(self, *arguments):
        """A third process on the same database and Redis."""
        return manage(*arguments, var_dir=self.folder, REDIS_URL=REDIS, TWILIO_AUTH_TOKEN=TOKEN)

    def shell(self, code):
        done = self.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def call(self, port):
        """A short call to one of the servers; what the export says of it."""
        sid = "CA" + secrets.token_hex(16)
        line = Line(self.url(port), self.url(port), TOKEN)
        clip = ROOT / "samples" / "answers_1.wav"
        call = SimulatedCall(line, [clip], lead_s=0.2, tail_s=0.4, call_sid=sid)
        with ThreadPoolExecutor(1) as pool:
            # Playwright's loop runs in a browser test's thread.
            pool.submit(lambda: asyncio.run(call.run())).result()
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            done = self.manage("export_calls", "--call", sid)
            kept = json.loads(done.stdout) if done.returncode == 0 else {}
            if kept.get("ended_at"):
                return kept
        raise AssertionError("the call was not kept")

    def _wait_for(self, port):
        until_s = time.monotonic() + START_S
        while time.monotonic() < until_s:
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(f"{self.url(port)}/readyz"),  # noqa: S310 - loopback
            ):
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{port}.log").read_text())


@pytest.fixture
def pair(tmp_path):
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=2)) as client:
            client.ping()
    except redis.RedisError:
        pytest.skip("needs a Redis on 127.0.0.1:6379")
    with Pair(tmp_path) as pair:
        yield pair
