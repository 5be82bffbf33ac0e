"""Twilio Media Streams JSON <-> messages. Pure: no socket, no clock, never raises.

Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages. Numbers arrive as strings, but some senders
write integers; fields can be missing. Whatever is wrong becomes a ``Malformed`` with a stable code.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import msgspec

from calls.core.text import clean, is_sid

ENCODING = "audio/x-mulaw"
SAMPLE_RATE_HZ = 8000
MAX_DIGITS = 15
"""A sequence number or timestamp with more digits is none."""
MAX_PARAMETER_CHARACTERS = 500
"""Twilio takes less than this of a name and its value: https://www.twilio.com/docs/voice/twiml/stream#parameter."""


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


class Media(msgspec.Struct, frozen=True, gc=False):
    """Audio of one track: any length, 20 ms as a rule. Made fifty times a second a call: a struct costs a ninth."""

    sequence: int | None
    """Counts every message of the stream; None when the sender gave none."""
    at_ms: int | None
    """The frame's timestamp: ms since the start of the stream; None when the sender gave none."""
    ulaw: bytes
    track: str = "inbound"
    stream_sid: str = ""


@dataclass(frozen=True, slots=True)
class Dtmf:
    digit: str
    sequence: int | None = None
    track: str = "inbound_track"
    stream_sid: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Twilio has played (or, after ``clear``, dropped) what came before the mark of this name."""

    name: str
    sequence: int | None = None
    stream_sid: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    call_sid: str = ""
    sequence: int | None = None
    stream_sid: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that cannot be used. ``code`` is stable and counted on the call."""

    code: str
    """``bad_json`` | ``not_an_object`` | ``unknown_event`` | ``bad_base64`` | ``empty_payload`` | ``missing_field`` |
    ``bad_media_format`` | ``bad_sid``."""
    detail: str = ""
    """For the log; never audio, digits or words."""
    is_start: bool = False
    """It was meant to start the stream."""


Message = Connected | Start | Media | Dtmf | Mark | Stop | Malformed


_Count = Annotated[int, msgspec.Meta(ge=0, lt=10**MAX_DIGITS)]
"""Twilio writes it as a string: read where strings are taken for numbers."""


class _WireAudio(msgspec.Struct, gc=False):
    payload: bytes
    """msgspec reads bytes as base64."""
    timestamp: _Count
    track: str = "inbound"


class _WireMedia(msgspec.Struct, gc=False):
    """A media message as Twilio writes it. Whatever differs is left to the careful readers below."""

    event: Literal["media"]
    media: _WireAudio
    sequenceNumber: _Count  # noqa: N815 - Twilio's name
    streamSid: str = ""  # noqa: N815


_WIRE_MEDIA = msgspec.json.Decoder(_WireMedia, strict=False)
"""A seventh of what json and base64 take, for 98 of 100 messages."""


def parse(text: str) -> Message:
    """One text frame from Twilio as a message. Never raises."""
    try:
        wire = _WIRE_MEDIA.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return _parse_carefully(text)
    audio = wire.media
    if not audio.payload:
        return Malformed("empty_payload")
    return Media(wire.sequenceNumber, audio.timestamp, audio.payload, audio.track or "inbound", wire.streamSid)


def _parse_carefully(text: str) -> Message:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Malformed("bad_json")
    if not isinstance(body, dict):
        return Malformed("not_an_object")
    event = body.get("event")
    reader = _READERS.get(event) if isinstance(event, str) else None
    if reader is None:
        return Malformed("unknown_event")
    message = reader(body)
    if isinstance(message, Malformed) and event == "start":
        return replace(message, is_start=True)
    return message


def media_message(stream_sid: str, ulaw: bytes) -> str:
    """Audio for the caller: any length, no header."""
    payload = binascii.b2a_base64(ulaw, newline=False).decode("ascii")
    # Base64 needs no escapes: json looks for them in each of its characters, which takes most of the message's time.
    return f'{{"event": "media", "streamSid": {json.dumps(stream_sid)}, "media": {{"payload": "{payload}"}}}}'


def mark_message(stream_sid: str, name: str) -> str:
    """Asks Twilio to say when everything sent so far has been played."""
    return json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}})


def clear_message(stream_sid: str) -> str:
    """Empties Twilio's buffer; pending marks come back, not heard."""
    return json.dumps({"event": "clear", "streamSid": stream_sid})


def _media(body: dict[str, Any]) -> Message:
    media = _section(body, "media")
    payload = media.get("payload")
    if not isinstance(payload, str):
        return Malformed("missing_field", "media.payload")
    try:
        ulaw = binascii.a2b_base64(payload.encode("ascii"), strict_mode=True)
    except ValueError:
        return Malformed("bad_base64")
    if not ulaw:
        return Malformed("empty_payload")
    return Media(
        sequence=_number(body.get("sequenceNumber")),
        at_ms=_number(media.get("timestamp")),
        ulaw=ulaw,
        track=_text(media.get("track")) or "inbound",
        stream_sid=_text(body.get("streamSid")),
    )


def _start(body: dict[str, Any]) -> Message:
    start = _section(body, "start")
    media_format = _section(start, "mediaFormat")
    if media_format and (
        media_format.get("encoding", ENCODING) != ENCODING
        or _number(media_format.get("sampleRate", SAMPLE_RATE_HZ)) != SAMPLE_RATE_HZ
        or _number(media_format.get("channels", 1)) != 1
    ):
        return Malformed("bad_media_format")
    call_sid = _text(start.get("callSid"))
    if not call_sid:
        return Malformed("missing_field", "start.callSid")
    stream_sid = _text(start.get("streamSid")) or _text(body.get("streamSid"))
    if not stream_sid:
        return Malformed("missing_field", "start.streamSid")
    if not is_sid(call_sid) or not is_sid(stream_sid):
        return Malformed("bad_sid")
    # Twilio always names the account; some senders leave it out, but none writes an empty one.
    if "accountSid" in start and not is_sid(_text(start["accountSid"])):
        return Malformed("bad_sid", "start.accountSid")
    tracks = start.get("tracks")
    parameters = _section(start, "customParameters")
    return Start(
        stream_sid=stream_sid,
        call_sid=call_sid,
        account_sid=_text(start.get("accountSid")),
        tracks=tuple(track for track in tracks if isinstance(track, str)) if isinstance(tracks, list) else (),
        sequence=_number(body.get("sequenceNumber")),
        parameters={
            clean(name): clean(value, MAX_PARAMETER_CHARACTERS)
            for name, value in parameters.items()
            if isinstance(value, str)
        },
    )


def _connected(body: dict[str, Any]) -> Message:
    return Connected(_text(body.get("protocol")), _text(body.get("version")))


def _dtmf(body: dict[str, Any]) -> Message:
    dtmf = _section(body, "dtmf")
    digit = _text(dtmf.get("digit"))
    if not digit:
        return Malformed("missing_field", "dtmf.digit")
    track = _text(dtmf.get("track")) or "inbound_track"
    return Dtmf(digit, _number(body.get("sequenceNumber")), track, _text(body.get("streamSid")))


def _mark(body: dict[str, Any]) -> Message:
    name = _text(_section(body, "mark").get("name"))
    if not name:
        return Malformed("missing_field", "mark.name")
    return Mark(name, _number(body.get("sequenceNumber")), _text(body.get("streamSid")))


def _stop(body: dict[str, Any]) -> Message:
    call_sid = _text(_section(body, "stop").get("callSid"))
    return Stop(call_sid, _number(body.get("sequenceNumber")), _text(body.get("streamSid")))


_READERS: dict[str, Callable[[dict[str, Any]], Message]] = {
    "media": _media,
    "connected": _connected,
    "start": _start,
    "dtmf": _dtmf,
    "mark": _mark,
    "stop": _stop,
}


def _section(body: dict[str, Any], name: str) -> dict[str, Any]:
    section = body.get(name)
    return section if isinstance(section, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    """A count that Twilio writes as a string and others as a number; None for anything else."""
    try:
        return msgspec.convert(value, _Count, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):  # a lone surrogate is no UTF-8
        return None
