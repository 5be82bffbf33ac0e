"""Twilio's messages, as captured and as nobody should send them."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calls.core.messages import (
    MAX_PARAMETER_CHARACTERS,
    Connected,
    Dtmf,
    Malformed,
    Mark,
    Media,
    Start,
    Stop,
    _parse_carefully,
    clear_message,
    mark_message,
    media_message,
    parse,
)

MESSAGE_KINDS = (Connected, Start, Media, Dtmf, Mark, Stop, Malformed)
FRAME = bytes(range(160))
PAYLOAD = base64.b64encode(FRAME).decode()


def message(**fields):
    return json.dumps(fields)


def test_a_media_message_gives_its_audio_and_its_place():
    text = message(
        event="media",
        sequenceNumber="2",
        streamSid="MZ1",
        media={"track": "inbound", "chunk": "1", "timestamp": "155", "payload": PAYLOAD},
    )
    assert parse(text) == Media(2, 155, FRAME, "inbound", "MZ1")


def test_integers_are_taken_for_numbers_and_missing_ones_for_unknown():
    assert parse(message(event="media", sequenceNumber=7, media={"payload": PAYLOAD, "timestamp": 40})) == Media(
        7, 40, FRAME
    )
    assert parse(message(event="media", media={"payload": PAYLOAD})) == Media(None, None, FRAME)


def test_a_start_without_format_tracks_or_parameters_is_one():
    start = parse(message(event="start", streamSid="MZ1", start={"callSid": "9f8c-uuid"}))
    assert isinstance(start, Start)
    assert (start.stream_sid, start.call_sid, start.tracks) == ("MZ1", "9f8c-uuid", ())


def test_the_other_events():
    assert parse(message(event="connected", protocol="Call", version="1.0.0")) == Connected("Call", "1.0.0")
    assert parse(message(event="stop")) == Stop()
    assert parse(message(event="dtmf", sequenceNumber="5", dtmf={"digit": "5"})) == Dtmf("5", 5)
    assert parse(message(event="mark", mark={"name": "m1"})) == Mark("m1")


def test_every_event_says_whose_stream_it_is_of():
    events = {"media": {"payload": PAYLOAD}, "dtmf": {"digit": "5"}, "mark": {"name": "m1"}, "stop": {}}
    said = [parse(message(event=event, streamSid="MZ1", **{event: body})) for event, body in events.items()]
    assert [one.stream_sid for one in said] == ["MZ1"] * 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[" * 100_000, "bad_json"),
        ("[]", "not_an_object"),
        ("7", "not_an_object"),
        (message(event="nonsense"), "unknown_event"),
        (message(event=["media"]), "unknown_event"),
        (message(), "unknown_event"),
        (message(event="media"), "missing_field"),
        (message(event="media", media={"payload": 7}), "missing_field"),
        (message(event="media", media={"payload": "!!!"}), "bad_base64"),
        (message(event="media", media={"payload": "שלום"}), "bad_base64"),
        (message(event="media", media={"payload": ""}), "empty_payload"),
        (message(event="start"), "missing_field"),
        (message(event="start", start={"callSid": "CA1"}), "missing_field"),
        (message(event="start", start={"callSid": "CA1", "mediaFormat": {"sampleRate": 16000}}), "bad_media_format"),
        (message(event="start", start={"callSid": "CA1", "mediaFormat": {"encoding": "opus"}}), "bad_media_format"),
        (message(event="start", start={"callSid": "CA1\0", "streamSid": "MZ1"}), "bad_sid"),
        (message(event="start", start={"callSid": "CA1", "streamSid": "x" * 500}), "bad_sid"),
        (message(event="start", streamSid="\ud800", start={"callSid": "CA1"}), "bad_sid"),
        (message(event="dtmf", dtmf={}), "missing_field"),
        (message(event="mark"), "missing_field"),
    ],
)
def test_what_cannot_be_used_has_a_code(text, code):
    parsed = parse(text)
    assert isinstance(parsed, Malformed)
    assert parsed.code == code


def test_a_starts_parameters_are_cleaned_and_bounded():
    said = {"from_number": "+972\x00501\ud800234567", "a\0b": "ב" * 5000}
    started = parse(message(event="start", start={"callSid": "CA1", "streamSid": "MZ1", "customParameters": said}))
    assert started.parameters == {"from_number": "+972501234567", "ab": "ב" * MAX_PARAMETER_CHARACTERS}


def test_what_we_send_is_what_twilio_reads():
    assert json.loads(media_message("MZ1", FRAME)) == {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"payload": PAYLOAD},
    }
    assert json.loads(mark_message("MZ1", "a"))["mark"] == {"name": "a"}
    assert json.loads(clear_message("MZ1")) == {"event": "clear", "streamSid": "MZ1"}


def test_captured_streams_parse_without_a_fault(clips):
    for path in sorted((Path(clips).parent / "twilio").glob("capture_*.jsonl")):
        for line in path.read_text().splitlines():
            assert not isinstance(parse(line), Malformed), line[:80]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "event sequenceNumber streamSid start media dtmf mark stop payload timestamp track callSid mediaFormat"
).split()
EVENTS = ["connected", "start", "media", "dtmf", "mark", "stop"]


wire_numbers = st.sampled_from(
    ["5", "", "x", "-1", "-0", "+5", "05", "5.0", "5.5", "1e3", "٣", "9" * 16, " 5", "null", "true"]
    + [5, -1, 10**15, 5.0, 5.5, None, True, [], {}]
)
payloads = st.binary(max_size=9).map(lambda ulaw: base64.b64encode(ulaw).decode()) | st.text(
    "ABz09+/=- \n_", max_size=9
)


@given(
    payloads, wire_numbers, wire_numbers, st.sampled_from(["inbound", "", "outbound", 3]), st.sampled_from(["MZ1", 3])
)
def test_the_quick_reader_says_what_the_careful_one_says(payload, sequence, at, track, stream_sid):
    media = {"payload": payload, "timestamp": at, "track": track}
    text = message(event="media", sequenceNumber=sequence, media=media, streamSid=stream_sid)
    assert parse(text) == _parse_carefully(text)


@given(st.text())
def test_no_text_raises(text):
    parse(text)


@given(
    st.sampled_from(EVENTS),
    st.dictionaries(
        st.sampled_from(FIELDS), json_values | st.dictionaries(st.sampled_from(FIELDS), json_values), max_size=6
    ),
)
def test_no_message_raises(event, body):
    parse(json.dumps({**body, "event": event}))


LONE_SURROGATE = "\ud800"
any_text = st.text(st.characters(exclude_categories=()), max_size=9) | st.just(LONE_SURROGATE)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
WHOLE = [
    {"event": "connected", "protocol": "Call", "version": "1.0.0"},
    {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1",
            "streamSid": "MZ1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"from_number": "+972501234567"},
        },
    },
    {
        "event": "media",
        "sequenceNumber": "2",
        "streamSid": "MZ1",
        "media": {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": PAYLOAD},
    },
    {"event": "dtmf", "sequenceNumber": "3", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "5"}},
    {"event": "mark", "sequenceNumber": "4", "streamSid": "MZ1", "mark": {"name": "m1"}},
    {"event": "stop", "sequenceNumber": "5", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}},
]


def field_paths(value, path=()):
    """Where each field stands, sections and list items as well."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from field_paths(item, (*path, key))


EVERY_FIELD = [(whole, path) for whole in WHOLE for path in field_paths(whole)]


def with_field(whole, path, value):
    changed = json.loads(json.dumps(whole))
    section = changed
    for key in path[:-1]:
        section = section[key]
    section[path[-1]] = value
    return json.dumps(changed)


@pytest.mark.parametrize(
    ("whole", "path"), EVERY_FIELD, ids=[".".join([whole["event"], *map(str, path)]) for whole, path in EVERY_FIELD]
)
@settings(max_examples=30)
@example(LONE_SURROGATE)
@given(any_json)
def test_no_value_of_any_field_raises(whole, path, value):
    assert isinstance(parse(with_field(whole, path, value)), MESSAGE_KINDS)


@pytest.mark.parametrize("path", [("sequenceNumber",), ("media", "timestamp"), ("media", "chunk")])
def test_a_number_with_a_lone_surrogate_is_unknown_and_its_audio_is_used(path):
    parsed = parse(with_field(WHOLE[2], path, LONE_SURROGATE))
    assert isinstance(parsed, Media)
    assert parsed.ulaw == FRAME
