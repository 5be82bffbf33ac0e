"""What a server says to Twilio over the media socket, checked as Twilio checks it: media, mark and clear. Pure.

A message that breaks the protocol becomes a StreamFault with Twilio's own code. Twilio warns once a stream
(https://www.twilio.com/docs/api/errors/31950, /31951); here each one is kept, so that a test finds it. Whether Twilio
uses a message that is understood all the same is not documented: here one that lacks its streamSid, or has a field too
many, is a fault and is used; any other fault is not used.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass
from typing import Any

MALFORMED = 31950
"""Not decodable: a binary message."""
INVALID = 31951
"""Not of the protocol: no JSON, an unknown event, a wrong or missing field, another stream's SID, broken base64."""
OVERFLOW = 31931
"""More audio was sent ahead than Twilio keeps."""
BODIES: dict[str, tuple[str, ...]] = {"media": ("media",), "mark": ("mark",), "clear": ()}
"""Each event's own object."""
FIELDS = {"media": "payload", "mark": "name"}
"""The one field of an event's object."""


@dataclass(frozen=True, slots=True)
class ServerAudio:
    """Audio for the caller: µ-law of any size."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class ServerMark:
    """To be sent back when what came before it was played."""

    name: str


@dataclass(frozen=True, slots=True)
class ServerClear:
    """Drop what is not played yet."""


ServerMessage = ServerAudio | ServerMark | ServerClear


@dataclass(frozen=True, slots=True)
class StreamFault:
    """What Twilio would write into the account's log."""

    code: int
    """``MALFORMED``, ``INVALID`` or ``OVERFLOW``."""
    reason: str
    at_samples: int = 0
    """Of the call's time, at 8 kHz."""


def read_server_message(data: str | bytes, stream_sid: str) -> tuple[ServerMessage | None, StreamFault | None]:
    """The message, None if it cannot be used, and what is wrong with it. Never raises."""
    if isinstance(data, bytes):
        return None, StreamFault(MALFORMED, "binary message")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None, StreamFault(INVALID, "no JSON")
    if not isinstance(body, dict):
        return None, StreamFault(INVALID, "no object")
    event = body.get("event")
    if not isinstance(event, str) or event not in BODIES:
        return None, StreamFault(INVALID, f"unknown event {event!r:.40}")
    if body.get("streamSid", stream_sid) != stream_sid:
        return None, StreamFault(INVALID, f"{event} with another stream's SID")
    message = _message(event, body)
    if isinstance(message, StreamFault):
        return None, message
    if "streamSid" not in body:
        return message, StreamFault(INVALID, f"{event} without streamSid")
    return message, _unexpected(event, body)


def _message(event: str, body: dict[str, Any]) -> ServerMessage | StreamFault:
    if event == "clear":
        return ServerClear()
    section = body.get(event)
    value = section.get(FIELDS[event]) if isinstance(section, dict) else None
    if not isinstance(value, str) or not value:
        return StreamFault(INVALID, f"{event} without {event}.{FIELDS[event]}")
    if event == "mark":
        return ServerMark(value)
    try:
        return ServerAudio(binascii.a2b_base64(value.encode("ascii"), strict_mode=True))
    except ValueError:
        return StreamFault(INVALID, "media.payload is no base64")


def _unexpected(event: str, body: dict[str, Any]) -> StreamFault | None:
    fields = set(body) - {"event", "streamSid", *BODIES[event]}
    if event in FIELDS:
        fields |= {f"{event}.{name}" for name in set(body[event]) - {FIELDS[event]}}
    return StreamFault(INVALID, f"{event} with unexpected {', '.join(sorted(fields))}") if fields else None
