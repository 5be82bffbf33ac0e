"""What the doctor finds of the box."""

import os
import shutil

import pytest
from django.db import connection
from redis import Redis, ResponseError

from calls.management.doctor import box
from calls.management.doctor.finding import FindingState
from tests.databases import migrated_postgres, postgresql_url, served_by  # noqa: F401 - fixtures
from tests.live.test_outages import redis_url  # noqa: F401 - a fixture
from voiceapp.environment import Problem


def states(findings):
    return {finding.check: finding.state for finding in findings}


def only(findings):
    (finding,) = findings
    return finding


def test_settings_that_can_all_be_used(settings):
    settings.CONFIGURATION_PROBLEMS, settings.DEBUG = [], False
    assert only(box.configuration()).state is FindingState.OK


def test_a_setting_that_cannot_be_used_says_what_to_set(settings):
    settings.CONFIGURATION_PROBLEMS, settings.DEBUG = [Problem("PORT", "PORT is 'x': set it to a number.")], True
    wrong, trial = box.configuration()
    assert (wrong.state, wrong.advice) == (FindingState.FAILED, "PORT is 'x': set it to a number.")
    assert trial.state is FindingState.WARNING and "DEBUG=0" in trial.advice


def test_packages_are_those_that_are_pinned(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    pins = tmp_path / "requirements.txt"
    pins.write_text(f"# pins\nDjango=={box.metadata.version('django')}\naudioop-lts==1.0; python_version >= '3.13'\n")
    assert only(box.versions()).state is FindingState.OK
    pins.write_text("Django==1.0\nno-such-package==2.0\n")
    finding = only(box.versions())
    assert finding.state is FindingState.WARNING and "script/setup server" in finding.advice
    assert "(pinned 1.0) and 1 more" in finding.detail


@pytest.mark.django_db
def test_a_migrated_database_is_well():
    found = states(box.database())
    assert found.pop("search") in (FindingState.OK, FindingState.WARNING)
    assert found == {"database": FindingState.OK, "migrations": FindingState.OK}


@pytest.mark.django_db
def test_missing_migrations_are_counted(monkeypatch):
    plan = [("calls.9999_from_the_future", False)]
    monkeypatch.setattr(box.MigrationExecutor, "migration_plan", lambda *_: plan)
    found = {finding.check: finding for finding in box.database()}["migrations"]
    assert found.state is FindingState.FAILED
    assert found.advice == "run manage.py migrate_once" and "1 are not there, calls.9999" in found.detail


def test_a_database_that_is_away_is_said_without_its_password(django_db_blocker):
    url = "postgresql://voiceapp:secret@127.0.0.1:1/voiceapp"
    with django_db_blocker.unblock(), served_by(url):
        finding = only(box.database())
    assert finding.state is FindingState.FAILED and "DATABASE_URL" in finding.advice
    assert "127.0.0.1:1/voiceapp" in finding.detail and "secret" not in finding.detail


@pytest.mark.parametrize(
    ("changed", "advice"),
    [("nobody-here@127.0.0.1:5432/x", "createuser"), ("postgres@127.0.0.1:5432/nothing_here", "createdb")],
)
def test_a_database_says_itself_why_it_is_not_reached(migrated_postgres, django_db_blocker, changed, advice):  # noqa: F811
    with django_db_blocker.unblock(), served_by(f"postgresql://{changed}"):
        finding = only(box.database())
    assert "does not exist" in finding.detail and advice in finding.advice


def test_trigrams_are_looked_for_on_postgresql(migrated_postgres, django_db_blocker):  # noqa: F811
    with django_db_blocker.unblock(), served_by(migrated_postgres):
        assert states(box.database())["search"] is FindingState.OK
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        missing = next(one for one in box.database() if one.check == "search")
    assert missing.state is FindingState.WARNING and "CREATE EXTENSION pg_trgm" in missing.advice


def test_redis_answers_or_is_named(settings):
    settings.REDIS_URL = ""
    assert only(box.redis_answers()).state is FindingState.WARNING
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    finding = only(box.redis_answers())
    assert finding.state is FindingState.FAILED and "REDIS_URL" in finding.advice
    assert "refused" in finding.detail


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
            "make room",
        ),
        ("OOM command not allowed when used memory > 'maxmemory'.", "more"),
        ("You can't write against a read only replica.", "copy"),
        ("invalid username-password pair or user is disabled.", "password"),
    ],
)
def test_a_redis_that_takes_nothing_says_why_and_what_to_do(settings, monkeypatch, said, advice):
    def refuses(*_, **__):
        raise ResponseError(said)

    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    monkeypatch.setattr(Redis, "set", refuses)
    finding = only(box.redis_answers())
    assert finding.state is FindingState.FAILED and said[:40] in finding.detail and advice in finding.advice
    assert "secret" not in finding.detail


def test_a_redis_that_answers_is_well(settings, redis_url):  # noqa: F811
    settings.REDIS_URL = redis_url
    assert only(box.redis_answers()).state is FindingState.OK


@pytest.mark.parametrize(
    ("free", "state"), [(0.5, FindingState.OK), (0.1, FindingState.WARNING), (0.01, FindingState.FAILED)]
)
def test_a_disk_is_looked_at_before_it_is_full(settings, tmp_path, monkeypatch, free, state):
    settings.VAR_DIR = tmp_path
    usage = shutil._ntuple_diskusage(1e12, 1e12 * (1 - free), 1e12 * free)
    monkeypatch.setattr(box.shutil, "disk_usage", lambda _: usage)
    finding = only(box.disk())
    assert finding.state is state and f"{free:.0%} of 1000 GB" in finding.detail


def test_a_file_system_that_can_make_no_more_files_is_full(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    left = os.statvfs_result((4096, 4096, 1000, 900, 900, 1000, 1, 1, 0, 255))
    monkeypatch.setattr(box.os, "statvfs", lambda _: left)
    finding = only(box.disk())
    assert finding.state is FindingState.FAILED and "1 more files" in finding.detail


def test_a_folder_that_may_not_be_written_is_said(settings, tmp_path, monkeypatch):
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(box.os, "access", lambda *_: False)
    assert only(box.disk()).state is FindingState.FAILED
