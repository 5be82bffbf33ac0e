"""Waiting for what another thread does."""

import time


def eventually(condition, timeout_s=10.0):
    """The condition became true in time."""
    until_s = time.monotonic() + timeout_s
    while not (met := condition()) and time.monotonic() < until_s:
        time.sleep(0.001)
    return met
