"""What only a PostgreSQL can show: its indexes, who may not have them, and the benchmarks that fill it."""

import subprocess
import sys

import psycopg
import pytest

from tests.live.test_demo import ROOT, manage
from tests.live.test_outages import POSTGRES, postgres  # noqa: F401 - a fixture

pytestmark = pytest.mark.live
INDEXES = {"call_newest", "call_status_newest", "turn_engine", "turn_code_call"}
TRIGRAMS = {"call_from_trigrams", "call_to_trigrams", "turn_text_trigrams", "turn_revised_trigrams"}


def valid_indexes(url):
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid").fetchall()
    return {name for (name,) in rows} & (INDEXES | TRIGRAMS)


def test_the_list_has_its_indexes_and_a_broken_build_is_mended(tmp_path, postgres):  # noqa: F811
    assert manage("migrate", "-v0", "calls", "0001", var_dir=tmp_path, DATABASE_URL=postgres).returncode == 0
    with psycopg.connect(postgres) as connection:
        # As a build leaves it that was broken off: of this name, and not what it should be.
        connection.execute("CREATE INDEX turn_engine ON calls_call (process)")
    done = manage("migrate", "-v0", var_dir=tmp_path, DATABASE_URL=postgres)
    assert (done.returncode, done.stdout) == (0, "")
    assert valid_indexes(postgres) == INDEXES | TRIGRAMS
    with psycopg.connect(postgres) as connection:
        (definition,) = connection.execute("SELECT pg_get_indexdef('turn_engine'::regclass)").fetchone()
    assert "calls_transcript" in definition
    assert manage("migrate", "-v0", "calls", "0001", var_dir=tmp_path, DATABASE_URL=postgres).returncode == 0
    assert valid_indexes(postgres) == set()


def test_who_may_not_make_an_extension_migrates_and_is_told_what_to_do(tmp_path, postgres):  # noqa: F811
    name = postgres.rpartition("/")[2]
    with psycopg.connect(postgres, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN")
        owner.execute(f"GRANT ALL ON SCHEMA public TO {name}")
        try:
            plain = postgres.replace("postgres@", f"{name}@")
            done = manage("migrate", "-v0", var_dir=tmp_path, DATABASE_URL=plain)
            assert done.returncode == 0, done.stderr
            assert "no_trigrams: " in done.stdout
            assert valid_indexes(postgres) == INDEXES
            owner.execute("CREATE EXTENSION pg_trgm")
            for statement in done.stdout.partition("statements):")[2].split(";"):
                owner.execute(statement)
            assert valid_indexes(postgres) == INDEXES | TRIGRAMS
        finally:
            owner.execute(f"DROP OWNED BY {name} CASCADE")
            owner.execute(f"DROP ROLE {name}")


def test_a_database_that_knows_no_hebrew_letters_is_told_of(tmp_path, postgres):  # noqa: F811
    name = postgres.rpartition("/")[2]
    with psycopg.connect(POSTGRES + "postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C' LC_COLLATE 'C'")
    done = manage("migrate", "-v0", var_dir=tmp_path, DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    assert "knows no Hebrew letters" in done.stdout
    assert valid_indexes(postgres) == INDEXES


def benchmark(name, *arguments, **environment):
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_a_few_stored_calls_are_measured(postgres):  # noqa: F811
    done = benchmark("growth", "--calls", "3000", "--times", "1", "--export", "100", DATABASE_URL=postgres)
    assert done.returncode == 0, done.stderr
    assert "the worst p95" in done.stdout
    assert "the writer: " in done.stdout


def test_without_a_postgresql_the_benchmark_says_what_it_needs():
    assert "no_postgresql: set DATABASE_URL" in benchmark("growth", DATABASE_URL="").stderr


def test_the_writer_is_measured_on_what_is_there():
    assert "SQLite" in benchmark("writes", "--turns", "2", DATABASE_URL="").stdout
