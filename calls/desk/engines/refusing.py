"""Has changes of a profile's engines looked at by what was measured (calls/desk/engines/demand.py)."""

from __future__ import annotations

from typing import Any

from stt.engines_demand import engines_change


def refuse_worse_engines() -> None:
    """From now on."""
    engines_change.connect(_refuse_worse, weak=False, dispatch_uid="calls.desk.engines.demand")


def _refuse_worse(**change: Any) -> None:
    # Here, for it measures by every vendor's client, and most commands change no engines.
    from calls.desk.engines.demand import refuse_worse

    refuse_worse(**change)
