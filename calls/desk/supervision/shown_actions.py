"""What supervisors did to a call, as its page shows it when it opens and whenever something comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from calls.desk.codes import ACTIONS, shown_code
from calls.storage.models import Call
from calls.twilio.models import SupervisorAction

Kind, Outcome = SupervisorAction.Kind, SupervisorAction.Outcome


@dataclass(frozen=True, slots=True)
class ShownAction:
    """In words of the page's language."""

    action: int
    """Its row: the page's message of this order says what came of it too."""
    what: str
    number: str
    """Whom the caller was handed over to; else empty."""
    outcome: str
    why: str
    """Of a failure; else empty."""
    who: str
    at: str
    """By the pages' clock."""
    failed: bool


def shown_actions(call: Call) -> list[ShownAction]:
    """The newest first. Raises DatabaseError."""
    return [
        ShownAction(
            action=action.pk,
            what=action.get_kind_display(),
            number=action.number,
            outcome=_outcome(action, call.ended_at is not None),
            why=shown_code(action.code, ACTIONS) if action.code else "",
            who=action.username,
            at=f"{timezone.localtime(action.asked_at):%H:%M:%S}",
            failed=action.outcome == Outcome.FAILED,
        )
        for action in SupervisorAction.objects.filter(call_sid=call.call_sid)
    ]


def _outcome(action: SupervisorAction, is_over: bool) -> str:
    if action.outcome == Outcome.TAKEN and is_over:
        # Whoever had the call did not live to say what became of the sentence.
        return _("it is not known whether the caller heard it")
    return action.get_outcome_display()
