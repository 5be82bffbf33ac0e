"""Where a server listens: a port, or a unix socket that nginx on the same machine reaches."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daphne.endpoints import build_endpoint_description_strings

BACKLOG = 1024
"""Connections that wait to be taken; Twisted's 50 are gone while the loop is busy for a moment."""
SOCKET_MODE = "660"
"""Its folder's group connects as well: nginx is in it (deploy/install.sh)."""
PORT_IS_BAD = {errno.EADDRINUSE, errno.EACCES}


class PortUnavailable(Exception):
    """Nobody can be served here: the port or socket is taken, or the address is not this machine's."""


@dataclass(frozen=True, slots=True)
class Port:
    """Of an IP address of this machine."""

    host: str
    number: int

    def __str__(self) -> str:
        return f"{self.host}:{self.number}"

    @property
    def url(self) -> str:
        return f"http://{self}"

    def prepare(self) -> None:
        """There is nothing to do."""

    @property
    def endpoint(self) -> str:
        """As Twisted describes it."""
        (described,) = build_endpoint_description_strings(host=self.host, port=self.number)
        return f"{described}:backlog={BACKLOG}"

    def advice(self, cause: Any) -> str:
        """What to do about an error of listening."""
        # Another port helps only where the address is this machine's.
        port_is_bad = getattr(cause, "errno", None) in PORT_IS_BAD
        return "PORT to one that is free" if port_is_bad else "HOST to an address of this machine"


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """One that a process left behind is taken over; one that a process listens on is not."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def url(self) -> str:
        return f"unix:{self.path}"

    def prepare(self) -> None:
        """Remove the socket of a process that has ended. Never raises: listening says what is wrong."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink(missing_ok=True)
            except OSError:
                pass

    @property
    def endpoint(self) -> str:
        """As Twisted describes it. Without its lock, which names a process: in a container each one is number 1."""
        escaped = str(self.path).replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")
        return f"unix:{escaped}:mode={SOCKET_MODE}:backlog={BACKLOG}:lockfile=0"

    def advice(self, cause: Any) -> str:
        """What to do about an error of listening."""
        return "--unix to a path in a folder that this process may write, and that no other server has"
