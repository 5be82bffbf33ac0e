"""What a call's page shows of the work on it (templates/admin/calls/queue/block.html): who has it, why it waits, what
has been said of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from calls.desk.permissions import CORRECT, OVERSEE_REVIEWS
from calls.desk.review.queue.blind import is_blind, told
from calls.desk.review.queue.claims import RENEWED_EVERY_S
from calls.desk.review.queue.models import MOST_NOTE_LETTERS, CallNote, CallReview, CallTag, Informed, TurnMark
from calls.desk.review.queue.modes import read_mode
from calls.desk.review.queue.reasons import shown_reasons
from calls.desk.review.queue.reviewing import line_tags, mentions_of, people_who_read, undoable
from calls.storage.models import Call, Transcript
from calls.storage.queued_calls import QueuedCall

LEFT_TO_RIGHT = re.compile(r"(@[\w@+.-]+|\+?[0-9](?:[0-9 -]*[0-9])?)", re.ASCII)
"""In a note: a name in Latin letters, a phone number."""
MOST_PEOPLE = 30
"""Whose names are offered for a note; others are typed."""


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A mark that a turn has or may get."""

    kind: str
    label: Any
    is_on: bool
    username: str
    """Who said so; empty where it is off."""


def queue_block(request: HttpRequest, call: Call, turns: Sequence[Transcript]) -> dict[str, Any]:
    """For the template; gives each of the caller's turns its ``marks``."""
    user, now = request.user, timezone.now()
    may_review = user.has_perm(CORRECT)
    queued = QueuedCall.objects.select_related("claimed_by").filter(pk=call.pk).first()
    blind = is_blind(call, user, now)
    add_marks(call, turns, only_of=user if blind else None)
    reviews = list(told(CallReview.objects.filter(call=call), user, now))
    own = next((one for one in reviews if one.user_id == user.pk), None)
    notes = list(told(CallNote.objects.filter(call=call), user, now))
    for one in notes:
        add_pieces(one)
    mode = read_mode(request.GET.get("queue", ""))
    tags = set(told(CallTag.objects.filter(call=call), user, now).values_list("name", flat=True))
    offered = line_tags(call) if may_review else []
    held = (
        queued is not None
        and queued.claimed_by_id is not None
        and queued.claimed_until is not None
        and queued.claimed_until > now
    )
    block = {
        "may_review": may_review,
        "may_free": user.has_perm(OVERSEE_REVIEWS),
        "queued": queued,
        "is_done": queued is not None and queued.done >= queued.wanted,
        "mode": mode.text,
        "sample": mode.sample,
        "reasons": shown_reasons(queued.reasons) if queued is not None else [],
        "claim": queued if held else None,
        "is_held_by_another": held and queued is not None and queued.claimed_by_id != user.pk,
        "blind": blind,
        "not_independent": queued is not None and queued.wanted > 1 and _not_independent(call, user, own),
        "own": own,
        "undoable": undoable(user, now) if may_review else None,
        "reviews": reviews,
        "verdicts": CallReview.Verdict.choices,
        "tags": [(name, name in tags) for name in dict.fromkeys([*offered, *tags])],
        "notes": notes,
        "mentioned": bool(notes) and mentions_of(user).filter(note__in=notes).exists(),
        "people": list(people_who_read(call).values_list("username", flat=True)[:MOST_PEOPLE]) if may_review else [],
        "most_note_letters": MOST_NOTE_LETTERS,
        "renewed_every_s": RENEWED_EVERY_S,
    }
    may_free = block["may_free"] and block["is_held_by_another"]
    # Who only reads, of a call that nobody has said anything about, would have a heading and nothing below it.
    return {
        **block,
        "is_shown": may_free or any(block[part] for part in ("may_review", "reasons", "reviews", "tags", "notes")),
    }


def _not_independent(call: Call, user: Any, own: CallReview | None) -> bool:
    """Their review is not blind, or will not be."""
    if own is not None:
        return own.is_blind is False
    return Informed.objects.filter(call=call, user=user).exists()


def add_marks(call: Call, turns: Sequence[Transcript], *, only_of: Any = None) -> None:
    """Give each of these turns its ``marks``: those of all, or of one person who is shown no other's."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = TurnMark.objects.filter(call=call, turn__in=[turn.number for turn in turns]).order_by("made_at")
    for row in rows if only_of is None else rows.filter(user=only_of):
        found[row.turn].setdefault(row.kind, row.username)
    for turn in turns:
        shown: Any = turn  # the page's own attribute of it
        shown.marks = [] if turn.is_agents else _marks_of(found[turn.number])


def _marks_of(found: dict[str, str]) -> list[ShownMark]:
    """``found``: kind → who said so."""
    return [ShownMark(kind.value, kind.label, kind.value in found, found.get(kind.value, "")) for kind in TurnMark.Kind]


def add_pieces(one: Any) -> None:
    """Give a note its text in ``pieces``, each with whether it is a name or a number, read left to right."""
    one.pieces = [(piece, bool(at % 2)) for at, piece in enumerate(LEFT_TO_RIGHT.split(one.text))]
