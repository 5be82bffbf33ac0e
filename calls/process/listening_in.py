"""ListeningIn: who listens in to which running call in this process, and word of it to the process that runs the call.

A listener's socket (calls/desk/supervision/listening.py) and the call may be two processes': the sound comes through
the channel layer, to the call's group, while it is wanted. It is asked for again and again, so that nothing has to be
taken back: a listener's process that dies is forgotten after LEASE_S, and a call that goes on in another process is
listened to there from the next asking on.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from calls.process.change_notices import ChangeNotices
from calls.process.registry import RunningCall

LEASE_S = 10.0
RENEW_S = 4.0
"""How often a listener asks: two may be lost."""
MOST_OF_CALL, MOST_OF_PROCESS = 5, 20
"""Listeners. Each costs its process 8 to 16 kB/s."""


def group_of(call_sid: str) -> str:
    """The channel layer's group that a call's sound goes to. Ids come from outside, and groups take few characters."""
    return f"listen.{sha256(call_sid.encode()).hexdigest()[:32]}"


class ListeningIn:
    """One process's. ``begin``, ``end``, ``ask`` on a loop, ``heard`` on the thread that listens for words."""

    def __init__(self, calls: Iterable[RunningCall], notices: ChangeNotices) -> None:
        self._calls, self._notices = calls, notices
        self._listeners: Counter[str] = Counter()
        """By CallSid."""

    def begin(self, call_sid: str) -> bool:
        """One more listener. False: there are as many as there may be."""
        if self._listeners[call_sid] >= MOST_OF_CALL or self._listeners.total() >= MOST_OF_PROCESS:
            return False
        self._listeners[call_sid] += 1
        return True

    def end(self, call_sid: str) -> None:
        """One listener less."""
        self._listeners[call_sid] -= 1
        self._listeners = +self._listeners

    async def ask(self, call_sid: str) -> None:
        """The call's sound is wanted, whichever process runs it. Never raises; waits for Redis a second at most."""
        self._ask_here(call_sid)
        await self._notices.tell(json.dumps({"listen": call_sid}).encode())

    def heard(self, word: bytes) -> None:
        """Another process asks; a word that is none of ours is passed over."""
        try:
            call_sid = json.loads(word)["listen"]
        except (ValueError, KeyError, TypeError):
            return
        self._ask_here(call_sid)

    def _ask_here(self, call_sid: str) -> None:
        for call in self._calls:
            if call.call_sid == call_sid:
                with contextlib.suppress(RuntimeError):  # its loop has ended
                    call.loop.call_soon_threadsafe(call.listen_in)
