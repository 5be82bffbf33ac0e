"""A profile's demand on its engines, held against what was measured: no first engine that hears worse by more."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.desk.engines.measuring import ONE_SHOT, STREAM, MeasuredEngine
from calls.desk.engines.models import EngineMeasurement

MOST_LOOKED_AT = 100
"""Measurements, the newest first."""


def refuse_worse(before: str, now: str, *, streaming: bool, most_points: int, **_of_signal: Any) -> None:
    """The receiver of stt/engines_demand.py. Raises ValidationError ``engine_not_measured`` or ``engine_worse``."""
    way = STREAM if streaming else ONE_SHOT
    found = _last(before, now, way)
    if found is None:
        sentence = _(
            "%(now)s was not yet measured beside %(before)s, and the profile demands at most %(most)s points more word "
            "errors. Run: %(run)s"
        )
        run = f"\u2066manage.py wer --engine {before} --engine {now} --way {way}\u2069"
        raise _refused(sentence, "engine_not_measured", before=before, now=now, most=most_points, run=run)
    measurement, points = found
    if points > most_points:
        sentence = _(
            "%(now)s made %(points)s points more word errors than %(before)s when both were last measured (%(day)s); "
            "the profile demands at most %(most)s. Measure again, or change the demand."
        )
        day = timezone.localtime(measurement.made_at).strftime("%d.%m.%Y")
        shown = f"\u2066{points:.1f}\u2069"
        raise _refused(sentence, "engine_worse", before=before, now=now, points=shown, day=day, most=most_points)


def _last(before: str, now: str, way: str) -> tuple[EngineMeasurement, float] | None:
    """The newest measurement in which both heard the same turns, and by how many points the second is worse."""
    for measurement in EngineMeasurement.objects.all()[:MOST_LOOKED_AT]:
        engines = [MeasuredEngine.of_json(kept, measurement.calls) for kept in measurement.figures]
        wers = {
            one.engine: one.estimates["wer"].value
            for one in engines
            # A stand-in hears nothing, and one that failed at every turn was not measured.
            if one.way == way and not one.emulated and not one.all_failed
        }
        old, new = wers.get(before), wers.get(now)
        if old is not None and new is not None:
            return measurement, 100 * (new - old)
    return None


def _refused(sentence: str, code: str, **values: Any) -> ValidationError:
    return ValidationError({"engines": ValidationError(sentence, code, values)})
