"""What Twilio says over the media socket, as text, and what it reads in a TwiML. Numbers are strings, as captured."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ElementTree  # noqa: S405 - our own server's TwiML
from typing import Any

ACCOUNT_SID = "AC" + "0" * 32
CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})
FIRST_SEQUENCE = 2
"""The first frame's sequence number: ``start`` has 1, ``connected`` has none."""


def start_message(call_sid: str, stream_sid: str, stream: Any) -> str:
    """``stream``: the TwiML's element, whose parameters come back in it."""
    start = {
        "accountSid": ACCOUNT_SID,
        "streamSid": stream_sid,
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {p.get("name"): p.get("value") for p in stream.iter("Parameter")},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "start": start, "streamSid": stream_sid})


def media_message(stream_sid: str, index: int, at_ms: int, ulaw: bytes, marks: int = 0) -> str:
    """The stream's frame of this index, from 0; ``marks``: so many went back before it, each with a number."""
    media = {
        "track": "inbound",
        "chunk": str(index + 1),
        "timestamp": str(at_ms),
        "payload": base64.b64encode(ulaw).decode("ascii"),
    }
    sequence = str(FIRST_SEQUENCE + index + marks)
    return json.dumps({"event": "media", "sequenceNumber": sequence, "media": media, "streamSid": stream_sid})


def mark_echo(stream_sid: str, name: str, before: int) -> str:
    """A mark that comes back; ``before``: frames and marks before it."""
    sequence = str(FIRST_SEQUENCE + before)
    return json.dumps({"event": "mark", "sequenceNumber": sequence, "streamSid": stream_sid, "mark": {"name": name}})


def stop_message(call_sid: str, stream_sid: str, before: int) -> str:
    """``before``: frames and marks before it."""
    stop = {"accountSid": ACCOUNT_SID, "callSid": call_sid}
    sequence = str(FIRST_SEQUENCE + before)
    return json.dumps({"event": "stop", "sequenceNumber": sequence, "streamSid": stream_sid, "stop": stop})


def connect_of(twiml: str) -> tuple[Any, str]:
    """The <Stream> that a TwiML connects to and its action; None without one."""
    root = ElementTree.fromstring(twiml)  # noqa: S314 - our own server's TwiML
    connect = root.find("Connect")
    if connect is None:
        return None, ""
    return connect.find("Stream"), connect.get("action", "")
