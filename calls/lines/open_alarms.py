"""Alarms that are not over: as every wall shows them, and who has said that they see to one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from calls.lines.models import Alarm

MOST = 100

OpenAlarm = tuple[str, str, int, str]
"""Kind, line (or engine), key of the row, and who acknowledged it, or ""."""


def open_alarms(alarms: QuerySet[Alarm] | None = None) -> list[OpenAlarm]:
    """Of these alarms, else of all: the newest first. Raises DatabaseError."""
    rows = Alarm.objects.all() if alarms is None else alarms
    return list(rows.filter(over_at=None).values_list("kind", "line", "pk", "acknowledged_by")[:MOST])


def acknowledge(alarm_id: int, user: Any, alarms: QuerySet[Alarm] | None = None) -> bool:
    """Say who sees to it. False where it is over or none of ``alarms``, or somebody was first. Raises DatabaseError."""
    mine = (Alarm.objects.all() if alarms is None else alarms).filter(pk=alarm_id, over_at=None, acknowledged_at=None)
    return bool(mine.update(acknowledged_at=timezone.now(), acknowledged_by=user.get_username()))
