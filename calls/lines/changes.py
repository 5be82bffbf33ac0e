"""Rows of who changed what of a line."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LineChange(models.Model):
    """From what to what is the kind's own. Kept when person or line goes."""

    line = models.CharField(_("line"), max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    changed_at = models.DateTimeField(_("time"), db_index=True)

    class Meta:
        abstract = True
        ordering = ("-changed_at", "-pk")
        default_permissions = ("view",)
