"""What ``manage.py check --deploy`` says of the environment: what keeps a server from serving."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

UNUSABLE = "voiceapp.W001"


@register(Tags.security, deploy=True)
def check_environment(**_: Any) -> list[CheckMessage]:
    """A variable that is set, and cannot be used: a placeholder for one. What is missing is said by who needs it."""
    return [
        Warning(problem.sentence, obj=problem.variable, id=UNUSABLE)
        for problem in settings.CONFIGURATION_PROBLEMS
        if not problem.is_missing
    ]
