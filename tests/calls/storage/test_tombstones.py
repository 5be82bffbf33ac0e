"""A call that was forgotten is not written again, whoever has read its records before."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls.models import Call, LegalHold, Tombstone, Transcript
from calls.storage import rows, tombstones
from calls.storage.records import TurnSaved
from calls.storage.tombstones import KEPT_FOR, bury, delete_old_tombstones, is_buried
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn
from tests.databases import migrated_postgres, postgresql_url, served_by, shared_database  # noqa: F401 - fixtures
from tests.waiting import PATIENCE_S, eventually

A = STARTED.from_number
OF_ANOTHER = replace(STARTED, call_sid="CA2", from_number="+972521112233")


@pytest.mark.django_db
def test_a_forgotten_call_is_left_out_and_the_others_of_its_batch_are_written():
    bury("", {"CA1"}, NOW)
    assert rows.write([STARTED, turn(), OF_ANOTHER, TurnSaved("CA2", turn().turn), ENDED]) == {"CA1"}
    assert (Call.objects.get().call_sid, Transcript.objects.count()) == ("CA2", 1)


@pytest.mark.django_db
@pytest.mark.parametrize("address", [A, f"whatsapp:{A}", "sip:0501234567@pbx.example.org"])
def test_calls_that_a_forgotten_number_began_before_are_left_out_and_later_ones_written(address):
    """Those of a journal that nobody could search: on another machine, or in a process whose disk was full."""
    bury(A, (), NOW)
    began = replace(STARTED, from_number=address)
    assert rows.write([began]) == {"CA1"}
    assert rows.write([turn(), ENDED]) == {"CA1"}
    later = replace(began, call_sid="CA3", started_at=NOW + timedelta(seconds=1))
    assert rows.write([later, TurnSaved("CA3", turn().turn)]) == set()
    assert (Call.objects.get().call_sid, Transcript.objects.count()) == ("CA3", 1)


@pytest.mark.django_db
def test_a_call_whose_words_were_written_before_its_start_goes_when_the_start_names_the_caller():
    bury(A, (), NOW)
    rows.write([turn()])
    assert rows.write([STARTED]) == {"CA1"}
    assert not Call.objects.exists() and not Transcript.objects.exists()


@pytest.mark.django_db
def test_a_call_that_was_kept_is_written_again_from_its_journal(django_user_model):
    rows.write([STARTED])
    user = django_user_model.objects.create(username="boss")
    LegalHold.objects.create(call=Call.objects.get(), why="a claim", user=user, username="boss", placed_at=NOW)
    bury(A, (), NOW)
    assert rows.write([STARTED, turn()]) == set()
    assert Transcript.objects.get().call.from_number == A


@pytest.mark.django_db
def test_a_tombstone_names_nobody_and_counts_under_an_earlier_secret_key(settings):
    bury(A, {"CA1"}, NOW)
    kept = str(list(Tombstone.objects.values_list("digest", flat=True)))
    assert "CA1" not in kept and A[4:] not in kept
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert rows.write([replace(STARTED, call_sid="CA9")]) == {"CA9"}


@pytest.mark.django_db
def test_a_number_that_is_forgotten_again_is_forgotten_until_then():
    for at in (NOW - timedelta(days=9), NOW):
        bury(A, {"CA0"}, at)
    assert Tombstone.objects.count() == 2
    assert rows.write([STARTED]) == {"CA1"}


@pytest.mark.django_db
def test_tombstones_go_with_the_access_log():
    now = timezone.now()
    bury(A, {"CA1"}, now - KEPT_FOR - timedelta(minutes=1))
    bury("", {"CA2"}, now - KEPT_FOR + timedelta(minutes=1))
    delete_old_tombstones()
    assert (is_buried("CA1"), is_buried("CA2")) == (False, True)


def test_a_batch_that_is_being_written_is_written_before_its_calls_are_buried(shared_database, monkeypatch):  # noqa: F811
    """So whoever deletes the rows next finds them; and a batch that begins later finds the tombstones."""
    asked, goes_on, done = threading.Event(), threading.Event(), []

    def buried(records, calls):
        found = real(records, calls)
        asked.set()
        assert goes_on.wait(PATIENCE_S)
        return found

    real = tombstones.buried
    monkeypatch.setattr(rows, "buried", buried)

    def write():
        with served_by(shared_database):
            done.append(("written", rows.write([STARTED, turn()])))

    def forget():
        with served_by(shared_database):
            bury(A, {"CA1"}, NOW)
            done.append(("buried", set(Call.objects.values_list("call_sid", flat=True))))

    threads = [threading.Thread(target=write), threading.Thread(target=forget)]
    threads[0].start()
    assert asked.wait(PATIENCE_S)
    threads[1].start()
    with served_by(shared_database):
        assert connection.vendor == "sqlite" or eventually(lambda: done or _somebody_waits())
    goes_on.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert done == [("written", set()), ("buried", {"CA1"})]
    with served_by(shared_database):
        Call.objects.all().delete()
        assert rows.write([STARTED, turn()]) == {"CA1"}
        assert not Call.objects.exists()


def _somebody_waits():
    """For a table of this PostgreSQL database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone()[0]
