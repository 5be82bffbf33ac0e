"""The addresses of the database and of Redis: what Django is told, what people are told. Connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from voiceapp.runtime.web_address import read_url
from voiceapp.runtime.whole_number import whole_number

MAX_REDIS_DATABASE = 99_999
"""The highest database number that an address may have; Redis itself has 16 databases unless it is told otherwise."""


def database_settings(url: str, var_dir: Path) -> dict[str, Any] | None:
    """An entry of settings.DATABASES; without a URL SQLite in ``var_dir``. None: the URL is not understood."""
    parts = read_url(url)
    name = unquote(parts.path.lstrip("/")) if parts else ""
    if parts and parts.scheme in {"postgres", "postgresql"} and name:
        return {
            "ENGINE": "voiceapp.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 0,
            # A server that is back is found within a second, however long it was away: the pool tries again after
            # one, so whoever waits for it must wait a little longer than that.
            "OPTIONS": {
                "pool": {"min_size": 1, "max_size": 8, "timeout": 1.5, "reconnect_timeout": 2},
                "connect_timeout": 3,
            },
        }
    if parts and parts.scheme == "sqlite" and name and not parts.netloc and not parts.path.endswith("/"):
        return sqlite_settings(Path(parts.path), var_dir)
    return None if url else sqlite_settings(var_dir / "db.sqlite3", var_dir)


def sqlite_settings(path: Path, var_dir: Path) -> dict[str, Any]:
    """An entry of settings.DATABASES for this file."""
    return {
        "ENGINE": "voiceapp.sqlite",
        "NAME": path,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # In-memory test databases share one cache and lock each other out; a file behaves like the real one.
        "TEST": {"NAME": var_dir / "test.sqlite3"},
    }


def database_url(database: Mapping[str, Any]) -> str:
    """One of settings.DATABASES as a URL for people: without its password."""
    if "sqlite" in database["ENGINE"]:
        return f"sqlite://{database['NAME']}"
    user = f"{database['USER']}@" if database["USER"] else ""
    port = f":{database['PORT']}" if database["PORT"] else ""
    return f"postgresql://{user}{database['HOST']}{port}/{database['NAME']}"


def is_redis_url(url: str) -> bool:
    """A client can be made for this address. Nothing is connected."""
    # Here, and not above: every command reads the environment, few need Redis.
    from redis import ConnectionPool, RedisError

    parts = read_url(url)
    if parts is None:
        return False
    try:
        ConnectionPool.from_url(url).make_connection()
    except (RedisError, ValueError, TypeError):
        return False
    path = parts.path.strip("/")
    # A database that is no number would silently be the first one.
    return url.startswith("unix://") or not path or whole_number(path, 0, MAX_REDIS_DATABASE) is not None
