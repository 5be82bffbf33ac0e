"""Rows of who hears best: a measurement of engines, and what each of them wrote of each turn."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EngineMeasurement(models.Model):
    """Engines, measured with the same corrected turns. Figures hold no words, and stay when calls are purged."""

    made_at = models.DateTimeField(_("time"), db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150, blank=True)
    line = models.CharField(_("line"), max_length=64, blank=True)
    profile = models.CharField(_("profile"), max_length=100, blank=True)
    """With its revision, whose hints and settings the engines were asked with."""
    turns = models.PositiveIntegerField(_("turns"))
    calls = models.PositiveIntegerField(_("calls"))
    figures = models.JSONField(default=list)
    """One object an engine and way of asking: calls/desk/engines/measuring.py."""

    class Meta:
        ordering = ("-made_at",)
        default_permissions = ()
        verbose_name = _("measurement of engines")
        verbose_name_plural = _("measurements of engines")

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at):%d.%m.%Y %H:%M}"


class MeasuredTurn(models.Model):
    """What one engine wrote of one turn, beside what was said: goes with its call, or with its measurement."""

    measurement = models.ForeignKey(EngineMeasurement, models.CASCADE, related_name="measured_turns")
    call = models.ForeignKey("calls.Call", models.CASCADE, null=True, related_name="+")
    """None where the call is not in this database: the turn came in a folder."""
    turn = models.PositiveIntegerField(_("turn"))
    engine = models.CharField(_("engine"), max_length=80)
    said = models.TextField(_("said"), blank=True)
    heard = models.TextField(_("heard"), blank=True)

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        verbose_name = _("measured turn")
        verbose_name_plural = _("measured turns")

    def __str__(self) -> str:
        return f"{self.engine} {self.turn}"
