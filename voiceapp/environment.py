"""The environment, typed and bounded. Nothing else in the project reads ``os.environ``, but what adds ``.env`` to it.

Reading a value never raises: one that cannot be used becomes a ``Problem`` and its default stands, so that ``migrate``,
``test`` and ``check`` work anywhere; the commands that serve calls refuse to start while there is one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from stt.engines import catalogue
from stt.tuning import BOUNDS, Tuning, TuningError
from voiceapp.kept_key import kept_key
from voiceapp.key_file import flaw_of_key_file
from voiceapp.placeholders import is_placeholder
from voiceapp.runtime.private_files import private_folder
from voiceapp.runtime.storage_keys import StorageKey, StorageKeys
from voiceapp.runtime.web_address import host_of, is_example, read_web_url
from voiceapp.runtime.whole_number import whole_number
from voiceapp.secret_file import SecretFileError, read_secret
from voiceapp.service_urls import database_settings, is_redis_url, sqlite_settings

THE_KEYS_THAT_WERE = (
    "put back the keys that this box had, for a new one reads nothing of what is kept (a backup has them under named/; "
    "a box that never had one takes it from manage.py storage_key)."
)
FALSE = {"false", "0", "no", "off"}
TRUE = {"true", "1", "yes", "on"}


@dataclass(frozen=True, slots=True)
class Problem:
    variable: str
    sentence: str
    """Names the variable and says what to set."""

    @property
    def is_missing(self) -> bool:
        """It was not set, and must be."""
        return any(f"{self.variable} is {nothing}" in self.sentence for nothing in ("not set", "''"))


class Environment:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values
        self.problems: list[Problem] = []
        self._secrets: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """The value, or what stands in the file that ``NAME_FILE`` names; "" where there is neither."""
        if name not in self._secrets:
            self._secrets[name] = self._text_or_file(name)
            if is_placeholder(self._secrets[name]):
                self._problem(name, f"{name} is a placeholder: set it to your own, or leave it empty.")
        return self._secrets[name]

    def _text_or_file(self, name: str) -> str:
        value, path = self.text(name), self.text(f"{name}_FILE")
        if not path:
            return value
        if value:
            self._problem(name, f"{name} and {name}_FILE are both set: set one of them.")
            return value
        try:
            return read_secret(path)
        except SecretFileError as error:
            self._problem(name, f"{name}_FILE names {error}: set it to the path of a file that holds {name} alone.")
            return ""

    @property
    def secrets_read(self) -> list[str]:
        return list(self._secrets)

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value and value not in TRUE | FALSE:
            self._problem(name, f"{name} is {value!r}: set it to true or false.")
            return default
        return value in TRUE if value else default

    def choice(self, name: str, *choices: str) -> str:
        """One of several words; the first is the default."""
        value = self.text(name, choices[0]).lower()
        if value not in choices:
            self._problem(name, f"{name} is {value!r}: set it to {' or '.join(choices)}.")
            return choices[0]
        return value

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

    def networks(self, name: str, default: str) -> list[IPv4Network | IPv6Network]:
        """Addresses and networks, with spaces or commas between them."""
        try:
            return [ip_network(one) for one in self.text(name, default).replace(",", " ").split()]
        except ValueError as error:
            self._problem(name, f"{name}: {error}: set it to addresses or networks, such as 127.0.0.1 10.1.0.0/16.")
            return [ip_network(one) for one in default.split()]

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
        return {
            name: self.secret(name) if name.endswith("_API_KEY") else self.text(name) for name in catalogue.variables()
        }

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
            private_folder(path / "static")
        except (OSError, RuntimeError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            self._problem("VAR_DIR", f"VAR_DIR is {value!r} ({why}): set it to a folder that this process may write.")
            return default
        return path

    def twilio(self, public_url: str) -> SplitResult | None:
        """Who may call us, and where we are for them; None where that is no address."""
        if not self.secret("TWILIO_AUTH_TOKEN"):
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
        if is_example(host_of(parts)):
            self._problem(
                "PUBLIC_URL",
                f"PUBLIC_URL is {public_url!r}, an example's address: set it to the https address that Twilio reaches "
                "you at.",
            )
        return parts

    def webhook(self) -> tuple[str, str]:
        """Where alarms are posted, and the secret that signs them; both or none."""
        url, secret = self.text("ALARM_WEBHOOK_URL"), self.secret("ALARM_WEBHOOK_SECRET")
        if url and read_web_url(url) is None:
            self._problem("ALARM_WEBHOOK_URL", f"ALARM_WEBHOOK_URL is {url!r}: set it to an https address.")
        elif (parts := read_web_url(url)) is not None and is_example(host_of(parts)):
            self._problem(
                "ALARM_WEBHOOK_URL",
                "ALARM_WEBHOOK_URL is an example's address: set it to yours, or leave it out.",
            )
        elif url and not secret:
            self._problem(
                "ALARM_WEBHOOK_SECRET",
                "ALARM_WEBHOOK_SECRET is not set: set it to a long random string that your receiver knows.",
            )
        return url, secret

    def language_model(self) -> tuple[str, str]:
        """The key and the address of an OpenAI-compatible endpoint; both empty where no line answers by a model."""
        key, url = self.secret("LLM_API_KEY"), self.text("LLM_BASE_URL").rstrip("/")
        if url and read_web_url(url) is None:
            # An address may hold a password.
            self._problem(
                "LLM_BASE_URL",
                "LLM_BASE_URL is not understood: set it to an address such as https://api.example.com/v1.",
            )
            return key, ""
        if url and (parts := read_web_url(url)) is not None and is_example(host_of(parts)):
            self._problem("LLM_BASE_URL", "LLM_BASE_URL is an example's address: set it to yours, or leave it out.")
        return key, url

    def secret_key(self, debug: bool, var_dir: Path) -> str:
        """SECRET_KEY; in development one that is made once and kept in VAR_DIR."""
        key = self.secret("SECRET_KEY")
        if key:
            return key
        if not debug:
            self._problem("SECRET_KEY", "SECRET_KEY is not set: set it to a long random string (or DEBUG=1 to try).")
            return secrets.token_urlsafe(50)
        kept = var_dir / "secret_key"
        try:
            if key := kept_key(kept):
                return key
            why = "it is empty"
        except (OSError, UnicodeDecodeError) as error:
            why = str(error)
        self._problem("SECRET_KEY", f"SECRET_KEY is not set and cannot be kept in {kept} ({why}): set it.")
        return secrets.token_urlsafe(50)

    def secret_list(self, name: str) -> list[str]:
        """Several secrets, with white space or commas between."""
        return self.secret(name).replace(",", " ").split()

    def storage_keys(self) -> StorageKeys:
        """Keys of files of calls, the newest first; white space or commas between. None: files are not encrypted."""
        name, keys = "STORAGE_KEYS", []
        written = self.secret_list("STORAGE_KEYS")
        for number, text in enumerate(written, 1):
            try:
                keys.append(StorageKey.of(text))
            except ValueError as error:
                # A key is not repeated.
                self._problem(
                    name, f"{name} holds something that is no key (number {number} of {len(written)}: {error})."
                )
        flaw = next((problem for problem in self.problems if problem.variable == name), None)
        if flaw is None:
            return StorageKeys(keys)
        if not (self.text(name) and self.text(f"{name}_FILE")):
            # Whoever makes a new key here can read nothing that is kept under the one that is broken or not found.
            self.problems.remove(flaw)
            flaw = Problem(name, f"{flaw.sentence.removesuffix('.')}; {THE_KEYS_THAT_WERE}")
            self.problems.append(flaw)
        return StorageKeys(flaw=flaw.sentence)

    def database(self, var_dir: Path) -> dict[str, Any]:
        """DATABASE_URL (postgresql://user:password@host:port/name or sqlite:///path); default SQLite in VAR_DIR."""
        settings = database_settings(self.secret("DATABASE_URL"), var_dir)
        if settings is None:
            self._problem(
                "DATABASE_URL",
                "DATABASE_URL is not understood: set it to postgresql://user:password@host:port/name or sqlite:///path.",
            )
            settings = sqlite_settings(var_dir / "db.sqlite3", var_dir)
        return settings

    def redis_url(self) -> str:
        """REDIS_URL; empty where there is none."""
        url = self.secret("REDIS_URL")
        if url and not is_redis_url(url):
            # Its password stays out of the log.
            self._problem("REDIS_URL", "REDIS_URL is not understood: set it to redis://host:port/number.")
            return ""
        return url

    def _problem(self, variable: str, sentence: str) -> None:
        # The first one of a variable says why: without a secret's file, for example, the secret is missing as well.
        if all(problem.variable != variable for problem in self.problems):
            self.problems.append(Problem(variable, sentence))
