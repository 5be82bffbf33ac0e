"""A box of deploy/'s own files on loopback: nginx with TLS, two media processes and the pages' one behind unix sockets,
PostgreSQL and Redis."""

import contextlib
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

from calls.lab.balancer import TEMPORARY_FOLDERS, find_nginx
from calls.lab.rig import Rig, free_port
from tests.live.unix_server import UnixServer
from tests.paths import ROOT, SAMPLES

TOKEN = "deployed"  # noqa: S105 - of servers that live for one test
DOMAIN = "voice.test"
DRAIN_S = "30"
PATIENCE_S = 30.0


class DeployedBox:
    """``with DeployedBox(folder, database_url, redis_url) as box``: all of it answers until left."""

    def __init__(self, folder, database_url, redis_url):
        self.folder, self.database_url = folder, database_url
        self.url = f"https://127.0.0.1:{free_port()}"
        self._https = self.url.rpartition(":")[2]
        self.status_url = f"http://127.0.0.1:{free_port()}"
        self._emulator = Rig(SAMPLES, folder / "emulator.log")
        self._environment = {
            "ENV_FILE": "",
            "DEBUG": "0",
            "SECRET_KEY": "of one test" * 5,
            "VAR_DIR": str(folder / "var"),
            "PUBLIC_URL": f"https://{DOMAIN}",
            "TWILIO_AUTH_TOKEN": TOKEN,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DRAIN_TIMEOUT_S": DRAIN_S,
        }
        self.certificate = folder / "etc/voiceapp/tls/fullchain.pem"
        """For whoever asks it: SSL_CERT_FILE."""
        self._left = contextlib.ExitStack()
        self.servers = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self._emulator.__exit__)
            self._emulator.log.write_text("")
            self._emulator.start_emulator()
            self._environment["STT_EMULATOR_HOST"] = self._emulator.emulator_address
            subprocess.run([*self._installer, "--files", self.folder], check=True, stdout=subprocess.DEVNULL)
            for name in ("media-1", "media-2", "web"):
                path = self.folder / "run/voiceapp" / name / "http.sock"
                path.parent.mkdir(parents=True)
                assert self._started_by_its_unit(name) == ["--unix", str(path)]
                self.servers[name] = UnixServer(path, self.folder / f"{name}.log", self._environment)
                stack.callback(self.servers[name].__exit__)
            self._start_nginx(stack)
            for server in self.servers.values():
                server.wait_until_ready()
            self._left = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._left.close()

    @property
    def _installer(self):
        installer = [ROOT / "deploy" / "install.sh", "--domain", DOMAIN, "--media", "2", "--drain-timeout", DRAIN_S]
        return [*installer, "--prefix", self.folder]

    def _started_by_its_unit(self, name):
        """The arguments that the unit gives to script/server."""
        kind, _, instance = name.partition("-")
        unit = self.folder / "systemd" / (f"voiceapp-{kind}@.service" if instance else f"voiceapp-{kind}.service")
        (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
        program, *arguments = command.replace("%i", instance).split()
        assert program.endswith("/opt/voiceapp/current/script/server")
        return arguments

    def _start_nginx(self, stack):
        tls = self.folder / "etc/voiceapp/tls"
        tls.mkdir(parents=True)
        made = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={DOMAIN} -addext".split()
        key = ["subjectAltName=IP:127.0.0.1", "-keyout", tls / "privkey.pem", "-out", self.certificate]
        subprocess.run([*made, *key], check=True, capture_output=True)
        (self.folder / "var/log/nginx").mkdir(parents=True)
        rules = "".join(path.read_text() for path in sorted((self.folder / "nginx").glob("*.conf")))
        rules = re.sub(r"^ *listen \[::\].*\n", "", rules, flags=re.MULTILINE)
        for deployed, here in {
            "listen 443 ssl;": f"listen 127.0.0.1:{self._https} ssl;",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 127.0.0.1:9180;": f"listen {self.status_url.removeprefix('http://')};",
        }.items():
            assert rules.count(deployed) == 1
            rules = rules.replace(deployed, here)
        temporary = "\n".join(f"{name}_temp_path {self.folder}/{name};" for name in TEMPORARY_FOLDERS)
        # As root its workers would be nobody, who may not enter the test's folder.
        user = "user root;" if os.geteuid() == 0 else ""
        path = self.folder / "nginx.conf"
        path.write_text(
            f"{user}\ndaemon off;\npid {self.folder}/nginx.pid;\nevents {{ worker_connections 1024; }}\n"
            f"http {{\n{temporary}\n{rules}\n}}\n"
        )
        with (self.folder / "nginx.log").open("w") as log:
            nginx = subprocess.Popen([find_nginx(), "-e", "stderr", "-c", path], stderr=log, start_new_session=True)
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s and nginx.poll() is None:
            with contextlib.suppress(OSError):
                asked(self.status_url)
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "nginx.log").read_text())

    def answer(self, path, headers=None):
        """What nginx answers to a browser: the status, where it leads, and the text."""
        return asked(self.url + path, {"Host": DOMAIN, **(headers or {})})

    def restart(self, name):
        """As systemd does: told to end, waited for, started again; returns how it ended."""
        server = self.servers[name]
        server.process.terminate()
        code = server.process.wait(float(DRAIN_S) + PATIENCE_S)
        server.start()
        server.wait_until_ready()
        return code

    def logs(self):
        """All that nginx and the servers have written down."""
        return "".join(path.read_text() for path in [*self.folder.glob("*.log"), *self.folder.glob("var/log/nginx/*")])


def asked(url, headers=None):
    """The status, where it leads, and the text."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(Stay)
    try:
        with opener.open(urllib.request.Request(url, headers=headers or {}), timeout=PATIENCE_S) as answer:  # noqa: S310
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Location", ""), error.read().decode()
