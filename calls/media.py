"""Twilio Media Streams JSON <-> messages. Pure: no socket, no clock, never raises.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages. Numbers arrive as strings, but some senders
write integers; fields can be missing. Whatever is wrong becomes a ``Malformed`` with a stable code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Connected:
    protocol: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    stream_sid: str
    call_sid: str
    account_sid: str = ""
    tracks: tuple[str, ...] = ()
    sequence: int | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Media:
    """Audio of one track: any length, 20 ms as a rule."""

    sequence: int | None
    """Counts every message of the stream; None when the sender gave none."""
    at_ms: int | None
    """The frame's timestamp: ms since the start of the stream; None when the sender gave none."""
    ulaw: bytes
    track: str = "inbound"


@dataclass(frozen=True, slots=True)
class Dtmf:
    digit: str
    sequence: int | None = None
    track: str = "inbound_track"


@dataclass(frozen=True, slots=True)
class Mark:
    """Twilio has played (or, after ``clear``, dropped) what came before the mark of this name."""

    name: str
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    call_sid: str = ""
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that cannot be used. ``code`` is stable and counted on the call."""

    code: str
    """``bad_json`` | ``not_an_object`` | ``unknown_event`` | ``bad_base64`` | ``empty_payload`` | ``missing_field`` |
    ``bad_media_format``."""
    detail: str = ""
    """For the log; never audio, digits or words."""


Message = Connected | Start | Media | Dtmf | Mark | Stop | Malformed


def parse(text: str) -> Message:
    """One text frame from Twilio as a message. Never raises."""
    raise NotImplementedError
