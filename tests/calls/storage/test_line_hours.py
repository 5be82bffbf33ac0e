"""Sums of lines' hours say what rows say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from calls.desk.review.head import heard_share
from calls.models import Call, ChangedHour, LineHour, SumsState, Transcript
from calls.storage import line_hours, sums_folder
from calls.storage.line_hours import HOUR, any_marked, fold, hour_of, mark, mark_all
from calls.storage.records import CallStarted
from calls.storage.rows import write
from tests.calls.storage.sample_records import ENDED, NOW, STARTED
from tests.calls.summed_histories import CLOCKS_BACK, differing, kept, live, one_by_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def nothing_unseen():
    """No hour is marked but for what changes."""
    SumsState.objects.create(pk=1, marked_at=timezone.now())


def test_sums_and_rows_agree_after_any_history():
    assert differing(range(6)) == []


def test_they_are_made_anew_from_rows():
    live(7)
    sums = kept()
    LineHour.objects.all().delete()
    LineHour.objects.create(hour=NOW, line="gone", calls=3)
    call_command("rebuild_sums", verbosity=0)
    assert kept() == sums == one_by_one()


def test_two_hours_of_one_name_are_two():
    before, after = (hour_of(CLOCKS_BACK + minutes) for minutes in (timedelta(minutes=59), timedelta(minutes=60)))
    assert after - before == HOUR
    assert timezone.localtime(before).hour == timezone.localtime(after).hour == 1


def test_a_zone_of_half_hours_has_its_own(settings):
    settings.TIME_ZONE = "Asia/Kolkata"
    timezone.get_default_timezone.cache_clear()
    try:
        assert hour_of(datetime(2026, 11, 23, 10, 40, tzinfo=UTC)) == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    finally:
        timezone.get_default_timezone.cache_clear()


def test_what_an_older_version_wrote_is_counted():
    """It marks nothing: everything is marked where there are no sums, the last day's hours once an hour."""
    Call.objects.create(call_sid="CA1", started_at=NOW)
    assert any_marked() and fold() == 1
    assert LineHour.objects.get().calls == 1
    assert not any_marked()
    Call.objects.create(call_sid="CA2", started_at=timezone.now())
    SumsState.objects.update(marked_at=timezone.now() - 2 * HOUR)
    assert any_marked()
    fold(100)
    assert sum(row.calls for row in LineHour.objects.all()) == 2


def test_a_change_while_its_hour_is_counted_is_counted_next(monkeypatch, nothing_unseen):
    write([STARTED])
    counted = line_hours.counted

    def interrupted(hour):
        rows = counted(hour)
        write([CallStarted("CA2", "MZ2", NOW, "", STARTED.to_number)])
        return rows

    monkeypatch.setattr(line_hours, "counted", interrupted)
    fold()
    monkeypatch.undo()
    assert (LineHour.objects.get().calls, ChangedHour.objects.count()) == (1, 1)
    fold()
    assert LineHour.objects.get().calls == 2


def test_the_newest_hours_are_counted_first(nothing_unseen):
    for hours in range(5):
        Call.objects.create(call_sid=f"CA{hours}", started_at=NOW - hours * HOUR)
    mark_all()
    assert fold(2) == 2
    assert sorted(LineHour.objects.values_list("hour", flat=True)) == [NOW - HOUR, NOW]


def test_a_call_that_began_earlier_leaves_its_hour(nothing_unseen):
    write([STARTED, ENDED])
    fold()
    write([CallStarted("CA1", "MZ0", NOW - HOUR, "", STARTED.to_number)])
    fold()
    assert [(row.hour, row.calls) for row in LineHour.objects.all()] == [(NOW - HOUR, 1)]


def test_a_call_that_was_never_heard_is_of_no_hour(nothing_unseen):
    mark([None])
    assert not any_marked()


def test_the_thread_rests_when_nothing_has_changed(monkeypatch, nothing_unseen):
    monkeypatch.setattr(sums_folder, "fold", lambda: pytest.fail("folded"))
    assert sums_folder._fold_some() == sums_folder.EVERY_S


def test_the_thread_goes_on_at_once_while_much_waits(monkeypatch):
    monkeypatch.setattr(sums_folder, "fold", lambda: line_hours.HOURS_AT_ONCE)
    assert sums_folder._fold_some() == sums_folder.PAUSE_S


def test_a_count_that_fails_keeps_its_marks(monkeypatch, nothing_unseen):
    write([STARTED])

    def away(hour):
        raise DatabaseError

    monkeypatch.setattr(line_hours, "counted", away)
    with pytest.raises(DatabaseError):
        fold()
    assert ChangedHour.objects.count() == 1


def test_a_turn_that_ends_before_it_begins_takes_nothing_away(nothing_unseen):
    call = Call.objects.create(call_sid="CA1", started_at=NOW)
    for number, started_ms, ended_ms in ((1, 0, 700), (2, 5000, 1000)):
        Transcript.objects.create(call=call, number=number, started_ms=started_ms, ended_ms=ended_ms, text="שלום")
    mark([NOW])
    assert fold() == 1
    row = LineHour.objects.get()
    assert (row.spoken_ms, row.heard_ms) == (700, 700)
    assert heard_share(call).spoken_ms == 700


def test_what_other_engines_heard_is_summed_apart(nothing_unseen):
    heard = ({"soniox": 30, "deepgram": 2}, {"soniox": 12}, {})
    for n, by_others in enumerate(heard):
        Call.objects.create(call_sid=f"CA{n}", started_at=NOW, stt_stream_s=60, other_engine_s=by_others)
    mark([NOW])
    fold()
    assert LineHour.objects.get().other_engine_s == {"soniox": 42, "deepgram": 2}
    assert LineHour.objects.get().stt_stream_s == 180
