"""What was really said in a turn, as people say it: rows that are only ever added, the newest counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from calls.desk.review.models import Correction
from calls.storage.models import Call, Transcript


class CorrectionConflict(Exception):
    """Somebody else has corrected the turn since it was looked at."""


def save(turn: Transcript, user: Any, *, seen: int, text: str = "", withdrawn: bool = False) -> bool:
    """Add a correction to those of which the person saw so many. What stands already is not said again.

    True when there is another row. Raises CorrectionConflict.
    """
    text = "" if withdrawn else text
    newest = _newest(turn)
    if _says(newest, user, text, withdrawn):
        return False
    if seen != (newest.number if newest else 0):
        raise CorrectionConflict
    try:
        with transaction.atomic():
            Correction.objects.create(
                call=turn.call,
                turn=turn.number,
                number=seen + 1,
                text=text,
                withdrawn=withdrawn,
                turn_revision=turn.revision,
                user=user,
                username=user.get_username(),
                made_at=timezone.now(),
            )
    except IntegrityError as error:
        if not _says(_newest(turn), user, text, withdrawn):
            raise CorrectionConflict from error
        return False
    return True


def add_corrections(call: Call, turns: Sequence[Transcript]) -> None:
    """Give each of these turns of a call its ``corrections``, the newest first, and the ``correction`` that stands."""
    found: dict[int, list[Correction]] = defaultdict(list)
    for row in Correction.objects.filter(call=call, turn__in=[turn.number for turn in turns]).order_by("-number"):
        found[row.turn].append(row)
    for turn in turns:
        shown: Any = turn  # the page's own attributes of it
        shown.corrections = found[turn.number]
        shown.correction = standing(found[turn.number])


def standing(newest_first: Sequence[Correction]) -> Correction | None:
    """The one that counts; None where there is none, or it was withdrawn."""
    return newest_first[0] if newest_first and not newest_first[0].withdrawn else None


def _newest(turn: Transcript) -> Correction | None:
    return Correction.objects.filter(call=turn.call_id, turn=turn.number).order_by("-number").first()


def _says(newest: Correction | None, user: Any, text: str, withdrawn: bool) -> bool:
    """It says that already: a button was pressed twice, or there is nothing to withdraw."""
    if newest is None:
        return withdrawn
    if withdrawn:
        return newest.withdrawn
    return not newest.withdrawn and newest.text == text and newest.user_id == user.pk
