"""A PostgreSQL beside the tests' own database: what one takes, the other may refuse."""

import os
import secrets
import subprocess
import sys
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections
from django.db.utils import load_backend

from tests.paths import ROOT
from voiceapp.environment import Environment

SERVER = "postgresql://postgres@127.0.0.1:5432/"


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory):
    """A migrated database of our own on this machine's PostgreSQL."""
    try:
        server = psycopg.connect(SERVER + "postgres", autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        pytest.skip("needs a PostgreSQL on 127.0.0.1:5432 that trusts the user postgres")
    name = f"voiceapp_test_{secrets.token_hex(4)}"
    environment = {**os.environ, "DATABASE_URL": SERVER + name, "VAR_DIR": str(tmp_path_factory.mktemp("var"))}
    with server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            command = [sys.executable, "manage.py", "migrate", "-v0"]
            subprocess.run(command, cwd=ROOT, env={**environment, "DEBUG": "1"}, check=True)
            yield SERVER + name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def served_by(url):
    """In this thread Django's database is the one at this address."""
    values = Environment({"DATABASE_URL": url}).database(ROOT)
    settings = connections.configure_settings({"default": {**values, "OPTIONS": {}}})["default"]
    kept = connections["default"]
    connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = kept
