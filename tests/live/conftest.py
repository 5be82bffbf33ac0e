"""What tests of real processes share."""

import contextlib
import urllib.request

import pytest
import redis

from calls.lab.balancer import find_nginx
from calls.lab.rig import Rig, RigError
from tests.databases import SERVER, own_postgresql, postgresql_url  # noqa: F401 - a fixture
from tests.live.deployed import DeployedBox
from tests.live.pair import REDIS
from tests.paths import SAMPLES


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """The emulator's address."""
    rig = Rig(SAMPLES, tmp_path_factory.mktemp("engine") / "log")
    rig.log.write_text("")
    try:
        rig.start_emulator()
        yield rig.emulator_address
    finally:
        rig.__exit__()


@pytest.fixture(scope="module")
def box(tmp_path_factory, postgresql_url):  # noqa: F811
    """deploy/'s own files on loopback, for one module."""
    try:
        find_nginx()
        with contextlib.closing(redis.from_url(REDIS, socket_connect_timeout=20)) as client:
            client.ping()
    except (RigError, redis.RedisError) as error:
        pytest.skip(f"needs nginx, and a Redis on 127.0.0.1:6379: {error}")
    with (
        own_postgresql(postgresql_url.removeprefix(SERVER)) as url,
        DeployedBox(tmp_path_factory.mktemp("box"), url, REDIS) as box,
        pytest.MonkeyPatch.context() as patched,
    ):
        # Python 3.12 keeps the certificates that it knew at its first request.
        patched.setattr(urllib.request, "_opener", None)
        patched.setenv("SSL_CERT_FILE", str(box.certificate))
        yield box
