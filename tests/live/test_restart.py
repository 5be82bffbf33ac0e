"""PostgreSQL is restarted under a running server: what comes next does not notice."""

import asyncio
import contextlib
import http.cookiejar
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from calls.lab.call_report import Line
from calls.lab.rig import free_port
from calls.lab.simulator import SimulatedCall
from tests.databases import migrate
from tests.live.test_demo import ROOT, manage
from tests.live.test_process import TOKEN, Process

pytestmark = pytest.mark.live
PATIENCE_S = 30.0
POOLED = 6
"""Connections that the pool has when the server is restarted: every one of them is dead."""


class OwnPostgres:
    """A PostgreSQL of this test's own, which may be restarted."""

    def __init__(self):
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        found = shutil.which("pg_ctl") or (binaries and str(binaries[-1]))
        if not found:
            pytest.skip("needs the programs of a PostgreSQL server")
        self._bin = Path(found).parent
        self._folder = tempfile.mkdtemp()
        self._as = {}
        if os.getuid() == 0:
            # A PostgreSQL never runs as root.
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self):
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        self._control("start")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.CalledProcessError):
            self._control("stop")
        shutil.rmtree(self._folder)

    def restart(self):
        self._control("restart")

    def _control(self, what):
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-w", "-m", "immediate", "-o", options, "-l", f"{self._folder}/log", what)

    def _run(self, name, *arguments):
        command = [str(self._bin / name), "-D", self._folder, *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=PATIENCE_S, **self._as)


@pytest.fixture
def own_postgres():
    with OwnPostgres() as postgres:
        yield postgres


class Reviewer:
    """A person with a session in the admin."""

    def __init__(self, url):
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def log_in(self, username, password):
        self.status_of("/admin/login/")
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        form = {"csrfmiddlewaretoken": token, "username": username, "password": password, "next": "/admin/"}
        return self.status_of("/admin/login/", urllib.parse.urlencode(form).encode())

    def lands_on(self, path):
        """Where redirects lead to."""
        with self._opener.open(self.url + path, timeout=PATIENCE_S) as answer:
            return urllib.parse.urlsplit(answer.url).path

    def status_of(self, path, body=None):
        try:
            with self._opener.open(self.url + path, body, timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def call_to(process):
    line = Line(process.url, process.url, TOKEN)
    clip = ROOT / "samples" / "answers_1.wav"
    return SimulatedCall(line, [clip], lead_s=0.2, tail_s=0.4, call_sid="CA" + secrets.token_hex(16))


def status_callback(process):
    """Whether the server took one."""
    call = call_to(process)
    asyncio.run(call.post("/twilio/status", {"CallSid": call.call_sid, "CallStatus": "in-progress"}))


def test_what_comes_after_a_restart_does_not_notice_it(tmp_path, own_postgres):
    migrate(own_postgres.url, tmp_path)
    database = {"DATABASE_URL": own_postgres.url}
    with Process(tmp_path, "manage.py", "serve", "--port", **database) as process:
        person = {"DJANGO_SUPERUSER_PASSWORD": "secret", **database}
        made = manage(
            "createsuperuser", "--noinput", "--username", "r", "--email", "r@x.org", var_dir=tmp_path, **person
        )
        assert made.returncode == 0, made.stderr
        reviewer = Reviewer(process.url)
        assert reviewer.log_in("r", "secret") == 200
        with ThreadPoolExecutor(POOLED) as callers:
            for _ in range(5):
                list(callers.map(status_callback, [process] * POOLED))
        own_postgres.restart()
        assert process.ask("/readyz")["database"] == "up", process.log.read_text()
        for _ in range(POOLED):
            status_callback(process)
            assert reviewer.status_of("/admin/calls/call/") == 200
        own_postgres.restart()
        call = call_to(process)
        asyncio.run(call.run())
        with psycopg.connect(own_postgres.url) as connection:
            kept = "SELECT 1 FROM calls_call WHERE call_sid = %s AND ended_at IS NOT NULL"
            until_s = time.monotonic() + PATIENCE_S
            while not connection.execute(kept, [call.call_sid]).fetchone():
                assert time.monotonic() < until_s, process.log.read_text()
                connection.rollback()
                time.sleep(0.1)
        assert "the database took no rows" not in process.log.read_text()
