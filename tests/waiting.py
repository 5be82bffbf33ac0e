"""Waiting for what another thread or process does."""

import time


def eventually(condition, timeout_s=10.0, every_s=0.001):
    """What the condition gave when it became true; what it gave last, where it did not in time. Asked every so many
    seconds: seldom, where asking takes the time that it waits for."""
    until_s = time.monotonic() + timeout_s
    while not (met := condition()) and time.monotonic() < until_s:
        time.sleep(every_s)
    return met
