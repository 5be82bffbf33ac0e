"""The reviewers' rows: who listened and who took calls away; what was really said in a turn."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReviewerAction(models.Model):
    """A stream that was listened to, or calls that were exported: by whom, when. Kept when person or call goes."""

    class Kind(models.TextChoices):
        LISTEN = "listen", _("listened")
        EXPORT = "export", _("exported")

    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    call_sid = models.CharField("CallSid", max_length=64, blank=True, db_index=True)
    stream_sid = models.CharField("StreamSid", max_length=64, blank=True)
    calls = models.PositiveIntegerField(_("calls"), default=1)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    began_at = models.DateTimeField(_("began"), db_index=True)
    last_at = models.DateTimeField(_("last asked for"))

    class Meta:
        app_label = "calls"
        ordering = ("-began_at",)
        default_permissions = ("view",)
        verbose_name = _("reviewer's action")
        verbose_name_plural = _("reviewers' actions")

    def __str__(self) -> str:
        return f"{self.username}/{self.kind}"
