"""Where a running demo is and how it is called: the demo keeps a file, ``simulate_call`` beside it finds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calls.lab.call_report import Line

NAME = "demo.json"


@contextmanager
def noted(line: Line, folder: Path) -> Iterator[None]:
    """While inside, the file says how this process' line is called; only its owner reads it."""
    path = folder / NAME
    note = {"pid": os.getpid(), "base_url": line.base_url, "public_url": line.public_url, "token": line.auth_token}
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(note, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_demo(folder: Path) -> Line | None:
    """The line of the demo that runs; None where none does."""
    try:
        note = json.loads((folder / NAME).read_text())
        # A demo that was killed leaves its file.
        os.kill(int(note["pid"]), 0)
        return Line(note["base_url"], note["public_url"], note["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
