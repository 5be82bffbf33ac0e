"""What a serving process says and checks before its first call."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from threading import Thread

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from stt.engine_variables import engine_variables, names_of
from stt.engines import catalogue
from stt.models import TuningProfile
from stt.tuning import DEFAULT_ENGINES

logger = logging.getLogger(__name__)

ASK_PROFILES_S = 3.0
"""So long a database is waited for that says which engines profiles name."""


def require_servable() -> None:
    """Raises ImproperlyConfigured with one sentence that names the variable and what to set.

    Of engines only those are asked for their credentials that some profile names. One that stands in for others may
    lack them: that keeps no line from being served, and is a warning.
    """
    profiles = _engines_of_profiles()
    first, known, values = {names[0] for names in profiles}, catalogue.by_name(), engine_variables()
    for problem in settings.CONFIGURATION_PROBLEMS:
        # Two engines of one vendor may need the same variable.
        needed_by = {entry.name for entry in catalogue.ENTRIES if problem.variable in entry.needs}
        if not needed_by or needed_by & first:
            raise ImproperlyConfigured(problem.sentence)
    for name in dict.fromkeys(name for names in profiles for name in names):
        variable = known[name].missing(values) if name in known else ""
        if variable:
            sentence = _lacks(known[name], variable)
            if name in first:
                raise ImproperlyConfigured(sentence)
            logger.warning("%s Until then no line is heard by it.", sentence)


def announce() -> None:
    logger.info("🚀 Streaming STT enabled: %s", settings.USE_STREAMING_STT)


def _lacks(entry: catalogue.EngineEntry, variable: str) -> str:
    stand_in = f", or {entry.emulator} to the host:port of its emulator" if entry.emulator else ""
    return f"{variable} is not set, and a profile names {entry.title}: set it to {entry.needs[variable]}{stand_in}."


def _engines_of_profiles() -> list[tuple[str, ...]]:
    """Those of each profile. Of none where the database does not answer at once: what it says is known later."""
    answer: Future[list[str]] = Future()
    # In a thread: a server may import the application while its loop runs.
    Thread(target=_ask, args=(answer,), daemon=True).start()
    try:
        said = answer.result(ASK_PROFILES_S)
    except (TimeoutError, DatabaseError):
        said = []
    return [names for text in said if (names := names_of(text))] or [DEFAULT_ENGINES]


def _ask(answer: Future[list[str]]) -> None:
    try:
        answer.set_result(list(TuningProfile.objects.values_list("engines", flat=True)))
    except DatabaseError as error:
        answer.set_exception(error)
    finally:
        connection.close()
