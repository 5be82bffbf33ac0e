"""What ``manage.py check --database default`` says of the lines that are there, and ``migrate`` as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from calls.lines.models import PhoneLine
from calls.lines.spoken_texts import SAYS_OTHERS_WORDS

UNSAID = "calls.W001"


@register(Tags.database)
def check_unpointed_words(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Lines whose answers none of their voices can say."""
    if not databases:
        return []
    try:
        lines = list(PhoneLine.objects.using(databases[0]).filter(responder__in=SAYS_OTHERS_WORDS))
    except DatabaseError:
        return []  # not migrated yet
    if not lines:
        return []
    # Here, for a server without such lines must not load every vendor's client to be checked.
    from calls.process.services import services

    return [
        Warning(
            f"The line {line.name} can only apologise: its voices say no words without vowel points.",
            hint="Give it a second voice that does, of Google for example.",
            obj=line.number,
            id=UNSAID,
        )
        for line in lines
        if not services().voices.says_unpointed(line.voice, line.voice_fallback)
    ]
