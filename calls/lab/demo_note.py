"""Where a running demo is, how it is called and what its line speaks with: the demo keeps a file, ``simulate_call`` and
``speak`` beside it find it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calls.lab.call_report import Line

NAME = "demo.json"


@contextmanager
def noted(line: Line, folder: Path, voice_address: str = "") -> Iterator[None]:
    """While inside, the file says how this process' line is called, and where the emulator of its voices listens; only
    its owner reads it."""
    path = folder / NAME
    note = {"pid": os.getpid(), "base_url": line.base_url, "public_url": line.public_url, "token": line.auth_token}
    note |= {"number": line.to_number, "voice": voice_address}
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(note, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def running_demo(folder: Path) -> Line | None:
    """The line of the demo that runs; None where none does."""
    note = _note(folder)
    return Line(note["base_url"], note["public_url"], note["token"], note["number"]) if note else None


def running_demos_voice(folder: Path) -> str:
    """Where the emulator of the running demo's voices listens; empty where none does."""
    return _note(folder).get("voice", "")


def _note(folder: Path) -> dict[str, str]:
    """Of the demo that runs; empty where none does."""
    try:
        note = json.loads((folder / NAME).read_text())
        # A demo that was killed leaves its file.
        os.kill(int(note.pop("pid")), 0)
        return {name: str(note[name]) for name in ("base_url", "public_url", "token", "number", "voice")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
