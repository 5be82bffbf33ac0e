"""A TCP proxy that can be cut or slowed: faults between two processes, without stopping either. Loopback only."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class FaultProxy:
    """Forwards ``proxy.address`` to ``proxy.target`` inside of ``with FaultProxy() as proxy``."""

    def __init__(self, target: str = "") -> None:
        self.target = target
        """host:port; may change while it runs."""
        self.refusing = False
        """New connections are reset at once."""
        self.delay_s = 0.0
        """How long each piece of data waits, in both directions."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._accept, name="fault-proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection, as a lost link does."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    # No lingering: the peer sees a reset, not an end.
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        host, _, port = self.target.rpartition(":")
        try:
            if self.refusing:
                raise ConnectionRefusedError
            far = socket.create_connection((host, int(port)), timeout=5)
        except (OSError, ValueError):
            near.close()
            return
        for one in (near, far):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._pairs.add((near, far))
        threading.Thread(target=self._pump, args=(near, far), daemon=True).start()
        self._pump(far, near)
        with self._lock:
            self._pairs.discard((near, far))
        near.close()
        far.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
