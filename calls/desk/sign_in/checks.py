"""What ``manage.py check --deploy`` says of signing in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

NO_SECOND_FACTOR = "calls.W002"


@register(Tags.security, deploy=True)
def check_second_factor(**_: Any) -> list[CheckMessage]:
    if settings.SECOND_FACTOR_REQUIRED:
        return []
    return [
        Warning(
            "SECOND_FACTOR is off: a password alone opens callers' voices and words to the internet.",
            hint="Set it to required.",
            id=NO_SECOND_FACTOR,
        )
    ]
