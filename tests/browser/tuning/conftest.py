"""Two server processes as in production, and a page in front of them."""

from __future__ import annotations

import contextlib

import pytest
import redis

from tests.browser.conftest import missing
from tests.live.pair import REDIS, Pair

PASSWORD = "desk-password"


@pytest.fixture
def page(used_pages):
    """A page in Hebrew; an error on its console, and so a violation of the CSP, fails the test."""
    with used_pages.page(height=900) as (page, complaints):
        yield page
    assert complaints == []


@pytest.fixture(scope="package")
def desk_server(tmp_path_factory):
    """Two server processes on one database and one Redis."""
    try:
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=20)) as client:
            client.ping()
    except redis.RedisError:
        missing("a Redis on 127.0.0.1:6379")
    with Pair(tmp_path_factory.mktemp("desk"), "tests.browser.settings") as pair:
        pair.shell(
            "from django.contrib.auth.models import User\n"
            f"User.objects.create_superuser('tuner', password={PASSWORD!r})"
        )
        yield pair
