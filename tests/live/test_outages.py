"""Outages on a real daphne: the short form of ``manage.py outage`` and ``manage.py chaos``."""

import concurrent.futures
import contextlib

import pytest
import redis

from calls.lab.balancer import find_nginx
from calls.lab.rig import RigError
from tests.databases import migrated_postgres, postgres, postgresql_url, put_migrated_database  # noqa: F401 - fixtures
from tests.live.test_demo import manage

pytestmark = pytest.mark.live
REDIS = "redis://127.0.0.1:6379/0"


def command(tmp_path, *arguments, code=0, **environment):
    """What a command says, which migrates what is not migrated; ``code`` None: however it ends."""
    put_migrated_database(tmp_path)
    done = manage(*arguments, var_dir=tmp_path, **environment)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def redis_url():
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=20)) as client:
            client.ping()
    except redis.RedisError:
        pytest.skip("needs a Redis on 127.0.0.1:6379")
    return REDIS


def test_a_killed_server_loses_no_word_that_it_heard(tmp_path):
    said = command(tmp_path, "outage", "--kind", "kill", "--times", "1", "--calls", "2", "--clips", "5")
    assert "lost 0, added 0" in said


def test_a_drained_server_hears_its_calls_to_their_end(tmp_path):
    said = command(tmp_path, "outage", "--kind", "drain", "--calls", "2", "--clips", "3")
    assert "lost 0, added 0; exit code 0" in said


def test_behind_a_balancer_another_process_goes_on_with_the_calls(tmp_path):
    try:
        find_nginx()
    except RigError as error:
        pytest.skip(str(error))
    said = command(tmp_path, "outage", "--kind", "balancer", "--times", "1", "--calls", "4", "--clips", "3")
    killed, drained = said.splitlines()
    assert "2 went on in the other process" in killed
    assert "lost 0, added 0" in killed
    assert "0 heard the fallback" in drained
    assert "lost 0, added 0; exit code 0" in drained


def test_streams_that_die_take_no_word_with_them(tmp_path):
    said = command(tmp_path, "chaos", "--only", "every 7 s", "--calls", "1", "--call-clips", "4")
    assert "unavailable in mid-stream" in said


def test_a_database_that_is_away_is_caught_up_with(tmp_path, migrated_postgres):  # noqa: F811
    arguments = ("outage", "--kind", "database", "--calls", "3", "--clips", "3", "--away", "8")
    said = command(tmp_path, *arguments, DATABASE_URL=migrated_postgres)
    assert "lost 0, added 0" in said


def test_calls_do_not_notice_a_redis_that_is_slow_or_away_and_who_watches_is_told_again(tmp_path, redis_url):
    arguments = ("outage", "--kind", "redis", "--calls", "3", "--clips", "3", "--away", "5")
    said = command(tmp_path, *arguments, REDIS_URL=redis_url)
    assert "lost 0, added 0" in said


def test_servers_that_start_at_once_migrate_one_after_the_other(tmp_path, postgres):  # noqa: F811
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = list(
            pool.map(lambda _: manage("migrate_once", "-v0", var_dir=tmp_path, DATABASE_URL=postgres), range(3))
        )
    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
