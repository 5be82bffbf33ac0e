"""What was really said in a turn, as people say it: rows that are only ever added, the newest counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from calls.core.search_text import search_text
from calls.desk.review.models import Correction
from calls.desk.review.word_difference import ComparedWords, difference, unchanged
from calls.desk.rows import direction
from calls.lines.masking import as_kept
from calls.storage.models import Call, Transcript


@dataclass(frozen=True, slots=True)
class ShownTexts:
    """A caller's turn's texts, each in pieces: what the one before or behind it has not is marked."""

    early: tuple[ComparedWords, ...]
    """As it was first handed on, with what was taken back; empty where nothing was revised."""
    heard: tuple[ComparedWords, ...]
    """As it stands: with what a person struck out, else with what came later."""
    corrected: tuple[ComparedWords, ...]
    """...with what a person put in; empty where nobody did."""

    @property
    def direction(self) -> str:
        """The ``dir`` of each of them."""
        return direction(" ".join(piece.text for piece in (*self.early, *self.heard, *self.corrected)))

    @classmethod
    def of(cls, turn: Transcript, correction: Correction | None) -> ShownTexts:
        revised = turn.revised_text is not None
        early, heard = difference(turn.text, turn.heard_text) if revised else ((), unchanged(turn.text))
        if correction is None:
            return cls(early, heard, ())
        return cls(early, *difference(turn.heard_text, correction.text))


class CorrectionConflict(Exception):
    """Somebody else has corrected the turn since it was looked at."""


def save(
    turn: Transcript, user: Any, *, seen: int, text: str = "", withdrawn: bool = False, is_blind: bool = False
) -> bool:
    """Add a correction to those of which the person saw so many. What stands already is not said again.

    ``is_blind``: they were shown their own alone: a conflict with another's would tell them of it, and what they
    withdraw is their own: what others said stands again.
    True when there is another row. Raises CorrectionConflict.
    """
    text = "" if withdrawn else as_kept(text, turn.call)
    made = list(Correction.objects.filter(call=turn.call_id, turn=turn.number).order_by("-number"))
    number = made[0].number if made else 0
    shown = _own(made, user) if is_blind else made
    if _says(shown[0] if shown else None, user, text, withdrawn):
        return False
    if seen < len(shown) if is_blind else seen != number:
        raise CorrectionConflict
    try:
        with transaction.atomic():
            Correction.objects.filter(call=turn.call, turn=turn.number).exclude(search_text="").update(search_text="")
            row = Correction(
                call=turn.call,
                turn=turn.number,
                text=text,
                withdrawn=withdrawn,
                turn_revision=turn.revision,
                user=user,
                username=user.get_username(),
                made_at=timezone.now(),
            )
            again = _others_in_force(made, user) if is_blind and withdrawn else []
            _add(number, [row, *again])
    except IntegrityError as error:
        if is_blind:  # another's, of which they are not told: behind that one as well
            return save(turn, user, seen=seen, text=text, withdrawn=withdrawn, is_blind=True)
        if not _says(_newest(turn), user, text, withdrawn):
            raise CorrectionConflict from error
        return False
    return True


def add_corrections(call: Call, turns: Sequence[Transcript], only_of: Any = None) -> None:
    """Give each of these turns of a call its ``corrections``, the newest first, the ``correction`` that stands, and the
    number of the newest as ``seen``. ``only_of``: a person who is shown no other's, but corrects behind them all: how
    many are theirs is ``seen``."""
    found: dict[int, list[Correction]] = defaultdict(list)
    for row in Correction.objects.filter(call=call, turn__in=[turn.number for turn in turns]).order_by("-number"):
        found[row.turn].append(row)
    for turn in turns:
        shown: Any = turn  # the page's own attributes of it
        rows = found[turn.number]
        shown.corrections = rows if only_of is None else _own(rows, only_of)
        # Of one's own alone how many they are: their numbers would tell of others.
        shown.seen = (rows[0].number if rows else 0) if only_of is None else len(shown.corrections)
        shown.correction = standing(shown.corrections)
        shown.texts = ShownTexts.of(turn, shown.correction)


def standing_corrections(made: QuerySet[Correction]) -> QuerySet[Correction]:
    """Of the corrections that a person is told (calls/desk/review/queue/blind.py): the one of each turn that counts,
    where one stands."""
    newer = made.filter(call=OuterRef("call"), turn=OuterRef("turn"), number__gt=OuterRef("number"))
    return made.filter(~Exists(newer), withdrawn=False).order_by()


def standing(newest_first: Sequence[Correction]) -> Correction | None:
    """The one that counts; None where there is none, or it was withdrawn."""
    return newest_first[0] if newest_first and not newest_first[0].withdrawn else None


def fill_search_text() -> None:
    """Write the search text of corrections that have none: an older version has made them. Blocking."""
    unfilled = Correction.objects.filter(search_text=None)
    later = Correction.objects.filter(call=OuterRef("call"), turn=OuterRef("turn"), number__gt=OuterRef("number"))
    unfilled.filter(Q(withdrawn=True) | Exists(later)).update(search_text="")
    for pk, text in list(unfilled.values_list("pk", "text")):
        unfilled.filter(pk=pk).update(search_text=search_text(text))


def _add(number: int, rows: Sequence[Correction]) -> None:
    """Behind so many. Raises IntegrityError where somebody else was first."""
    for row in rows:
        number += 1
        row.number, row.search_text = number, search_text(row.text) if row is rows[-1] else ""
    Correction.objects.bulk_create(rows)


def _own(newest_first: Sequence[Correction], user: Any) -> list[Correction]:
    """What this person saved: that it stands again would tell them of another."""
    return [one for one in newest_first if one.user_id == user.pk and not one.is_again]


def _others_in_force(newest_first: Sequence[Correction], user: Any) -> list[Correction]:
    """Of each other person their newest correction that nobody has withdrawn, the oldest first, to be added again. All
    of them, not only the one that stands: the next withdrawal may be of that one."""
    found: dict[tuple[int | None, str], Correction] = {}
    for one in newest_first:
        if one.withdrawn:
            break
        if one.user_id != user.pk:
            found.setdefault((one.user_id, one.username), one)
    copied = "call_id", "turn", "text", "turn_revision", "user_id", "username", "made_at"
    return [
        Correction(is_again=True, **{name: getattr(one, name) for name in copied}) for one in reversed(found.values())
    ]


def _newest(turn: Transcript) -> Correction | None:
    return Correction.objects.filter(call=turn.call_id, turn=turn.number).order_by("-number").first()


def _says(newest: Correction | None, user: Any, text: str, withdrawn: bool) -> bool:
    """It says that already: a button was pressed twice, or there is nothing to withdraw."""
    if newest is None:
        return withdrawn
    if withdrawn:
        return newest.withdrawn
    return not newest.withdrawn and newest.text == text and newest.user_id == user.pk
