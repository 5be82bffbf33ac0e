"""Chunks that are encrypted each by itself, and what cannot be done to them unnoticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage_keys import NEW, OLD
from voiceapp.runtime.file_cipher import ADDED_BYTES, FileCipher, FileHead, StorageError
from voiceapp.runtime.storage_keys import StorageKeys

PLAIN = b"what a caller said"


@pytest.fixture
def cipher():
    return FileCipher.new(NEW, chunk_bytes=8016, prefix=b"VREC")


@given(st.integers(0, 2**40), st.binary(max_size=300), st.booleans())
def test_what_was_encrypted_is_decrypted_by_the_same_key(at, plain, is_last):
    cipher = FileCipher.new(NEW)
    chunk = cipher.encrypted(at, plain, is_last=is_last)
    assert len(chunk) == len(plain) + ADDED_BYTES
    again = FileCipher.of(FileHead.of(cipher.head.data), StorageKeys([OLD, NEW]))
    assert again.plain(at, chunk, is_last=is_last) == plain


def test_two_chunks_of_one_text_and_two_files_have_nothing_in_common(cipher):
    assert cipher.encrypted(0, PLAIN) != cipher.encrypted(0, PLAIN)
    assert cipher.head.salt != FileCipher.new(NEW).head.salt


def test_a_chunk_that_was_changed_moved_or_made_the_last_is_damaged(cipher):
    chunk = cipher.encrypted(100, PLAIN)
    changed = [bytes([*chunk[:at], chunk[at] ^ 1, *chunk[at + 1 :]]) for at in range(len(chunk))]
    for at, data, is_last in [
        *((100, one, False) for one in changed),
        (100, chunk[:-1], False), (100, b"", False), (100, chunk[:20], False), (101, chunk, False), (100, chunk, True),
    ]:  # fmt: skip
        with pytest.raises(StorageError) as refused:
            cipher.plain(at, data, is_last=is_last)
        assert refused.value.code == "storage_chunk_damaged"


def test_a_chunk_of_another_file_is_none_of_this_one(cipher):
    with pytest.raises(StorageError, match="damaged"):
        FileCipher.new(NEW, chunk_bytes=8016, prefix=b"VREC").plain(0, cipher.encrypted(0, PLAIN))


def test_a_head_that_was_changed_decrypts_nothing(cipher):
    chunk = cipher.encrypted(0, PLAIN)
    head = cipher.head.data
    for at in range(len(head)):
        data = bytes([*head[:at], head[at] ^ 1, *head[at + 1 :]])
        with pytest.raises(StorageError):
            FileCipher.of(FileHead.of(data), StorageKeys([NEW])).plain(0, chunk)


def test_a_key_that_is_not_known_is_named(cipher):
    with pytest.raises(StorageError, match=NEW.name) as refused:
        FileCipher.of(cipher.head, StorageKeys([OLD]))
    assert refused.value.code == "storage_key_missing"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda head: head[:35],
        lambda head: b"X" + head[1:],
        lambda head: head[:4] + b"\2" + head[5:],
        lambda head: head[:5] + b"\2" + head[6:],
        lambda head: head[:6] + b"\xff\xff" + head[8:],
        lambda head: head[:8] + b"\xff\xff\xff\xff" + head[12:],
        lambda head: head[:-1],
    ],
)
def test_a_head_that_is_none_or_of_a_later_version_says_so(cipher, spoil):
    with pytest.raises(StorageError) as refused:
        FileHead.of(spoil(cipher.head.data))
    assert refused.value.code == "storage_format_unknown"
