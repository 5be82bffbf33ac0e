"""Fields of a profile's row, made of the table of settings."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from stt.tuning import BOUNDS, Tuning


def bounded(name: str, db_default: Any = models.NOT_PROVIDED) -> models.PositiveIntegerField[int, int]:
    """A whole number of BOUNDS, with what the form says of it."""
    bounds = BOUNDS[name]
    return models.PositiveIntegerField(
        _(bounds.label),
        default=getattr(Tuning(), name),
        validators=[MinValueValidator(bounds.low), MaxValueValidator(bounds.high)],
        # Numbers and names stay left to right on a Hebrew page.
        help_text=format_lazy(
            "\u2066{name}: {low}–{high}{unit} ({default})\u2069. {trades}",
            name=bounds.env or name,
            low=bounds.low,
            high=bounds.high,
            default=getattr(Tuning(), name),
            unit=bounds.unit and f" {bounds.unit}",
            trades=_(bounds.trades),
        ),
        db_default=db_default,
    )


def most_points() -> models.PositiveSmallIntegerField[int | None, int | None]:
    """What a profile demands of a change of the engine that hears: in points of WER."""
    return models.PositiveSmallIntegerField(
        _("a new first engine: at most so many points worse"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "Of the word error rate as “Who hears best” last measured both by the same turns. Empty: no demand. A "
            "number: an engine that is worse by more, or was not measured, cannot become the first."
        ),
    )
