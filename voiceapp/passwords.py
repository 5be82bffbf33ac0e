"""Passwords are hashed one at a time, and off the calls' way.

A login costs a third of a second of a core, on purpose. Sixty at once took all cores, and each kept one of the pool's
eight database connections while it hashed: a webhook waited 5 s for one.
"""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from voiceapp.runtime import background

NICENESS = 10
"""A tenth of the processor where somebody else wants it. Other threads have no lower priority, for they would keep the
interpreter's lock while they wait for a turn (voiceapp/runtime/background.py); a hash has not got it."""


def _step_back() -> None:
    background.step_back()
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_thread = ThreadPoolExecutor(1, "passwords", initializer=_step_back)


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's own, in the process's one thread for it."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Hash a password once those that came before are hashed. Blocking."""
        if not connection.in_atomic_block:
            # Back to the pool: others need it while this thread waits.
            connection.close()
        return str(_thread.submit(super().encode, password, salt, iterations).result())
