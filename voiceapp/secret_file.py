"""Reads a secret from a file of its own, as systemd's credentials and containers give them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

MOST_BYTES = 65_536
"""No more than this is read of a file, whatever it is."""


class SecretFileError(Exception):
    """What is wrong with the file: ``a file that cannot be read (Permission denied)``. Nothing of its content."""


def read_secret(path: str) -> str:
    """The file's text without the white space around it, UTF-8. Raises SecretFileError."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SecretFileError(f"a file that cannot be read ({why})") from error
    if len(content) > MOST_BYTES:
        raise SecretFileError("a file that is too long for a secret")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise SecretFileError("a file that is no text") from error
    if not text or "\0" in text:
        raise SecretFileError("a file that is no text" if text else "a file that is empty")
    return text


def files_of_secrets(text: Callable[[str], str], secrets: Iterable[str], env_file: Path) -> dict[str, Path]:
    """The files that hold keys or secrets, by the variable that names them; ``text`` reads a variable, ``env_file`` is
    read where ENV_FILE names no other."""
    named = {name: text(name) for name in ("GOOGLE_APPLICATION_CREDENTIALS", *(f"{one}_FILE" for one in secrets))}
    named["ENV_FILE"] = text("ENV_FILE") or str(env_file)
    return {name: Path(path) for name, path in named.items() if path}
