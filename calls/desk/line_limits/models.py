"""LineLimit: a person, or everybody in a group, sees the calls of some lines alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class LineLimit(models.Model):
    """That the row stands is the limit: with no line left in it nothing is seen, not everything.

    Limits of a person and of their groups add up (calls/desk/line_limits/seen.py).
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="line_limit")
    group = models.OneToOneField("auth.Group", models.CASCADE, null=True, related_name="line_limit")
    lines = models.ManyToManyField(
        "calls.PhoneLine", through="LimitedLine", blank=True, related_name="+", verbose_name=_("lines")
    )

    class Meta:
        default_permissions = ()
        verbose_name = _("limit to lines")
        verbose_name_plural = _("limits to lines")
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=False, group=None) | Q(user=None, group__isnull=False),
                name="limit_of_a_person_or_a_group",
            ),
        )

    def __str__(self) -> str:
        return str(self.user or self.group)


class LimitedLine(models.Model):
    """A line of a limit. A model of its own for its name: the page that deletes a person or a line lists it."""

    limit = models.ForeignKey(LineLimit, models.CASCADE)
    line = models.ForeignKey("calls.PhoneLine", models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        verbose_name = _("line of a limit")
        verbose_name_plural = _("lines of a limit")
        constraints = (models.UniqueConstraint(fields=["limit", "line"], name="a_limit_has_a_line_once"),)

    def __str__(self) -> str:
        return str(self.line)
