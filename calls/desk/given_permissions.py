"""GivenPermission: what a group has once been given by an upgrade, so that nothing is given back which was taken."""

from __future__ import annotations

from django.db import models


class GivenPermission(models.Model):
    """Whether the group has it still is its people's affair (calls/desk/permissions.py)."""

    group = models.ForeignKey("auth.Group", models.CASCADE, related_name="+")
    permission = models.ForeignKey("auth.Permission", models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["group", "permission"], name="given_once"),)

    def __str__(self) -> str:
        return f"{self.group_id}: {self.permission_id}"
