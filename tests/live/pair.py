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
from tests.databases import put_migrated_database, row_of_ended_call
from tests.live.test_demo import ROOT, WORKER, manage
from tests.waiting import COMMAND_S

REDIS = f"redis://127.0.0.1:6379/{5 + WORKER % 10}"
"""A worker's own place: another pair does not hear what this one announces."""
TOKEN = "pair"  # noqa: S105 - of servers that live for one test
START_S = 120.0


class Pair:
    """``with Pair(tmp_path) as pair``: both answer until left."""

    def __init__(self, folder: Path, settings: str = "voiceapp.settings") -> None:
        self.folder = folder
        self._settings = settings
        self.ports = [free_port(), 0]
        self.ports[1] = free_port(self.ports[0] + 1)
        self._processes: list[subprocess.Popen] = []
        self._emulator = Rig(ROOT / "samples", folder / "emulator.log")

    def __enter__(self):
        put_migrated_database(self.folder)
        self._emulator.start_emulator()
        for port in self.ports:
            environment = {
                **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
                "DEBUG": "1",
                "DJANGO_SETTINGS_MODULE": self._settings,
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
            process.wait(COMMAND_S)
        self._emulator.__exit__()

    def url(self, port):
        return f"http://127.0.0.1:{port}"

    def manage(self, *arguments):
        """A third process on the same database and Redis."""
        environment = {"REDIS_URL": REDIS, "TWILIO_AUTH_TOKEN": TOKEN, "DJANGO_SETTINGS_MODULE": self._settings}
        return manage(*arguments, var_dir=self.folder, **environment)

    def shell(self, code):
        done = self.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tuning_of_a_call(self, port):
        """A short call to one of the servers; the settings that it ran with."""
        sid = "CA" + secrets.token_hex(16)
        line = Line(self.url(port), self.url(port), TOKEN)
        clip = ROOT / "samples" / "answers_1.wav"
        call = SimulatedCall(line, [clip], lead_s=0.2, tail_s=0.4, call_sid=sid)
        with ThreadPoolExecutor(1) as pool:
            # Playwright's loop runs in a browser test's thread.
            pool.submit(lambda: asyncio.run(call.run())).result()
        return json.loads(row_of_ended_call(self.folder, sid)["tuning"])

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


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=20)) as client:
            client.ping()
    except redis.RedisError:
        pytest.skip("needs a Redis on 127.0.0.1:6379")
    with Pair(tmp_path_factory.mktemp("pair")) as pair:
        yield pair
