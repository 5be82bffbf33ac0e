"""``manage.py storage_key``: print a new key for STORAGE_KEYS (docs/security.md); it is kept nowhere else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from voiceapp.runtime.storage_keys import StorageKey


class Command(BaseCommand):
    help = "Print a new key that encrypts recordings, traces and journals."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(StorageKey.new().text)
