"""What is missing of a file of a call is said, and whether its end is."""

import pytest

from calls.storage.losses import Loss, loss_of
from tests.calls.storage.test_kept_files import change, grown, record
from tests.storage_keys import NEW, OLD, plain_and_encrypted, under  # noqa: F401 - a fixture

LINES = [b'{"event": "Final", "now_ms": %d}' % number for number in range(4)]


@pytest.fixture
def recording(tmp_path):
    return record(tmp_path / "CA1-MZ1.vrec", 0, 1, 2, 3)


@pytest.fixture
def trace(tmp_path):
    return grown(tmp_path / "CA1-MZ1.trace", *LINES)


def test_of_whole_files_nothing_is(recording, trace):
    assert not loss_of(recording) and not loss_of(trace)


def test_a_damaged_second_and_a_damaged_line_are_counted(recording, trace):
    change(recording, recording.stat().st_size // 2)
    lines = trace.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:8] + b"\x00" + lines[2][9:]
    trace.write_bytes(b"".join(lines))
    assert loss_of(recording) == Loss(parts=1) == loss_of(trace)
    assert loss_of(recording).sentence(recording) == "recording_damaged: CA1-MZ1.vrec: 1 seconds of it cannot be read"
    assert loss_of(trace).sentence(trace) == "trace_damaged: CA1-MZ1.trace: 1 lines of it cannot be read"


def test_what_was_cut_off_has_no_end(recording, trace):
    for path in (recording, trace):
        path.write_bytes(path.read_bytes()[:-5])
        assert loss_of(path) == Loss(has_no_end=True)
        assert loss_of(path).sentence(path).endswith(f"{path.name}: its end is missing")


def test_a_file_of_which_nothing_can_be_read_says_why(recording, trace, plain_and_encrypted):  # noqa: F811
    if plain_and_encrypted == "encrypted":
        with under(OLD):
            assert {loss_of(path).code for path in (recording, trace)} == {"storage_key_missing"}
    recording.write_bytes(b"no recording")
    assert loss_of(recording).sentence(recording) == "damaged_recording: CA1-MZ1.vrec: none of it can be read"
