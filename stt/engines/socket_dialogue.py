"""SocketDialogue: one stream's share of a vendor's protocol over a WebSocket. Pure: no I/O, no clock.

stt/engines/sockets.py calls it so: ``opening`` once; then ``audio``, ``heard`` and ``keep_alive`` in any order;
``ending`` once; ``heard`` until it is ``done``.
"""

from __future__ import annotations

from collections.abc import Iterable

from stt.events import Final, Interim

Result = Interim | Final


class SocketDialogue:
    """A vendor's class gives ``heard`` and whatever differs from what is here."""

    linger_s = 0.0
    """Seconds to go on reading once it is ``done``, where the vendor's last word cannot be told from the one before."""
    keep_alive = ""
    """The message for a while without audio; empty: none is sent."""

    def __init__(self) -> None:
        self.done = False
        """The vendor has said its last word."""
        self.half_closed = False

    def opening(self) -> Iterable[str]:
        """Messages before the audio."""
        return ()

    def audio(self, ulaw: bytes) -> str | bytes:
        """A message with this audio."""
        return ulaw

    def ending(self) -> Iterable[str | bytes]:
        """The half-close: messages that ask for everything that is still to be said."""
        return ()

    def heard(self, message: str | bytes) -> Iterable[Result]:
        """What a message of the vendor's says. May raise RecognizerError and msgspec.MsgspecError, nothing else."""
        raise NotImplementedError
