"""Passwords are hashed one at a time, and off the calls' way.

A login costs a third of a second of a core, on purpose. Sixty at once took all cores, and each kept one of the pool's
eight database connections while it hashed: a webhook waited 5 s for one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from voiceapp.runtime import background

_thread = ThreadPoolExecutor(1, "passwords", initializer=background.step_back)


class OneAtATimeHasher(PBKDF2PasswordHasher):
    """Django's own, in the process's one thread for it."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Hash a password once those that came before are hashed. Blocking."""
        if not connection.in_atomic_block:
            # Back to the pool: others need it while this thread waits.
            connection.close()
        return str(_thread.submit(super().encode, password, salt, iterations).result())
