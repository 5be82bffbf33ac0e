"""What every test may use."""

import gc
import inspect
import os
from contextlib import suppress
from contextvars import copy_context
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import admin
from django.utils import translation
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.paths import CLIPS, ROOT

# The developer's .env is nothing for tests, nor for the processes that they start.
os.environ["ENV_FILE"] = ""
# Before a test of theirs is imported.
pytest.register_assert_rewrite("tests.calls.reply.voices.contract", "tests.stt.engines.contract")
# The same examples in every run: a change is judged by what it does. "fuzz" looks for new ones. How
# long they take to make is the machine's affair.
hypothesis.settings.register_profile(
    "quick",
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "fuzz",
    max_examples=3000,
    deadline=None,
    database=DirectoryBasedExampleDatabase(ROOT / "tests" / "corpus"),
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run coroutine tests through async_to_sync: pytest-asyncio and django_db do not roll back together."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    # In a context of its own: of which call a line of the log is, is no other test's.
    test = partial(async_to_sync(pyfuncitem.obj), **{name: pyfuncitem.funcargs[name] for name in names})
    copy_context().run(test)
    return True


COMPUTING = (
    "tests/test_every_page.py",
    "tests/test_golden.py",
    "tests/calls/test_streams.py",
    "tests/calls/test_failover.py",
    "tests/calls/test_half_closing.py",
    "tests/calls/reply/test_interrupted_conversations.py",
    "tests/voiceapp/test_env_file.py",
    "tests/voiceapp/test_environment.py",
)
"""Modules whose tests compute for ten seconds and more, and wait for nothing."""


def pytest_collection_modifyitems(items):
    """Begin with the tests that take long, or the last of them would be waited for alone: those that wait for processes
    and for the time that passes, the browser's first, and between them those that compute."""
    live = [item for item in items if item.get_closest_marker("live")]
    computing = [item for item in items if item.nodeid.startswith(COMPUTING)]
    live.sort(key=lambda item: not _shared(item.nodeid).startswith("browser"))
    places = {unit: place for place, unit in enumerate(dict.fromkeys(map(_unit, live)))}
    order = {item: (places[_unit(item)], 0) for item in live}
    # Of as many as there are places each has its share.
    order |= {item: (i * len(places) // len(computing), 1) for i, item in enumerate(computing)}
    items.sort(key=lambda item: order.get(item, (len(places), 0)))


def pytest_sessionstart():
    """The admin's pages are there, as in a server: a command finds them where it asks for an address."""
    admin.autodiscover()


def pytest_collection(session):
    """Compile a share of the tests first, another one in each worker: in a new clone each would compile them all."""
    if (worker := getattr(session.config, "workerinput", None)) and session.config.args_source.name != "ARGS":
        modules = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / "tests").rglob("test_*.py"))
        own = int(worker["workerid"].removeprefix("gw"))
        for module in modules[own :: worker["workercount"]]:
            with suppress(pytest.skip.Exception):  # what it needs is not here; it says so in its place
                import_module(".".join(module.parts))


def _unit(item):
    """What stays together in one process: the tests that share what they start, else a module."""
    return _shared(item.nodeid) or item.path


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """What was imported for the tests is no garbage: it is not looked through again and again while they run."""
    gc.collect()
    gc.freeze()


SHARING = {
    "tests/browser/tuning/": "browser beside two servers",
    "tests/browser/": "browser",
    "tests/live/test_second_stream.py": "two servers",
    "tests/live/test_tuning.py": "two servers",
    "tests/live/test_growth.py": "PostgreSQL",
    "test_columns.py": "PostgreSQL",
    "test_postgresql.py": "PostgreSQL",
    "tests/live/test_played.py": "played call",
    "tests/live/test_answering.py": "conversations",
    "tests/test_layers.py": "the code's syntax",
}
"""By a part of its tests' ids: what a worker starts once for all of them."""
ALONE = ("tests/live/", *COMPUTING)
"""Modules of which each test may go to another worker; any other module is one worker's, with what it makes once."""


def _shared(nodeid):
    return next((shared for part, shared in SHARING.items() if part in nodeid), "")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give tests that share what they start to one worker, and those of a quick module, which end before a worker has
    been told of the next.

    pytest-xdist 3.8 writes its own groups (``--dist loadgroup``) where pytest 9.2 no longer reads them.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Sharing(LoadScopeScheduling):
        @cached_property
        def _scopes(self):
            """By test. A module's tests that empty the tables come behind all others: they are a scope of their own."""
            scopes, before, run = {}, "", 0
            for nodeid in self.collection:
                part = _shared(nodeid) or (nodeid if nodeid.startswith(ALONE) else nodeid.partition("::")[0])
                run += part != before
                scopes[nodeid] = _shared(nodeid) or f"{part} {run}"
                before = part
            return scopes

        def _split_scope(self, nodeid):
            return self._scopes[nodeid]

    # Else xdist begins with the modules of most tests, and the slow tests, each a scope of its own, are all waited for
    # at the end while no processor has anything to do.
    config.option.loadscopereorder = False
    return Sharing(config, log)


@pytest.fixture(scope="session")
def copied_database(request, django_db_modify_db_settings_parallel_suffix):
    """The path of the tests' SQLite database where it is a copy: of several workers one migrates, which takes 5 s of
    processor time, and Django finds nothing left to do in each."""
    from django.db import connection

    from tests.databases import put_migrated_database

    if connection.vendor != "sqlite" or not hasattr(request.config, "workerinput"):
        yield None
        return
    path = Path(connection.creation._get_test_db_name())
    files = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]

    def forget():
        for file in files:
            file.unlink(missing_ok=True)

    # A run that was killed has left its log beside it, which SQLite would write into the copy.
    forget()
    put_migrated_database(path)
    yield path
    forget()


@pytest.fixture(scope="session")
def django_db_keepdb(copied_database, django_db_keepdb):
    return copied_database is not None or django_db_keepdb


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests of several transactions empty their tables, which the access log refuses on SQLite."""
    from django.core.management.commands import flush
    from django.db import connection

    from tests.databases import RowsOfApplications

    flush.emit_post_migrate_signal = RowsOfApplications(flush.emit_post_migrate_signal)
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS calls_access_log_is_not_deleted")


@pytest.fixture(autouse=True, scope="session")
def own_var_dir(tmp_path_factory):
    """Journals and recordings of the tests are their own."""
    kept, settings.VAR_DIR = settings.VAR_DIR, tmp_path_factory.mktemp("var")
    yield
    settings.VAR_DIR = kept


@pytest.fixture(autouse=True, scope="session")
def quick_passwords():
    """tests/voiceapp/test_passwords.py has the product's."""
    settings.PASSWORD_HASHERS = ["tests.passwords.QuickHasher"]


@pytest.fixture(autouse=True)
def plain_http(settings):
    """The test client speaks http, whatever DEBUG says in the environment."""
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture(autouse=True, scope="session")
def a_password_is_enough():
    """tests/calls/desk/sign_in has the second factor."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture(autouse=True)
def the_sites_own_language():
    """A request leaves its reader's language behind, in the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_call_is_known(monkeypatch):
    """Tests use one CallSid after the other for another call."""
    from calls.process.services import services
    from calls.process.shared_state import SharedState

    monkeypatch.setattr(services(), "shared", SharedState())


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of human recordings, which are not part of the project."""
    if not CLIPS.is_dir():
        pytest.skip("needs the recordings in ../shared/clips")
    return CLIPS
