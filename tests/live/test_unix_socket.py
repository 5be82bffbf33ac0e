"""A server behind a unix socket."""

import stat
import subprocess
import sys

import pytest

from tests.databases import put_migrated_database
from tests.live.unix_server import UnixServer
from tests.paths import ROOT

pytestmark = pytest.mark.live


def test_a_socket_is_a_groups_and_one_that_a_killed_process_left_is_no_hindrance(tmp_path):
    put_migrated_database(tmp_path)
    environment = {
        "DEBUG": "1",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "TWILIO_AUTH_TOKEN": "t",
        "STT_EMULATOR_HOST": "127.0.0.1:9",
    }
    path = tmp_path / "http.sock"
    with UnixServer(path, tmp_path / "first.log", environment) as server:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        command = [sys.executable, "manage.py", "serve", "--unix", str(path)]
        other = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
        said = other.stderr.strip().splitlines()[-1]
        assert said.startswith(f"CommandError: port_unavailable: {path}: ") and "Set --unix to " in said
        server.process.kill()
        server.process.wait()
        assert path.exists()
    with UnixServer(path, tmp_path / "second.log", environment) as server:
        assert server.status_of("/healthz") == 200
