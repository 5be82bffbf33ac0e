"""The variables of ``.env``, added to the environment; manage.py and asgi.py do it before anything else, so that every
command and any ASGI server work on the same database."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv.parser import parse_stream

FILE_VARIABLE = "ENV_FILE"
"""Names another file than ``.env``; empty: no file is read (tests, and commands that make calls up)."""
_from_file: set[str] = set()


class EnvironmentFileError(Exception):
    """The file is there and cannot be understood; one sentence."""


def read_file(default: Path) -> None:
    """Add the file's variables to the environment; what the environment has wins. Raises EnvironmentFileError.

    Values are taken literally: quotes and comments as in a shell, but a ``$`` is a ``$``, as for systemd and Docker.
    """
    path = Path(os.environ.get(FILE_VARIABLE, default))
    if path == Path() or (FILE_VARIABLE not in os.environ and not path.is_file()):
        return
    try:
        with path.open(encoding="utf-8-sig") as lines:
            found = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"bad_env_file: {path} cannot be read: {error}") from error
    for one in found:
        if one.error or (one.key is not None and (one.value is None or "\0" in one.value)):
            # Not passed over: the variable that is missing then may name the database.
            raise EnvironmentFileError(f"bad_env_file: {path}, line {one.original.line}: write it as NAME=value.")
        if one.key is not None and one.value is not None and (one.key not in os.environ or one.key in _from_file):
            os.environ[one.key] = one.value
            _from_file.add(one.key)


def chosen_database() -> str:
    """The variable that says which database is used, and whether the file set it; empty: the default is used."""
    counting = (("DATABASE_URL", True), ("DATABASE_URL_FILE", True), ("VAR_DIR", "VAR_DIR" in _from_file))
    for name, counts in counting:
        if counts and os.environ.get(name, "").strip():
            return f"{name} in the .env file" if name in _from_file else name
    return ""
