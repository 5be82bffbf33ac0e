"""What a profile demands of a change of its engines. Who has measured them refuses: this package knows no calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.dispatch import Signal

from stt.engine_variables import names_of

if TYPE_CHECKING:
    from stt.models import TuningProfile

engines_change = Signal()
"""Lines are to be heard by another first engine: ``before``, ``now`` (names), ``streaming``, ``most_points``. Who
receives it refuses by raising ValidationError."""


def check_change(profile: TuningProfile, before: TuningProfile | None) -> None:
    """``before``: the profile as lines hear by it now. Raises ValidationError."""
    if before is None:
        return
    first_before, first_now = _first(names_of(before.engines)), _first(names_of(profile.engines))
    demands = [one for one in (profile.most_wer_points, before.most_wer_points) if one is not None]
    if before.pk == profile.pk:
        # Who may tune may withdraw the demand.
        demands = [] if profile.most_wer_points is None else [profile.most_wer_points]
    if demands and first_before != first_now:
        engines_change.send(
            type(profile), before=first_before, now=first_now, streaming=profile.streaming, most_points=min(demands)
        )


def _first(names: Sequence[str]) -> str:
    return names[0] if names else ""
