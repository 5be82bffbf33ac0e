"""PersonCommand: what commands about one person have in common."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from calls.management.rows_command import RowsCommand


class PersonCommand(RowsCommand):
    """Raises CommandError ``no_such_person``."""

    def person(self, name: str) -> Any:
        person = get_user_model()._default_manager.filter(username=name).first()
        if person is None:
            raise CommandError(f"no_such_person: nobody signs in as {name}")
        return person
