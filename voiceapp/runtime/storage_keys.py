"""The keys by which files of calls are encrypted (STORAGE_KEYS): the first one encrypts, each of them decrypts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

KEY_BYTES = 32
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class StorageKey:
    """256 random bits."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> StorageKey:
        """Of what ``text`` writes. Raises ValueError, which repeats nothing of it."""
        try:
            secret = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("no base64") from None
        if len(secret) != KEY_BYTES:
            raise ValueError(f"{len(secret)} bytes")
        return cls(secret)

    @classmethod
    def new(cls) -> StorageKey:
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def text(self) -> str:
        """As STORAGE_KEYS has it: 43 characters of base64url."""
        return base64.urlsafe_b64encode(self.secret).decode("ascii").rstrip("=")

    @property
    def key_id(self) -> bytes:
        """What files say of the key that they are encrypted by; it says nothing of the key itself."""
        return hashlib.sha256(b"voiceapp storage key" + self.secret).digest()[:ID_BYTES]

    @property
    def name(self) -> str:
        """``key_id`` for people: 16 hexadecimal digits."""
        return self.key_id.hex()


class StorageKeys:
    """Those that a process knows. Without one, files are written as they are."""

    def __init__(self, keys: Iterable[StorageKey] = (), flaw: str = "") -> None:
        """``flaw``: why the keys that are set cannot be used, in a sentence; such a process must open no file."""
        self.flaw = flaw
        self._keys = tuple(keys)
        self._by_id = {key.key_id: key for key in self._keys}

    @property
    def newest(self) -> StorageKey | None:
        """The one that encrypts."""
        return self._keys[0] if self._keys else None

    def find(self, key_id: bytes) -> StorageKey | None:
        """The one with this id."""
        return self._by_id.get(key_id)
