"""nginx in front of two servers, by the rules of deploy/nginx/: what a rig of a balancer needs. Loopback only,
plain http, its files in a folder of its own, a child process of the rig.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from calls.lab.rig import START_TIMEOUT_S, Rig, RigError, free_port

DEPLOYED = settings.BASE_DIR / "deploy" / "nginx" / "voiceapp.conf"
DEPLOYED_SOCKETS = ("media-1", "media-2", "web")
"""The sockets in the deployed rules: two media processes, and the process of the pages."""
OF_A_BOX = r"^ *(ssl_|server_name |listen \[::\]|access_log /|error_log /).*\n"
"""Lines of the deployed rules that name a certificate, a domain, an address or a file of the box they are for."""
TEMPORARY_FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""nginx keeps these folders where only root may write, unless it is told otherwise."""


@dataclass(slots=True)
class BalancedRig(Rig):
    """``with BalancedRig(folder, log) as rig``: ``port`` is nginx's, behind it ``servers`` of one VAR_DIR."""

    ports: tuple[int, ...] = ()
    servers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start_server(self) -> None:
        """Start both servers and nginx. Raises RigError."""
        nginx = find_nginx()
        self.port, *ports = (free_port() for _ in range(3))
        self.ports = tuple(ports)
        self.servers = [self.serve(port) for port in self.ports]
        folder = Path(settings.VAR_DIR) / "nginx"
        folder.mkdir(exist_ok=True)
        path = folder / "nginx.conf"
        path.write_text(configuration(DEPLOYED.read_text(), folder, self.port, self.ports))
        balancer = self.start([nginx, "-p", str(folder), "-e", "stderr", "-c", str(path)])
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s and balancer.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RigError(f"nginx_failed: nginx did not start; see {self.log}")


def find_nginx() -> str:
    """Raises RigError where there is none."""
    # Debian's stands where only root looks.
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        raise RigError("no_nginx: a balancer needs nginx: apt install nginx-light")
    return nginx


def configuration(deployed: str, folder: Path, port: int, servers: Sequence[int]) -> str:
    """The deployed rules for these two servers, without TLS. Raises RigError where they are not as expected."""
    rules = re.sub(OF_A_BOX, "", deployed, flags=re.MULTILINE)
    changes = {"listen 443 ssl;": f"listen 127.0.0.1:{port};"}
    # The pages' process is the second one.
    for name, own in zip(DEPLOYED_SOCKETS, (*servers, servers[-1]), strict=True):
        changes[f"server unix:/run/voiceapp/{name}/http.sock"] = f"server 127.0.0.1:{own}"
    for old, new in changes.items():
        if rules.count(old) != 1:
            raise RigError(f"nginx_failed: deploy/nginx/voiceapp.conf does not say {old!r} once")
        rules = rules.replace(old, new)
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY_FOLDERS)
    # As root its workers would be nobody, who may not write here.
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""{user}
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
access_log off;
{temporary}
{rules}
}}
"""
