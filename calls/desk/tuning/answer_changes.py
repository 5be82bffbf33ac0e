"""A call's answers at other settings, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import Outcome
from calls.desk.rows import span
from calls.whatif.answers_again import AnswerChange, Begins, Stops

BEGINS = {
    Begins.SAME: _("the same"),
    Begins.EARLIER: _("earlier"),
    Begins.LATER: _("later"),
    Begins.EARLY: _("too early: into a pause, before the caller went on"),
    Begins.WITHHELD: _("not yet: the caller goes on before it"),
    Begins.UNKNOWN: _("not known: the call's own settings do not give what was stored"),
}
STOPS = {
    Stops.SAME: _("the same"),
    Stops.SOONER: _("stopped sooner"),
    Stops.LATER: _("stopped later"),
    Stops.MISSED: _("an interruption is missed"),
    Stops.NEW: _("a new interruption"),
    Stops.PLAYS_ON: _("what stopped it for nothing no longer does"),
    Stops.RESUMES: _("stopped, it goes on"),
    Stops.STAYS_STOPPED: _("stopped, it no longer goes on"),
    Stops.UNKNOWN: _("not known: the call's own settings do not give what was stored"),
}
NEW_AND_GOES_ON = _("stopped for nothing: it goes on")
TIMED = (Stops.SOONER, Stops.LATER)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One answer: when it begins, and what speaking over it does. ``ms`` is a difference; None: there is none."""

    change: AnswerChange
    begins: Any
    begins_ms: int | None
    stops: Any
    stops_ms: int | None

    @property
    def span(self) -> str:
        return span(self.change.answer.started_ms, self.change.answer.ended_ms)

    @classmethod
    def of(cls, change: AnswerChange) -> ShownChange:
        quiet = change.stops is Stops.SAME and change.answer.heard.outcome is Outcome.PLAYED
        stops = NEW_AND_GOES_ON if change.stops is Stops.NEW and change.goes_on else STOPS[change.stops]
        return cls(
            change,
            None if change.begins is None else BEGINS[change.begins],
            abs(change.begins_by_ms) or None,
            None if quiet else stops,
            abs(change.stops_by_ms) or None if change.stops in TIMED else None,
        )
