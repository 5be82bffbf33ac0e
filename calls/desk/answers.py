"""How the line's answers, and what callers said at its questions, are shown to people: words, shares, masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.core.agent_turns import unheard
from calls.desk.permissions import READ_SECRETS
from calls.process.live_updates import MASK, Update, shown_answer
from calls.storage.models import OUTCOMES, Call, Transcript

RULES = {
    "expected": _("after an expected answer"),
    "unfinished": _("after words that did not seem finished"),
    "open": _("after open words"),
    "silence": _("because the caller was silent"),
    "opening": _("at the call's opening"),
    "transfer_failed": _("because the hand-over failed"),
}
"""Why the line might speak."""
CODES = {
    "responder_raised": _("the responder failed"),
    "responder_slow": _("the responder was late"),
    "responder_silent": _("the responder said nothing"),
    "act_unknown": _("an unknown act was asked for"),
    "act_failed": _("an act failed"),
    "act_twice": _("an act was asked for twice"),
    "voice_raised": _("the voice failed"),
    "voice_slow": _("the voice was late"),
    "voice_empty": _("the voice gave no sound"),
    "voice_quota": _("the voice's quota was used up"),
    "voice_fallback": _("the line's other voice spoke"),
    "text_unspeakable": _("the text could not be spoken"),
    "mark_lost": _("Twilio did not say what was played: the clock did"),
    "playback_starved": _("the sound paused within a sentence"),
    "turn_model_late": _("the turn model was late"),
    "echo_heard": _("the line's own words came back"),
    "canceller_missing": _("the echo is loud, and no canceller is installed"),
    "too_many_turns": _("too many answers in one call"),
    "cost_ceiling": _("the call's cost has reached its ceiling"),
    "dialogue_invalid": _("the dialogue is invalid"),
}
STAGES = {"floor": _("waiting for the floor"), "making": _("responder and voice"), "sending": _("sending")}
"""What the parts of a bar are called."""
SCALE_MS = 3000
"""A bar's whole length."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the time between the caller's last word and the answer's first sound."""

    name: str
    """``floor`` | ``making`` | ``sending``."""
    label: str
    ms: int
    from_percent: float
    """On a bar of SCALE_MS."""
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
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, turn: Transcript) -> ShownAnswer:
        return cls(
            heard=turn.heard_text,
            unheard=unheard(turn.text, turn.heard_text),
            outcome="" if turn.outcome == "played" else turn.get_outcome_display(),
            rule=str(RULES.get(turn.floor_rule, turn.floor_rule)),
            code=str(CODES.get(turn.code, turn.code)),
            stages=_stages(turn),
        )

    @property
    def bar_text(self) -> str:
        """The bar, for who does not see it."""
        return ", ".join(f"{stage.label}: \u2066{stage.ms} ms\u2069" for stage in self.stages)


def answer_texts() -> dict[str, dict[str, str]]:
    """What a page's script says of answers."""
    return {
        "outcomes": {outcome: str(label) for outcome, label in OUTCOMES if outcome != "played"},
        "rules": {rule: str(label) for rule, label in RULES.items()},
        "codes": {code: str(label) for code, label in CODES.items()},
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


def _stages(turn: Transcript) -> tuple[Stage, ...]:
    """What came before the floor is its waiting; after it, the sound that was not ready, and its sending."""
    floor_ms, first_ms = turn.floor_ms or 0, turn.first_audio_ms
    if turn.floor_ms is None and first_ms is None:
        return ()
    late_ms = min(max(0, -(turn.prepared_ms or 0)), first_ms or 0)
    stages, from_percent = [], 0.0
    for name, ms in (("floor", floor_ms), ("making", late_ms), ("sending", (first_ms or 0) - late_ms)):
        percent = min(100 * ms / SCALE_MS, 100 - from_percent)
        stages.append(Stage(name, str(STAGES[name]), ms, from_percent, percent))
        from_percent += percent
    return tuple(stages)
