"""What ``manage.py check --database default`` says of the lines that are there, and ``migrate`` as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from calls.lines.models import PhoneLine
from calls.lines.spoken_texts import SAYS_OTHERS_WORDS, is_answering

UNSAID = "calls.W001"
UNSPOKEN = "calls.W002"


@register(Tags.database)
def check_spoken_answers(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Lines whose answers none of their voices can say."""
    if not databases:
        return []
    try:
        lines = [line for line in PhoneLine.objects.using(databases[0]) if is_answering(line)]
    except DatabaseError:
        return []  # not migrated yet
    return [warning for line in lines if (warning := _unsaid(line)) is not None]


def _unsaid(line: PhoneLine) -> Warning | None:
    # Here, for a server without such lines must not load every vendor's client to be checked.
    from calls.process.services import services

    voices, own = services().voices, (line.voice, line.voice_fallback)
    if not voices.speaks(*own):
        return Warning(
            f"The line {line.name} can only apologise: none of its voices is on this server.",
            hint="manage.py speak --list says which are, and what the others lack.",
            obj=line.number,
            id=UNSPOKEN,
        )
    if line.responder in SAYS_OTHERS_WORDS and not voices.says_unpointed(*own):
        return Warning(
            f"The line {line.name} can only apologise: its voices say no words without vowel points.",
            hint="Give it a second voice that does, of Google for example.",
            obj=line.number,
            id=UNSAID,
        )
    return None
