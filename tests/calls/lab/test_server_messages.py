"""What a server says is checked as Twilio checks it."""

import json

import pytest

from calls.core.messages import clear_message, mark_message, media_message
from calls.lab.server_messages import ServerAudio, ServerClear, ServerMark, read_server_message

SID = "MZ1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (media_message(SID, b"\x00\x7f\xff"), ServerAudio(b"\x00\x7f\xff")),
        (mark_message(SID, "a1.1"), ServerMark("a1.1")),
        (clear_message(SID), ServerClear()),
    ],
)
def test_what_the_product_sends_is_in_order(text, message):
    assert read_server_message(text, SID) == (message, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x7f\xff", 31950),
        ("{", 31951),
        ("[" * 100_000, 31951),
        ("[]", 31951),
        ('{"event": "dtmf", "streamSid": "MZ1"}', 31951),
        ('{"event": ["media"], "streamSid": "MZ1"}', 31951),
        (media_message("MZ2", b"\xff"), 31951),
        ('{"event": "media", "streamSid": "MZ1"}', 31951),
        ('{"event": "media", "streamSid": "MZ1", "media": {"playload": "/w=="}}', 31951),
        ('{"event": "media", "streamSid": "MZ1", "media": {"payload": ""}}', 31951),
        ('{"event": "media", "streamSid": "MZ1", "media": {"payload": "/w="}}', 31951),
        ('{"event": "media", "streamSid": "MZ1", "media": {"payload": "א"}}', 31951),
        ('{"event": "mark", "streamSid": "MZ1", "mark": {"name": 1}}', 31951),
    ],
)
def test_a_message_that_breaks_the_protocol_is_a_fault_and_not_used(data, code):
    message, fault = read_server_message(data, SID)
    assert (message, fault.code) == (None, code)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"streamSid": None}, "streamSid"), ({"track": "outbound"}, "track"), ({"media": {"a": 1}}, r"media\.a")],
)
def test_a_message_that_is_understood_despite_its_fault_is_used(changes, says):
    body = json.loads(media_message(SID, b"\xff"))
    for name, value in changes.items():
        if value is None:
            del body[name]
        elif isinstance(value, dict):
            body[name] |= value
        else:
            body[name] = value
    message, fault = read_server_message(json.dumps(body), SID)
    assert message == ServerAudio(b"\xff")
    assert fault.code == 31951 and says.replace("\\", "") in fault.reason
