"""Callers' numbers as a person may see them: whole with ``see_numbers``, else masked (calls/core/addresses.py)."""

from __future__ import annotations

from typing import Any

from calls.core.addresses import masked
from calls.desk.permissions import SEE_NUMBERS


def sees_numbers(user: Any) -> bool:
    return bool(user.has_perm(SEE_NUMBERS))


def shown_caller(user: Any, number: str) -> str:
    return shown_number(number, whole=sees_numbers(user))


def shown_number(number: str, *, whole: bool) -> str:
    """To one who may see it ``whole``, or not."""
    return number if whole else masked(number)
