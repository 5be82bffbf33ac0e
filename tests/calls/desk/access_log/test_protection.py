"""The database itself keeps the access log, as every migration has left it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.utils import timezone

from calls.desk.access_log.entries import KEPT_FOR, delete_old
from calls.models import AccessEntry
from tests.databases import migrated_postgres, postgresql_url, put_migrated_database, served_by  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db  # of a database of its own


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def kept(request, tmp_path):
    """An entry of each kind of database."""
    if request.param == "PostgreSQL":
        url = request.getfixturevalue("migrated_postgres")
    else:
        put_migrated_database(tmp_path / "db.sqlite3")
        url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    with served_by(url):
        user = User.objects.create(username="dana")
        yield entry(user=user)


def entry(began_at=None, **fields):
    began_at = began_at or timezone.now()
    return AccessEntry.objects.create(
        kind="listen", username="dana", call_sid="CA1", began_at=began_at, last_at=began_at, **fields
    )


def refuses(deed):
    with pytest.raises(DatabaseError, match="access_log_is_kept"), transaction.atomic():
        deed()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "read"},
        {"call_sid": "CA2"},
        {"stream_sid": "MZ2"},
        {"turn": 2},
        {"calls": 2},
        {"detail": "none"},
        {"username": "avi"},
        {"began_at": timezone.now()},
        {"last_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_what_an_entry_says_does_not_change(kept, change):
    refuses(lambda: AccessEntry.objects.update(**change))


def test_nobody_else_becomes_the_one_who_did_it(kept):
    other = User.objects.create(username="avi")
    refuses(lambda: AccessEntry.objects.update(user=other))


def test_no_statement_goes_round_the_rows(kept):
    from django.db import connection

    def round_them():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("TRUNCATE calls_revieweraction")
            else:
                columns = "id, kind, call_sid, stream_sid, calls, username, began_at, last_at"
                cursor.execute(
                    f"INSERT OR REPLACE INTO calls_revieweraction ({columns}) "  # noqa: S608 - our own names
                    f"SELECT {columns.replace('username', repr('avi'))} FROM calls_revieweraction"
                )

    refuses(round_them)


def test_an_access_goes_on_and_outlives_the_account(kept):
    later = kept.last_at + timedelta(minutes=1)
    assert AccessEntry.objects.update(last_at=later) == 1
    User.objects.get().delete()
    left = AccessEntry.objects.get()
    assert (left.user, left.username, left.last_at) == (None, "dana", later)


def test_an_entry_is_deleted_after_24_months_and_not_before(kept):
    refuses(lambda: AccessEntry.objects.all().delete())
    entry(timezone.now() - KEPT_FOR - timedelta(hours=1))
    assert delete_old() == 1
    assert AccessEntry.objects.get() == kept
