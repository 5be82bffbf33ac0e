"""AccessEntry: a row of the access log. The database itself refuses to change or delete one (migration access_log)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AccessEntry(models.Model):
    """One person's access to a call, or to several at once. Kept for 24 months, also when person or call goes.

    Once it stands only two things change: ``last_at`` moves on while the same access lasts, and ``user`` becomes empty
    when the person's account is deleted.
    """

    class Kind(models.TextChoices):
        READ = "read", _("read")
        WATCH = "watch", _("watched live")
        LISTEN = "listen", _("listened")
        LISTEN_IN = "listen_in", _("listened in live")
        CORRECT = "correct", _("corrected")
        REVIEW = "review", _("reviewed")
        EXPORT = "export", _("exported")
        GOLD = "gold", _("took corrected turns with their audio")
        DELETE = "delete", _("deleted")
        HOLD = "hold", _("placed under legal hold")
        LIFT = "lift", _("lifted the legal hold")
        ACCOUNT = "account", _("signing in")

    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    call_sid = models.CharField("CallSid", max_length=64, blank=True, db_index=True)
    """Empty where it was not one call: ``calls`` says of how many, 0 where that is not known."""
    stream_sid = models.CharField("StreamSid", max_length=64, blank=True)
    turn = models.PositiveIntegerField(_("turn"), null=True, blank=True)
    """Number of the corrected turn."""
    calls = models.PositiveIntegerField(_("calls"), default=1)
    detail = models.CharField(_("detail"), max_length=200, blank=True, default="", db_default="")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(_("who"), max_length=150)
    """A person's name; ``manage.py purge (root)`` where a command did it, with the system's user."""
    began_at = models.DateTimeField(_("began"), db_index=True)
    last_at = models.DateTimeField(_("last asked for"))

    class Meta:
        db_table = "calls_revieweraction"
        ordering = ("-began_at", "-pk")
        default_permissions = ("view",)
        verbose_name = _("access")
        verbose_name_plural = _("access log")

    def __str__(self) -> str:
        return f"{self.username}: {self.get_kind_display()}"
