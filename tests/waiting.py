"""Waiting for what another thread or process does."""

import time

from channels.testing import WebsocketCommunicator

PATIENCE_S = 30.0
"""For all that has to succeed: a busy machine takes seconds for what is done in a millisecond, and only a failure waits
for it to the end."""
COMMAND_S = 600.0
"""For a process that does something and ends: three seconds of processor time are a minute on a busy machine."""


def eventually(condition, timeout_s=PATIENCE_S, every_s=0.001):
    """What the condition gave when it became true; what it gave last, where it did not in time. Asked every so many
    seconds: seldom, where asking takes the time that it waits for."""
    until_s = time.monotonic() + timeout_s
    while not (met := condition()) and time.monotonic() < until_s:
        time.sleep(every_s)
    return met


class Socket(WebsocketCommunicator):
    """A WebSocket of one of our consumers; Channels' own gives up after one second."""

    async def connect(self, within_s=PATIENCE_S):
        return await super().connect(within_s)

    async def receive_output(self, within_s=PATIENCE_S):
        return await super().receive_output(within_s)

    async def receive_from(self, within_s=PATIENCE_S):
        return await super().receive_from(within_s)

    async def receive_json_from(self, within_s=PATIENCE_S):
        return await super().receive_json_from(within_s)

    async def disconnect(self, code=1000, within_s=PATIENCE_S):
        return await super().disconnect(code, within_s)

    async def wait(self, within_s=PATIENCE_S):
        return await super().wait(within_s)
