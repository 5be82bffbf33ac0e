"""GivenPermission: what a group has once been given by an upgrade, so that nothing is given back which was taken."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class GivenPermission(models.Model):
    """Whether the group has it still is its people's affair (calls/desk/permissions.py)."""

    group = models.ForeignKey("auth.Group", models.CASCADE, related_name="+")
    permission = models.ForeignKey("auth.Permission", models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        verbose_name = _("permission given to a group")
        verbose_name_plural = _("permissions given to groups")
        constraints = (models.UniqueConstraint(fields=["group", "permission"], name="given_once"),)

    def __str__(self) -> str:
        return f"{self.group}: {self.permission.name}"
