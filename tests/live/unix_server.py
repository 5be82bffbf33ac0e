"""Servers behind unix sockets, as deploy/systemd/ starts them, and requests to them."""

import http.client
import os
import socket
import subprocess
import sys
import time

from tests.paths import ROOT

START_S = 120.0


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=START_S)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class UnixServer:
    """``with UnixServer(socket, log, environment) as server``: it answers until left."""

    def __init__(self, path, log, environment):
        self.path, self._log, self._environment = path, log, environment
        self.start()

    def start(self):
        """Again, once it has ended."""
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--unix", str(self.path)],
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self):
        self.wait_until_ready()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def wait_until_ready(self):
        until_s = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < until_s:
            try:
                if self.status_of("/readyz") == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def status_of(self, path):
        connection = UnixConnection(self.path)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()
