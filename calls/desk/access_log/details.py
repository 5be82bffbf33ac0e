"""What an entry of the access log notes beside its kind: written in English, which never changes there, and said to
its reader in the page's language."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_noop

from calls.desk.access_log.models import AccessEntry
from calls.desk.rows import direction

MAX_CHARACTERS = 200
"""Of ``AccessEntry.detail``."""
TYPED = frozenset({AccessEntry.Kind.HOLD, AccessEntry.Kind.LIFT})
"""Kinds whose detail is somebody's own words."""


class Detail(StrEnum):
    """A text is never reworded: the entries that have it stand for two years. Of two that could be one entry's the
    narrower is first."""

    ALL_OF_A_NUMBER = gettext_noop("all about one number")
    MADE_PLAIN = gettext_noop("recordings and traces made plain")
    PURGED = gettext_noop("older than %(days)d days; %(files)d recordings and traces")
    RETAINED = gettext_noop("%(line)s: %(files)d recordings and traces")
    FIRST_PERSON = gettext_noop("made the superuser %(who)s")
    LOST_PHONE = gettext_noop("%(who)s: %(taken)d devices and recovery codes taken away, %(sessions)d sessions ended")
    EVERYBODY_SIGNED_OUT = gettext_noop("everybody: %(sessions)d sessions ended")
    PERSON_SIGNED_OUT = gettext_noop("%(who)s: %(sessions)d sessions ended")
    SIGNED_OUT = gettext_noop("signed out everywhere: %(sessions)d sessions")
    RECOVERY_CODE = gettext_noop("a recovery code was used, %(left)d are left")
    SECOND_FACTOR = gettext_noop("second factor set up")
    NEW_CODES = gettext_noop("new recovery codes")
    WEBHOOK_TEST = gettext_noop("a test of the webhook %(name)s")
    API_CALLS = gettext_noop("API: calls")
    API_CALL = gettext_noop("API: call")
    API_TURNS = gettext_noop("API: turns")

    def of(self, **values: Any) -> str:
        """As an entry has it."""
        return (self.value % values)[:MAX_CHARACTERS]


def shown_detail(entry: AccessEntry) -> str:
    """HTML, in the page's language. What is no Detail stands as it was noted: a path, a file's kind, a reason."""
    if not entry.detail:
        return "—"
    if entry.kind not in TYPED:
        for detail, pattern in _PATTERNS.items():
            if found := pattern.fullmatch(entry.detail):
                said: str = mark_safe(gettext(detail.value) % _values(found))  # noqa: S308 (ours, and _isolated)
                return said
    return _isolated(entry.detail)


def _pattern(template: str) -> re.Pattern[str]:
    text = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(template))
    return re.compile(re.sub(r"%\\\((\w+)\\\)d", r"(?P<n_\1>[0-9]+)", text), re.DOTALL)


_PATTERNS = {detail: _pattern(detail.value) for detail in Detail}


def _values(found: re.Match[str]) -> dict[str, Any]:
    """Numbers as such, everything else isolated."""
    return {
        name.removeprefix("n_"): int(value) if name.startswith("n_") else _isolated(value)
        for name, value in found.groupdict().items()
    }


def _isolated(text: str) -> str:
    """A path begins with a slash on a Hebrew page too."""
    return format_html('<bdi dir="{}">{}</bdi>', "ltr" if text.startswith(("/", ".")) else direction(text), text)
