"""Keys that files of calls are encrypted by, and tests that hold with and without them.

A module whose tests hold for both imports ``plain_and_encrypted``.
"""

from contextlib import contextmanager

import pytest
from django.test import override_settings

from voiceapp.runtime.storage_keys import StorageKey, StorageKeys

OLD, NEW = (StorageKey(bytes([number]) * 32) for number in (1, 2))


@contextmanager
def under(*keys):
    """With these as the process's STORAGE_KEYS."""
    with override_settings(STORAGE_KEYS=StorageKeys(keys)):
        yield


@pytest.fixture(params=["plain", "encrypted"], autouse=True)
def plain_and_encrypted(request):
    with under(*([NEW] if request.param == "encrypted" else [])):
        yield request.param
