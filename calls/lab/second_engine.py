"""``python -m calls.lab.second_engine PORT``: a server whose catalogue has a second engine, for ``chaos --engines``.

The second one is Google's adapter at an emulator of its own, under another name: two engines over real sockets, which
fail one without the other. SECOND_EMULATOR_HOST is where that emulator is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from stt.engines import catalogue
from stt.engines.base import EMULATOR
from stt.engines.google_models import CAPABILITIES

NAME, EMULATOR_VARIABLE = "second", "SECOND_EMULATOR_HOST"


def _make(values: Mapping[str, str]) -> catalogue.EngineAt:
    from stt.engines.google import GoogleSpeech

    class SecondEngine(GoogleSpeech):
        """Google's, by another name."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.name = f"{EMULATOR}:{NAME}"

    return lambda endpoint: SecondEngine(emulator=values[EMULATOR_VARIABLE])


ENTRY = catalogue.EngineEntry(
    name=NAME,
    title="Second engine (lab)",
    hebrew="iw-IL",
    capabilities=CAPABILITIES,
    models=(),
    needs={EMULATOR_VARIABLE: "the host:port of an emulator"},
    emulator=EMULATOR_VARIABLE,
    make=_make,
)


def add() -> None:
    """Before the settings are read: they hold what the catalogue's engines may read."""
    catalogue.ENTRIES = (*catalogue.ENTRIES, ENTRY)


if __name__ == "__main__":
    add()
    import manage

    sys.argv = ["manage.py", "serve", "--host", "127.0.0.1", "--port", sys.argv[1]]
    manage.main()
