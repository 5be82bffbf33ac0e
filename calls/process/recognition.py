"""A process's recognition: its engines made from the settings, shared by all calls."""

from __future__ import annotations

from stt.engine_variables import engine_variables
from stt.engines import catalogue
from stt.engines.registry import EngineRegistry, Recognition


def recognition_of_settings() -> Recognition:
    """As the environment says; profiles choose among these."""
    values = engine_variables()
    entries = catalogue.ENTRIES
    lacking = {entry.name: entry.missing(values) for entry in entries}
    engines = EngineRegistry({entry.name: entry.engine_at(values) for entry in entries}, lacking.__getitem__)
    return engines.of_profiles()
