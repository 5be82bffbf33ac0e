"""A recording as a WAV file, and the parts of it that players ask for."""

import audioop
import io
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.desk.review.ranges import RangeNotSatisfiable, asked_range
from calls.desk.review.wave import WAV_HEADER, Wave
from calls.storage.recording import HEADER, SLOT_BYTES, RecordingError
from stt.audio import BYTES_PER_MS, ULAW_SILENCE, ulaw_to_pcm
from tests.calls.storage.test_recording import frames, record, record_line, sound
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture

AUDIO = frames(150)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Three seconds that begin at 140 ms, with a gap of 1.5 s behind the first."""
    path = tmp_path_factory.mktemp("wave") / "call.vrec"
    record(path, [(140 + 20 * i + (1500 if i >= 50 else 0), frame) for i, frame in enumerate(AUDIO)])
    return Wave(path)


def whole(one):
    return one.read(0, one.size_bytes)


def test_it_is_a_wav_of_the_call_with_silence_in_the_gap(recorded):
    assert (recorded.begins_ms, recorded.ends_ms) == (140, 4640)
    with wave.open(io.BytesIO(whole(recorded))) as wav:
        assert (wav.getframerate(), wav.getsampwidth(), wav.getnchannels()) == (8000, 2, 1)
        gap = bytes(1500 * BYTES_PER_MS * 2)
        first, rest = ulaw_to_pcm(b"".join(AUDIO[:50])), ulaw_to_pcm(b"".join(AUDIO[50:]))
        assert wav.readframes(wav.getnframes()) == first + gap + rest


@given(first=st.integers(0, 80_000), length=st.integers(1, 40_000))
def test_any_part_is_the_part_of_the_whole(recorded, first, length):
    assert recorded.read(first, length) == whole(recorded)[first : first + length]


def test_a_damaged_second_is_silent_and_the_rest_keeps_its_time(tmp_path):
    path = tmp_path / "call.vrec"
    record(path, [(20 * i, frame) for i, frame in enumerate(AUDIO)])
    data = bytearray(path.read_bytes())
    data[len(HEADER) + SLOT_BYTES + 100] ^= 1
    path.write_bytes(data)
    pcm = whole(Wave(path))[WAV_HEADER.size :]
    assert pcm == ulaw_to_pcm(b"".join(AUDIO[:50])) + bytes(16_000) + ulaw_to_pcm(b"".join(AUDIO[100:]))


@pytest.mark.parametrize("damaged", [0, 2])
def test_a_file_with_a_damaged_end_has_the_times_of_what_is_left(tmp_path, damaged):
    path = tmp_path / "call.vrec"
    record(path, [(20 * i, frame) for i, frame in enumerate(AUDIO)])
    data = bytearray(path.read_bytes())
    data[len(HEADER) + damaged * SLOT_BYTES + 100] ^= 1
    path.write_bytes(data)
    assert (Wave(path).begins_ms, Wave(path).ends_ms) == ((1000, 3000) if damaged == 0 else (0, 2000))


def test_a_recording_without_a_whole_second_holds_no_audio(tmp_path):
    (tmp_path / "call.vrec").write_bytes(HEADER)
    with pytest.raises(RecordingError, match="no audio"):
        Wave(tmp_path / "call.vrec")


def test_a_time_of_weeks_is_damage(tmp_path):
    path = tmp_path / "call.vrec"
    record(path, [(0, AUDIO[0]), (2_000_000_000, AUDIO[1])])
    assert Wave(path).size_bytes < 2**31


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-1", (0, 2)),
        ("bytes=40-59", (40, 60)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=0-1,5-6", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("seconds=1-2", None),
    ],
)
def test_a_range_is_what_its_header_says(header, part):
    assert asked_range(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(header):
    with pytest.raises(RangeNotSatisfiable):
        asked_range(header, 100)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Three seconds, in which the line says something from 1 s on, and beyond the call's end."""
    path = tmp_path_factory.mktemp("stereo") / "call.vrec"
    record(path, [(140 + 20 * i, frame) for i, frame in enumerate(AUDIO)])
    record_line(path, [(1000, sound(4000)), (2900, sound(16_000, seed=2))])
    return Wave(path)


def test_where_the_line_spoke_it_is_stereo_with_the_caller_left(answered):
    with wave.open(io.BytesIO(whole(answered))) as wav:
        assert (wav.getframerate(), wav.getsampwidth(), wav.getnchannels()) == (8000, 2, 2)
        pcm = wav.readframes(wav.getnframes())
    assert audioop.tomono(pcm, 2, 1, 0) == ulaw_to_pcm(b"".join(AUDIO))
    said = bytearray(ULAW_SILENCE * 24_000)
    said[860 * 8 : 860 * 8 + 4000], said[2760 * 8 :] = sound(4000), sound(16_000, seed=2)[: 240 * 8]
    assert audioop.tomono(pcm, 2, 0, 1) == ulaw_to_pcm(bytes(said))


@given(first=st.integers(0, 100_000), length=st.integers(1, 40_000))
def test_any_part_of_two_channels_is_the_part_of_the_whole(answered, first, length):
    assert answered.read(first, length) == whole(answered)[first : first + length]
