"""LegalHold: a call that nothing deletes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_WHY_LETTERS = 200
"""As the access log's ``detail``."""


class LegalHold(models.Model):
    """While the row stands its call is kept, with its files: the database refuses to delete it (PROTECT). Who placed
    and who lifted it, and why, stays in the access log."""

    call = models.OneToOneField("calls.Call", models.PROTECT, related_name="hold")
    why = models.CharField(_("why"), max_length=MOST_WHY_LETTERS)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    placed_at = models.DateTimeField(_("since"))

    class Meta:
        default_permissions = ()
        permissions = (("hold_call", _("May place calls under legal hold, and lift it")),)
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")

    def __str__(self) -> str:
        return f"{self.call_id}: {self.username}"
