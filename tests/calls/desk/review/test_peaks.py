"""How loud a recording is: what its waveform shows."""

import json

import pytest
from django.urls import reverse

from calls.core.sender_clock import MAX_MEDIA_MS
from calls.desk.privacy.files import call_files, delete_files
from calls.desk.review import peaks
from calls.desk.review.peaks import MOST_PEAKS, peaks_of
from calls.storage.recording import RecordingError, line_file
from stt.audio import pcm_to_ulaw
from tests.calls.storage.test_recording import record
from tests.counters import counted
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime import metrics

LOUDEST = 51
"""Of LOUD, in hundredths of full scale."""
LOUD, QUIET = pcm_to_ulaw(b"\x00\x40" * 160), pcm_to_ulaw(b"\x10\x00" * 160)


def recorded(path, frames, begins_ms=0):
    record(path, [(begins_ms + 20 * at, frame) for at, frame in enumerate(frames)])
    return path


def test_a_column_is_as_loud_as_its_loudest_sample(tmp_path):
    path = recorded(tmp_path / "a.vrec", [QUIET, LOUD, QUIET], begins_ms=140)
    assert peaks_of(path) == {"duration_s": 0.06, "channels": [[0, LOUDEST, 0]]}


def test_a_gap_is_silence_and_the_line_has_its_own_channel(tmp_path):
    path = tmp_path / "a.vrec"
    record(path, [(0, LOUD), (60, LOUD)])
    record(line_file(path), [(20, LOUD)])
    assert peaks_of(path)["channels"] == [[LOUDEST, 0, 0, LOUDEST], [0, LOUDEST, 0, 0]]


@pytest.mark.parametrize("frames", [MOST_PEAKS, MOST_PEAKS + 1, 2 * MOST_PEAKS + 7])
def test_a_long_call_has_no_more_columns_than_a_screen_needs(tmp_path, frames):
    found = peaks_of(recorded(tmp_path / "a.vrec", [QUIET] * (frames - 1) + [LOUD]))
    (columns,) = found["channels"]
    assert (len(columns) <= MOST_PEAKS, columns[-1], max(columns[:-1])) == (True, LOUDEST, 0)
    assert found["duration_s"] == pytest.approx(frames * 0.02)


def test_a_damaged_time_makes_no_file_of_weeks(tmp_path):
    path = tmp_path / "a.vrec"
    record(path, [(0, LOUD), (10 * MAX_MEDIA_MS, LOUD)])
    found = peaks_of(path)
    assert (found["duration_s"], len(found["channels"][0]) <= MOST_PEAKS) == (MAX_MEDIA_MS / 1000, True)


def test_it_is_computed_once_and_kept(tmp_path, monkeypatch):
    path = recorded(tmp_path / "a.vrec", [LOUD])
    first = peaks_of(path)
    monkeypatch.setattr(peaks, "_loudest", None)
    assert peaks_of(path) == first
    assert [kept.name for kept in tmp_path.glob("*.peaks")] == ["a.peaks"]


def test_what_was_cut_off_while_it_was_kept_is_computed_again(tmp_path):
    path = recorded(tmp_path / "a.vrec", [LOUD])
    whole = peaks_of(path)
    path.with_suffix(".peaks").write_text(json.dumps(whole)[:9])
    assert peaks_of(path) == whole


def test_where_it_cannot_be_kept_it_is_shown_all_the_same(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError("read-only")

    path = recorded(tmp_path / "a.vrec", [LOUD])
    monkeypatch.setattr(peaks, "NamedTemporaryFile", refuse)
    before = counted(metrics.PEAKS_NOT_KEPT)
    assert peaks_of(path)["channels"] == [[LOUDEST]]
    assert counted(metrics.PEAKS_NOT_KEPT) == before + 1


def test_of_a_recording_that_is_deleted_while_it_is_looked_at_none_are_kept(tmp_path, monkeypatch):
    path = recorded(tmp_path / "recordings" / "20261127" / "CA1-MZ1.vrec", [LOUD])
    other = recorded(path.with_name("CA2-MZ2.vrec"), [LOUD])
    computed = peaks._loudest

    def then_deleted(*arguments):
        found = computed(*arguments)
        files = [file for file in call_files(tmp_path / "recordings") if file.call == "CA1"]
        assert delete_files(tmp_path / "recordings", files).files == 1
        return found

    monkeypatch.setattr(peaks, "_loudest", then_deleted)
    assert peaks_of(path)["channels"] == [[LOUDEST]]
    assert list(path.parent.iterdir()) == [other]


def test_what_is_no_recording_has_none(tmp_path):
    (tmp_path / "a.vrec").write_bytes(b"none")
    with pytest.raises(RecordingError):
        peaks_of(tmp_path / "a.vrec")


@pytest.mark.django_db
@pytest.mark.parametrize(("group", "status"), [("reviewer", 200), ("supervisor", 200), ("tuner", 403)])
def test_who_may_listen_gets_it_and_has_not_listened_by_that(sign_in, call, group, status):
    from calls.models import AccessEntry

    answer = sign_in(group).get(reverse("review-peaks", args=[call.pk, 1]))
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["duration_s"], answer["Cache-Control"]) == (6.0, "private, no-store")
    assert not AccessEntry.objects.exists()


@pytest.mark.django_db
def test_where_there_is_no_recording_there_are_none(sign_in, call, recording):
    client = sign_in("reviewer")
    recording.write_bytes(b"none")
    assert client.get(reverse("review-peaks", args=[call.pk, 1])).status_code == 404
    assert client.get(reverse("review-peaks", args=[call.pk, 2])).status_code == 404
