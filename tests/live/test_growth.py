"""What only a PostgreSQL can show: its indexes, who may not have them, and the benchmarks that fill it."""

import subprocess
import sys
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from calls.models import Transcript
from tests.calls.spoken_and_searched import mistaken
from tests.calls.summed_histories import differing
from tests.databases import SERVER, migrated_postgres, postgres, postgresql_url, served_by  # noqa: F401 - fixtures
from tests.live.test_demo import ROOT, manage

pytestmark = pytest.mark.live
INDEXES = {
    *("call_newest", "call_status_newest", "turn_engine", "turn_code_call", "turn_unsearchable"),
    *("turn_seldom_source", "value_unsearchable", "queue_of_a_line", "queue_without_line", "queue_of_two"),
}
TRIGRAMS = {"call_from_trigrams", "call_to_trigrams", "turn_search_trigrams", "value_search_trigrams"}


def valid_indexes(url):
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid").fetchall()
    return {name for (name,) in rows} & (INDEXES | TRIGRAMS)


def migrate(*arguments, var_dir, database_url):
    """The command's end. Without Django's checks, which import all pages."""
    return manage("migrate", "-v0", "--skip-checks", *arguments, var_dir=var_dir, DATABASE_URL=database_url)


def test_the_list_has_its_indexes_and_a_broken_build_is_mended(tmp_path, postgres):  # noqa: F811
    assert migrate("calls", "0001", var_dir=tmp_path, database_url=postgres).returncode == 0
    with psycopg.connect(postgres) as connection:
        # As a build leaves it that was broken off: of this name, and not what it should be.
        connection.execute("CREATE INDEX turn_engine ON calls_call (process)")
    done = migrate(var_dir=tmp_path, database_url=postgres)
    assert (done.returncode, done.stdout) == (0, "")
    assert valid_indexes(postgres) == INDEXES | TRIGRAMS
    with psycopg.connect(postgres) as connection:
        (definition,) = connection.execute("SELECT pg_get_indexdef('turn_engine'::regclass)").fetchone()
    assert "calls_transcript" in definition
    assert migrate("calls", "0001", var_dir=tmp_path, database_url=postgres).returncode == 0
    assert valid_indexes(postgres) == set()


def test_who_may_not_make_an_extension_migrates_and_is_told_what_to_do(tmp_path, postgres):  # noqa: F811
    name = postgres.rpartition("/")[2]
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN")
        owner.execute(f"GRANT ALL ON SCHEMA public TO {name}")
        try:
            plain = postgres.replace("postgres@", f"{name}@")
            done = migrate(var_dir=tmp_path, database_url=plain)
            assert done.returncode == 0, done.stderr
            assert "no_trigrams: " in done.stdout
            assert valid_indexes(postgres) == INDEXES
            owner.execute("CREATE EXTENSION pg_trgm")
            for notice in done.stdout.split("no_trigrams: ")[1:]:
                for statement in notice.partition("statements):")[2].split(";"):
                    owner.execute(statement)
            assert valid_indexes(postgres) == INDEXES | TRIGRAMS
        finally:
            owner.execute(f"DROP OWNED BY {name} CASCADE")
            owner.execute(f"DROP ROLE {name}")


def test_a_database_that_knows_no_hebrew_letters_is_told_of(tmp_path, postgres):  # noqa: F811
    name = postgres.rpartition("/")[2]
    with psycopg.connect(SERVER + "postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C' LC_COLLATE 'C'")
    done = migrate(var_dir=tmp_path, database_url=postgres)
    assert done.returncode == 0, done.stderr
    assert "knows no Hebrew letters" in done.stdout
    assert valid_indexes(postgres) == INDEXES


@pytest.fixture
def served(migrated_postgres, django_db_blocker):  # noqa: F811
    """Django's own database is here a PostgreSQL."""
    with django_db_blocker.unblock(), served_by(migrated_postgres):
        yield


@pytest.mark.usefixtures("served")
def test_what_is_spoken_is_found_however_it_is_written():
    assert mistaken() == []


@pytest.mark.usefixtures("served")
def test_words_are_looked_for_in_their_index():
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    words = Transcript.objects.filter(search_text__contains="שלום").order_by().explain()
    unsearchable = Transcript.objects.filter(search_text=None).order_by("-pk").explain()
    assert "on turn_search_trigrams" in words and "using turn_unsearchable" in unsearchable, words + unsearchable


@pytest.mark.usefixtures("served")
def test_sums_and_rows_agree_after_any_history():
    assert differing(range(100, 105)) == []


FOLDED = """
from datetime import datetime, UTC
from django.db import transaction
from concurrent.futures import ThreadPoolExecutor
from calls.models import Call, SumsState
from calls.storage.line_hours import any_marked, fold
def elsewhere():
    from django.db import connection
    try:
        return fold()
    finally:
        connection.close()
Call.objects.create(call_sid="CA1", started_at=datetime.now(UTC))
SumsState.objects.create(pk=1)
with transaction.atomic():
    SumsState.objects.select_for_update().get()
    with ThreadPoolExecutor() as pool:
        print(pool.submit(elsewhere).result())
print(fold(), any_marked())
"""


def test_one_process_folds_at_a_time_and_nobody_waits(tmp_path, migrated_postgres):  # noqa: F811
    done = manage("shell", "-v0", "-c", FOLDED, var_dir=tmp_path, DATABASE_URL=migrated_postgres)
    assert (done.returncode, done.stdout) == (0, "0\n1 False\n"), done.stderr


UNFILLED = """
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, UTC
from django.db import close_old_connections, connection, transaction
from calls.models import Call, Transcript
from calls.storage.search_filler import fill
call = Call.objects.create(call_sid="CA1", started_at=datetime.now(UTC), ended_at=datetime.now(UTC))
for number in range(40):
    Transcript.objects.create(call=call, number=number, text="הוא בצה״ל", started_ms=0, ended_ms=9, source="final")
def all():
    last, mine = None, 0
    try:
        while (last := fill(last, 3)) is not None:
            mine += 1
    finally:
        connection.close()
    return mine
with transaction.atomic():
    held = Transcript.objects.select_for_update().get(number=7)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: all(), range(3)))
print(Transcript.objects.filter(search_text="הוא בצהל").count(), Transcript.objects.filter(search_text=None).count())
all()
print(Transcript.objects.filter(search_text="הוא בצהל").count())
"""


def test_several_processes_fill_and_wait_for_nobody(tmp_path, migrated_postgres):  # noqa: F811
    done = manage("shell", "-v0", "-c", UNFILLED, var_dir=tmp_path, DATABASE_URL=migrated_postgres)
    assert (done.returncode, done.stdout) == (0, "39 1\n40\n"), done.stderr


def benchmark(name, *arguments, **environment):
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1200)


def test_a_few_stored_calls_are_measured(postgres):  # noqa: F811
    small = ("--calls", "3000", "--turns", "7", "--times", "1", "--export", "100", "--rounds", "1", "--written", "3")
    # Of the server of ``postgres``, where others may measure at the same time.
    done = benchmark("growth", *small, "--database", f"growth_{uuid4().hex}", DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    assert "the worst p95" in done.stdout
    assert "the writer: " in done.stdout


def test_without_a_postgresql_the_benchmark_says_what_it_needs():
    assert "no_postgresql: set DATABASE_URL" in benchmark("growth", DATABASE_URL="").stderr


def test_the_writer_is_measured_on_what_is_there():
    assert "SQLite" in benchmark("writes", "--turns", "2", DATABASE_URL="").stdout
