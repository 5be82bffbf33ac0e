"""The environment, typed and bounded. Nothing else in the project reads ``os.environ``.

``read_file`` adds the variables of ``.env``; manage.py and asgi.py call it before anything else, so that every command
and any ASGI server work on the same database. Reading a value never raises: one that cannot be used becomes a
``Problem`` and its default stands, so that ``migrate``, ``test`` and ``check`` work anywhere; the commands that serve
calls refuse to start while there is one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import SplitResult

from dotenv.parser import parse_stream

from stt.engines import catalogue
from stt.tuning import BOUNDS, Tuning, TuningError
from voiceapp.key_file import flaw_of_key_file
from voiceapp.runtime.web_address import read_web_url
from voiceapp.runtime.whole_number import whole_number
from voiceapp.service_urls import database_settings, is_redis_url, sqlite_settings

FALSE = {"false", "0", "no", "off"}
TRUE = {"true", "1", "yes", "on"}
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
    for name, counts in (("DATABASE_URL", True), ("VAR_DIR", "VAR_DIR" in _from_file)):
        if counts and os.environ.get(name, "").strip():
            return f"{name} in the .env file" if name in _from_file else name
    return ""


@dataclass(frozen=True, slots=True)
class Problem:
    variable: str
    sentence: str
    """Names the variable and says what to set."""

    @property
    def is_missing(self) -> bool:
        """It was not set, and must be."""
        return f"{self.variable} is not set" in self.sentence


class Environment:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values
        self.problems: list[Problem] = []

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in TRUE | FALSE:
            self._problem(name, f"{name} is {value!r}: set it to true or false.")
            return default
        return value in TRUE if value else default

    def number(self, name: str, default: int, low: int, high: int, unit: str) -> int:
        value = self.text(name)
        if not value:
            return default
        number = whole_number(value, low, high)
        if number is None:
            self._problem(
                name, f"{name} is {value!r}: set it to a whole number from {low} to {high}{unit and ' '}{unit}."
            )
            return default
        return number

    def address(self, name: str, default: str) -> str:
        """An IP address to listen on."""
        value = self.text(name, default)
        try:
            ip_address(value)
        except ValueError:
            self._problem(
                name, f"{name} is {value!r}: set it to the IP address to listen on, such as 127.0.0.1 or 0.0.0.0."
            )
            return default
        return value

    def tuning(self) -> Tuning:
        """The first profile's values."""
        values: dict[str, Any] = {"streaming": self.flag("ENABLE_STREAMING_STT", True)}
        for field, bounds in BOUNDS.items():
            raw = self.text(bounds.env) if bounds.env else ""
            if not raw:
                continue
            try:
                values[field] = bounds.check(bounds.env, raw)
            except TuningError as error:
                self._problem(bounds.env, f"{error}.")
        return Tuning(**values)

    def engine_variables(self) -> dict[str, str]:
        """What engines read, keys among it: "" where one is not set."""
        return {name: self.text(name) for name in catalogue.variables()}

    def speech_credentials(self) -> None:
        """Somebody must hear: Google with credentials, or an emulator."""
        name = "GOOGLE_APPLICATION_CREDENTIALS"
        path = self.text(name)
        if self.text("STT_EMULATOR_HOST"):
            return
        if not path:
            self._problem(
                name,
                f"{name} is not set: set it to the path of a Google service account's key file, "
                "or STT_EMULATOR_HOST to the host:port of a Speech emulator.",
            )
        elif flaw := flaw_of_key_file(path):
            self._problem(name, f"{name} names {flaw}: set it to the path of a Google service account's key file.")

    def var_dir(self, base: Path) -> Path:
        """VAR_DIR, made with its folder for static files; relative to base."""
        default = base / "var"
        value = self.text("VAR_DIR", "var")
        try:
            path = (base / value).resolve()
            (path / "static").mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            self._problem("VAR_DIR", f"VAR_DIR is {value!r} ({why}): set it to a folder that this process may write.")
            return default
        return path

    def twilio(self, public_url: str) -> SplitResult | None:
        """Who may call us, and where we are for them; None where that is no address."""
        if not self.text("TWILIO_AUTH_TOKEN"):
            self._problem(
                "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN is not set: set it to the auth token of your Twilio account."
            )
        parts = read_web_url(public_url)
        if parts is None or "@" in parts.netloc or "?" in public_url or "#" in public_url:
            # A password is not repeated.
            said = repr(public_url) if "@" not in public_url else "an address with a user"
            self._problem(
                "PUBLIC_URL", f"PUBLIC_URL is {said}: set it to the https address that Twilio reaches you at."
            )
            return None
        return parts

    def webhook(self) -> tuple[str, str]:
        """Where alarms are posted, and the secret that signs them; both or none."""
        url, secret = self.text("ALARM_WEBHOOK_URL"), self.text("ALARM_WEBHOOK_SECRET")
        if url and read_web_url(url) is None:
            self._problem("ALARM_WEBHOOK_URL", f"ALARM_WEBHOOK_URL is {url!r}: set it to an https address.")
        elif url and not secret:
            self._problem(
                "ALARM_WEBHOOK_SECRET",
                "ALARM_WEBHOOK_SECRET is not set: set it to a long random string that your receiver knows.",
            )
        return url, secret

    def language_model(self) -> tuple[str, str]:
        """The key and the address of an OpenAI-compatible endpoint; both empty where no line answers by a model."""
        key, url = self.text("LLM_API_KEY"), self.text("LLM_BASE_URL").rstrip("/")
        if url and read_web_url(url) is None:
            # An address may hold a password.
            self._problem(
                "LLM_BASE_URL",
                "LLM_BASE_URL is not understood: set it to an address such as https://api.example.com/v1.",
            )
            return key, ""
        return key, url

    def secret_key(self, debug: bool, var_dir: Path) -> str:
        """SECRET_KEY; in development one that is made once and kept in VAR_DIR."""
        key = self.text("SECRET_KEY")
        if key:
            return key
        if not debug:
            self._problem("SECRET_KEY", "SECRET_KEY is not set: set it to a long random string (or DEBUG=1 to try).")
            return secrets.token_urlsafe(50)
        kept = var_dir / "secret_key"
        try:
            if not kept.exists():
                var_dir.mkdir(parents=True, exist_ok=True)
                # Whole or not at all: of processes that start together the first one's key is everybody's.
                with NamedTemporaryFile("w", dir=var_dir) as made, contextlib.suppress(FileExistsError):
                    made.write(secrets.token_urlsafe(50))
                    made.flush()
                    os.link(made.name, kept)
            if key := kept.read_text().strip():
                return key
            why = "it is empty"
        except (OSError, UnicodeDecodeError) as error:
            why = str(error)
        self._problem("SECRET_KEY", f"SECRET_KEY is not set and cannot be kept in {kept} ({why}): set it.")
        return secrets.token_urlsafe(50)

    def database(self, var_dir: Path) -> dict[str, Any]:
        """DATABASE_URL (postgresql://user:password@host:port/name or sqlite:///path); default SQLite in VAR_DIR."""
        settings = database_settings(self.text("DATABASE_URL"), var_dir)
        if settings is None:
            self._problem(
                "DATABASE_URL",
                "DATABASE_URL is not understood: set it to postgresql://user:password@host:port/name or sqlite:///path.",
            )
            settings = sqlite_settings(var_dir / "db.sqlite3", var_dir)
        return settings

    def redis_url(self) -> str:
        """REDIS_URL; empty where there is none."""
        url = self.text("REDIS_URL")
        if url and not is_redis_url(url):
            # Its password stays out of the log.
            self._problem("REDIS_URL", "REDIS_URL is not understood: set it to redis://host:port/number.")
            return ""
        return url

    def _problem(self, variable: str, sentence: str) -> None:
        self.problems.append(Problem(variable, sentence))
