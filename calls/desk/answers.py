"""How the line's answers, and what callers said at its questions, are shown to people: words, shares, masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import AnswerTimes, unheard
from calls.core.text import MASK
from calls.desk.codes import shown_code
from calls.desk.permissions import READ_SECRETS
from calls.lines.answering import responder_choices
from calls.process.live_updates import Update, shown_answer
from calls.reply.voice import EMULATOR
from calls.reply.voices.recorded import RECORDED
from calls.storage.models import OUTCOMES, Call, Transcript

RULES = {
    "expected": _("after an expected answer"),
    "unfinished": _("after a longer pause: more words were expected"),
    "open": _("after open words"),
    "silence": _("because the caller was silent"),
    "opening": _("at the call's opening"),
    "supervisor": _("because a supervisor had it said"),
    "transfer_failed": _("because the hand-over failed"),
    "resumed": _("the rest of an answer that was cut off"),
}
"""Why the line might speak."""
MADE_BY = {**dict(responder_choices()), "supervisor": _("a supervisor")}
"""Whose words they were."""
STAGES = {
    "floor": _("waiting for the floor"),
    "responder": _("the responder's words"),
    "voice": _("the voice's first sound"),
    "making": _("responder and voice"),
    "sending": _("sending"),
}
"""What the parts of a bar are called."""
SCALE_MS = 3000
"""A bar's whole length; one that is longer is drawn to its own end."""
TICK_MS = 1000
"""Lines on a bar: that they stand closer says that it is longer."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the time between the caller's last word and the answer's first sound."""

    name: str
    """A key of STAGES."""
    label: str
    ms: int
    from_percent: float
    """On its bar."""
    percent: float


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as its row in a conversation shows it."""

    heard: str
    unheard: str
    """What was to be said and was not heard."""
    outcome: str
    """In words; empty where it was played to its end."""
    rule: str
    code: str
    """In words where there are some."""
    responder: str
    voice: str
    stages: tuple[Stage, ...]
    ticks_percent: tuple[float, ...]
    """Where on its bar each second ends."""

    @classmethod
    def of(cls, turn: Transcript) -> ShownAnswer:
        spent_ms = AnswerTimes.of_row(vars(turn)).stages
        scale_ms = max(SCALE_MS, sum(spent_ms.values()))
        return cls(
            heard=turn.heard_text,
            unheard=unheard(turn.text, turn.heard_text),
            outcome="" if turn.outcome == "played" else turn.get_outcome_display(),
            rule=str(RULES.get(turn.floor_rule, turn.floor_rule)),
            code=shown_code(turn.code),
            responder=str(MADE_BY.get(turn.responder, turn.responder)),
            voice=shown_voice(turn.voice),
            stages=_stages(spent_ms, scale_ms),
            ticks_percent=tuple(100 * at_ms / scale_ms for at_ms in range(TICK_MS, scale_ms, TICK_MS)),
        )

    @property
    def bar_text(self) -> str:
        """The bar, for who does not see it."""
        return ", ".join(f"{stage.label}: \u2066{stage.ms} ms\u2069" for stage in self.stages)


def shown_voice(name: str, *, emulated: bool = False) -> str:
    """A voice's name for people; ``emulated``: an emulator stands in for it here. Of one that a row keeps it is read
    from its name."""
    if name == RECORDED:
        return gettext("a recording")
    if name.startswith(f"{EMULATOR}:"):
        name, emulated = f"google{name.removeprefix(EMULATOR)}", True
    isolated = f"\u2066{name}\u2069" if name else ""
    return f"{isolated} ({gettext('emulated')})" if emulated else isolated


def answer_texts() -> dict[str, Any]:
    """What a page's script says of answers."""
    return {
        "outcomes": {outcome: str(label) for outcome, label in OUTCOMES if outcome != "played"},
        "rules": {rule: str(label) for rule, label in RULES.items()},
        "responders": {name: str(label) for name, label in MADE_BY.items()},
        "recording": shown_voice(RECORDED),
        "stages": {name: str(label) for name, label in STAGES.items()},
    }


def stored_answer(turn: Transcript, key: str) -> Update:
    """A row as it was published while it was played (calls/process/live_updates.py)."""
    return {**shown_answer(turn, key), "playing": False}


def saved_values(call: Call, user: Any) -> list[dict[str, Any]]:
    """What the caller said at questions, in the order of saving; a secret is masked for who may not read it."""
    reads_secrets = user.has_perm(READ_SECRETS)
    return [
        {"key": one.key, "value": MASK if one.secret and not reads_secrets else one.value, "secret": one.secret}
        for one in call.saved_values.all()
    ]


def _stages(spent_ms: Mapping[str, int], scale_ms: int) -> tuple[Stage, ...]:
    stages, from_percent = [], 0.0
    for name, ms in spent_ms.items():
        percent = 100 * ms / scale_ms
        stages.append(Stage(name, str(STAGES[name]), ms, from_percent, percent))
        from_percent += percent
    return tuple(stages)
