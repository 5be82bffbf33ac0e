"""How a file of a call is encrypted: a head, then chunks, each of which is checked and decrypted by itself.

    head  = "VENC" version:u8 (1) algorithm:u8 (1: AES-256-GCM) prefix_bytes:u16 chunk_bytes:u32 key_id:8 salt:16 prefix
    chunk = nonce:12 ciphertext tag:16

``chunk_bytes`` is the size of each chunk's plain text; 0: every chunk has a size of its own. ``prefix`` is what stands
before the first chunk in the plain file. Each file has a key of its own, made from the storage key and the salt by
HKDF-SHA256 (RFC 5869): so few chunks have one key that their random nonces never meet (NIST SP 800-38D, 8.3). The head,
the chunk's place in the file and whether it is the last one are authenticated: nothing can be moved, left out of the
middle, or taken from another file. The last chunk is empty; it is written where a file is finished, so that a file
whose end was cut off is known.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.storage_keys import KEY_BYTES, StorageKey, StorageKeys

MAGIC = b"VENC"
VERSION, AES_256_GCM = 1, 1
HEAD = struct.Struct("<4sBBHI8s16s")
"""Without the prefix."""
SALT_BYTES, NONCE_BYTES, TAG_BYTES = 16, 12, 16
ADDED_BYTES = NONCE_BYTES + TAG_BYTES
"""A chunk is longer by these than its plain text; the last one has nothing else."""
MOST_CHUNK_BYTES, MOST_PREFIX_BYTES = 1 << 20, 64
"""A head that says more is damaged."""
_PLACE = struct.Struct("<QB")
_PURPOSE = b"voiceapp file of a call"


class StorageError(CodedError):
    """A file of a call cannot be read: ``storage_keys_unusable`` (STORAGE_KEYS cannot be read: neither can any file) |
    ``storage_key_missing`` (STORAGE_KEYS does not hold its key) |
    ``storage_chunk_damaged`` (a part of it: the others can be read) | ``storage_format_unknown`` (its head is damaged,
    or of a later version) | ``journal_damaged`` (none of a journal's lines can be read)."""


@dataclass(frozen=True, slots=True)
class FileHead:
    key_id: bytes
    salt: bytes
    chunk_bytes: int
    prefix: bytes = b""

    @classmethod
    def of(cls, data: bytes) -> FileHead:
        """Of a file's first bytes, which may be more than the head. Raises StorageError."""
        if len(data) < HEAD.size:
            raise StorageError("storage_format_unknown", "its head is cut off")
        magic, version, algorithm, prefix_bytes, chunk_bytes, key_id, salt = HEAD.unpack_from(data)
        if (magic, version, algorithm) != (MAGIC, VERSION, AES_256_GCM):
            raise StorageError("storage_format_unknown", f"it is encrypted by version {version}.{algorithm}")
        prefix = data[HEAD.size : HEAD.size + prefix_bytes]
        if chunk_bytes > MOST_CHUNK_BYTES or prefix_bytes > MOST_PREFIX_BYTES or len(prefix) < prefix_bytes:
            raise StorageError("storage_format_unknown", "its head is damaged")
        return cls(key_id, salt, chunk_bytes, prefix)

    @property
    def data(self) -> bytes:
        """As it stands in the file."""
        fixed = HEAD.pack(
            MAGIC, VERSION, AES_256_GCM, len(self.prefix), self.chunk_bytes, self.key_id, self.salt
        )  # fmt: skip
        return fixed + self.prefix


class FileCipher:
    """Encrypts and decrypts one file's chunks. Any thread; microseconds."""

    def __init__(self, key: StorageKey, head: FileHead) -> None:
        self.head = head
        self._authenticated = head.data
        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=head.salt, info=_PURPOSE).derive(key.secret)
        self._aead = AESGCM(derived)

    @classmethod
    def new(cls, key: StorageKey, chunk_bytes: int = 0, prefix: bytes = b"") -> FileCipher:
        """Of a file that begins."""
        return cls(key, FileHead(key.key_id, os.urandom(SALT_BYTES), chunk_bytes, prefix))

    @classmethod
    def of(cls, head: FileHead, keys: StorageKeys) -> FileCipher:
        """Of a file that is there. Raises StorageError."""
        key = keys.find(head.key_id)
        if key is None:
            raise StorageError("storage_key_missing", f"STORAGE_KEYS lacks the key {head.key_id.hex()}")
        return cls(key, head)

    def encrypted(self, at: int, plain: bytes, *, is_last: bool = False) -> bytes:
        """The chunk that begins at this byte of the file."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, self._authenticated + _PLACE.pack(at, is_last))

    def plain(self, at: int, chunk: bytes, *, is_last: bool = False) -> bytes:
        """What was encrypted there. Raises StorageError."""
        nonce, ciphertext = chunk[:NONCE_BYTES], chunk[NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, ciphertext, self._authenticated + _PLACE.pack(at, is_last))
        except (InvalidTag, ValueError) as error:
            # Too short for a nonce or a tag is a ValueError.
            raise StorageError("storage_chunk_damaged", f"its chunk at byte {at} is damaged") from error
