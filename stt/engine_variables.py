"""Engines as a profile names them, and what the environment says to them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext

from stt.engines.catalogue import FLAWS, NOT_CONFIGURED, by_name, flaw_of, unready, variables
from stt.tuning import DEFAULT_ENGINES
from voiceapp.runtime.coded_error import CodedError


class EnginesRefused(CodedError, ValueError):
    """No profile can name these engines; the code and the sentence are of FLAWS."""

    def __init__(self, code: str, names: dict[str, str]) -> None:
        super().__init__(code, FLAWS[code])
        self.names = names
        """What the sentence names."""

    @property
    def shown_names(self) -> dict[str, str]:
        """In the page's language: an engine's title is a text too."""
        return {what: gettext(said) for what, said in self.names.items()}


def engine_variables() -> dict[str, str]:
    """Each variable of the catalogue, "" where it is not set. One that is a setting of its own counts as that."""
    return {name: getattr(settings, name, settings.ENGINE_VARIABLES[name]) for name in variables()}


def shown_engine(name: str) -> str:
    """What an engine is called, in the page's language; one that this version does not know, by its name."""
    entry = by_name().get(name)
    return gettext(entry.title) if entry is not None else name


def listed_per_hour(name: str) -> Decimal | None:
    """USD that an hour of audio costs by the vendor's list; None of an engine that this version does not know."""
    entry = by_name().get(name)
    return entry.capabilities.price_per_hour if entry is not None else None


def names_of(text: str) -> tuple[str, ...]:
    """The engines of a profile's field, in order."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def unknown_engines(text: str) -> list[str]:
    """Those of a profile's field that this version does not have, as of a later one; others hear its calls."""
    return [name for name in names_of(text) if name not in by_name()]


def unknown_engines_sentence(text: str) -> str:
    """What the pages of a profile say of them, with their code; empty where there are none."""
    names = unknown_engines(text)
    said = gettext("This version has no engine of the name %(engine)s: others hear the calls. Choose the engines anew.")
    return f"{said % {'engine': ', '.join(names)}} (unknown_engine)" if names else ""


def models_of_first(names: Sequence[str], before: Sequence[str], *, streaming: bool) -> tuple[str, ...]:
    """The models of the first of these engines. Raises EnginesRefused where no line can be heard by them.

    One that the profile did not name ``before`` must have what it needs: a line that hears by it would be deaf.
    """
    flaw = flaw_of(names, streaming=streaming)
    if flaw is not None:
        raise EnginesRefused(*flaw)
    added = [name for name in names if name not in (before or DEFAULT_ENGINES)]
    if lacks := unready(added, engine_variables()):
        raise EnginesRefused(NOT_CONFIGURED, {"engine": lacks[0].title, "variable": lacks[1]})
    return by_name()[names[0]].models
