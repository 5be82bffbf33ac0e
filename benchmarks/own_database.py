"""A database of a benchmark's own on the PostgreSQL that DATABASE_URL names: made, used by Django, dropped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql


def server_url() -> str:
    """DATABASE_URL, if it names a PostgreSQL. Exits with one sentence otherwise."""
    url = os.environ.get("DATABASE_URL", "")
    if urlsplit(url).scheme not in {"postgres", "postgresql"}:
        raise SystemExit(
            "no_postgresql: set DATABASE_URL to postgresql://user:password@host:port/name of a server on which a "
            "database may be made; it is measured in one of its own, which is dropped at the end"
        )
    return url


@contextmanager
def own_postgresql(name: str, *, begin: bool = True, drop: bool = True) -> Iterator[None]:
    """Django set up with a database ``name``: an empty one that is dropped behind it, or one of an earlier run.

    Django must not have been set up before. Raises psycopg.Error.
    """
    url = server_url()
    with psycopg.connect(url, autocommit=True) as server:
        dropping = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        if begin:
            # Not with FORCE: one that somebody works in stays, and the error says so.
            server.execute(dropping)
            # Of template0: what an owner has put into template1 is not ours to measure.
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            with _django(urlunsplit(urlsplit(url)._replace(path=f"/{name}"))):
                yield
        finally:
            if drop:
                server.execute(dropping + sql.SQL(" WITH (FORCE)"))


@contextmanager
def own_sqlite() -> Iterator[None]:
    """A SQLite file as the settings make it, in a folder that is removed."""
    with _django(""):
        yield


@contextmanager
def _django(url: str) -> Iterator[None]:
    with TemporaryDirectory() as folder:
        os.environ.update(DATABASE_URL=url, VAR_DIR=str(Path(folder)), DEBUG="1")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
        import django
        from django.conf import settings
        from django.db import connections

        django.setup()
        # With DEBUG connections remember every query; what serves does not.
        settings.DEBUG = False
        try:
            yield
        finally:
            connections.close_all()
            for connection in connections.all(initialized_only=True):
                if hasattr(connection, "close_pool"):
                    connection.close_pool()
