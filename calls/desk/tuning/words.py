"""How measures and settings are named on the desk's pages, and which measures each setting moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Field
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.desk.tuning.figures import ANSWER_RATIOS, NUMBERS, PERCENTILES, Measure
from calls.desk.tuning.mix import Mix
from stt.engines.waivers import HINTS, MODEL, PUNCTUATION
from stt.models import TuningProfile
from stt.tuning import BOUNDS

LABELS = {
    Measure.PARTIAL_P50: _("first partial, p50"),
    Measure.PARTIAL_P95: _("first partial, p95"),
    Measure.FINAL_P50: _("final, p50"),
    Measure.FINAL_P95: _("final, p95"),
    Measure.FLOOR_P50: _("wait for the floor, p50"),
    Measure.FLOOR_P95: _("wait for the floor, p95"),
    Measure.TOTAL_P50: _("answer, p50"),
    Measure.TOTAL_P95: _("answer, p95"),
    Measure.EARLY: _("early turns"),
    Measure.FINAL: _("turns by a final"),
    Measure.PARTIAL: _("turns by a partial"),
    Measure.FALLBACK: _("turns by the one-shot"),
    Measure.NONE: _("turns without words"),
    Measure.REGRET: _("regret: words changed afterwards"),
    Measure.WORD_ERRORS: _("word errors in corrected turns"),
    Measure.CUT_OFFS: _("cut-offs: the next utterance within 400 ms"),
    Measure.ECHOES: _("turns that were the line's own echo"),
    Measure.WORDS_A_MINUTE: _("words a minute"),
    Measure.PAUSES_ANSWERED: _("answers into a pause: the caller goes on within 1 s"),
    Measure.WITHDRAWN: _("answers prepared anew because the caller went on"),
    Measure.WITHDRAWALS: _("withdrawn preparations an answer"),
    Measure.TOKENS_WITHDRAWN: _("language model's tokens in withdrawn answers"),
    Measure.CHARACTERS_WITHDRAWN: _("synthesised characters in withdrawn answers"),
    Measure.INTERRUPTED: _("answers that the caller interrupted"),
    Measure.RESUMED: _("answers that a noise stopped, and that went on"),
    Measure.FALSE_STARTS: _("false starts: the caller had not finished"),
}
UNITS = {measure: "ms" if measure in PERCENTILES else "%" for measure in Measure} | dict.fromkeys(NUMBERS, "")
LESS_IS_BETTER = (frozenset(PERCENTILES) | frozenset(ANSWER_RATIOS)) - {Measure.INTERRUPTED}
LESS_IS_BETTER |= {
    Measure.FALLBACK,
    Measure.NONE,
    Measure.REGRET,
    Measure.CUT_OFFS,
    Measure.ECHOES,
    Measure.WORD_ERRORS,
}
"""Of the others neither is better by itself."""

MIX_LABELS = {
    Mix.LINE: _("the line that was called"),
    Mix.HOUR: _("time of day"),
    Mix.DAY: _("day of the week"),
    Mix.CALLER: _("where callers call from"),
    Mix.WORDS: _("words that the caller says in a call"),
    Mix.ENGINE: _("the engine that heard"),
}
KINDS = {
    (Mix.HOUR, "night"): _("night, 22–6"),
    (Mix.HOUR, "morning"): _("morning, 6–12"),
    (Mix.HOUR, "afternoon"): _("afternoon, 12–17"),
    (Mix.HOUR, "evening"): _("evening, 17–22"),
    (Mix.DAY, "weekday"): _("Sunday to Thursday"),
    (Mix.DAY, "friday"): _("Friday"),
    (Mix.DAY, "saturday"): _("Saturday"),
    (Mix.CALLER, "mobile"): _("Israeli mobile"),
    (Mix.CALLER, "landline"): _("Israeli landline"),
    (Mix.CALLER, "abroad"): _("from abroad"),
    (Mix.CALLER, "app"): _("from an app"),
    (Mix.CALLER, "withheld"): _("no number"),
    (Mix.WORDS, "none"): _("no word"),
    (Mix.WORDS, "few"): _("1–9 words"),
    (Mix.WORDS, "some"): _("10–39 words"),
    (Mix.WORDS, "many"): _("40 words and more"),
}

REFUSED_SETTINGS = {
    PUNCTUATION: _("The engine refuses to write punctuation for this revision: calls are heard without it."),
    HINTS: _("The engine refuses this revision's phrase hints: calls are heard without them."),
    MODEL: _("The engine refuses this revision's model: calls are heard with the usual one."),
}
LEFT_OUT = _("Phrase hints beyond what the engine takes are left out of its requests.")

_WAIT = (Measure.FINAL_P50, Measure.FINAL_P95)
_ANSWER = (Measure.TOTAL_P50, Measure.TOTAL_P95)
_WITHDRAWN = (Measure.WITHDRAWN, Measure.TOKENS_WITHDRAWN, Measure.CHARACTERS_WITHDRAWN)
_BARGE_IN = (Measure.INTERRUPTED, Measure.RESUMED, Measure.FALSE_STARTS)
_FLOOR = (Measure.PAUSES_ANSWERED, *_WITHDRAWN, Measure.FALSE_STARTS, Measure.FLOOR_P50, *_ANSWER)
MOVES: dict[str, tuple[Measure, ...]] = {
    "vad_hangover_ms": (Measure.CUT_OFFS, *_WAIT),
    "vad_aggressiveness": (Measure.NONE, Measure.CUT_OFFS, Measure.WORDS_A_MINUTE),
    "vad_engine": (Measure.NONE, Measure.CUT_OFFS, Measure.FINAL_P50),
    "noise_margin_db": (Measure.NONE, Measure.CUT_OFFS, Measure.WORDS_A_MINUTE),
    "stt_timeout_ms": (Measure.FINAL, Measure.PARTIAL, Measure.REGRET, *_WAIT),
    "early_min_characters": (Measure.EARLY, Measure.REGRET, Measure.FINAL_P50),
    "early_punctuation": (Measure.EARLY, Measure.REGRET, Measure.FINAL_P50),
    "automatic_punctuation": (Measure.EARLY, Measure.REGRET, Measure.FINAL_P50),
    "coverage_slack_ms": (Measure.EARLY, Measure.REGRET, Measure.FINAL_P50),
    "half_close_ms": (Measure.FINAL_P50, Measure.FINAL_P95, Measure.REGRET),
    "half_close_requests": (Measure.FINAL_P50, Measure.FINAL_P95),
    "half_close": (Measure.FINAL_P50, Measure.FINAL_P95, Measure.REGRET),
    "settle_ms": (Measure.PARTIAL, Measure.REGRET, Measure.FINAL_P95),
    "stt_fallback_deadline_ms": (Measure.FALLBACK, Measure.NONE, Measure.FINAL_P95),
    "engines": (Measure.FALLBACK, Measure.NONE, Measure.REGRET, *_WAIT),
    "streaming": (Measure.FALLBACK, Measure.PARTIAL_P50, *_WAIT),
    "model": (Measure.WORD_ERRORS, Measure.WORDS_A_MINUTE, Measure.REGRET, Measure.NONE),
    "endpoint": (Measure.PARTIAL_P50, *_WAIT),
    "phrases": (Measure.WORD_ERRORS, Measure.REGRET, Measure.WORDS_A_MINUTE),
    "stt_batch_ms": (Measure.PARTIAL_P50, Measure.FINAL_P50),
    "stt_partial_debounce_ms": (Measure.PARTIAL_P50, Measure.EARLY, Measure.FINAL_P50),
    "stt_attempts": (Measure.FALLBACK, Measure.PARTIAL_P95),
    "stt_retry_ms": (Measure.FALLBACK, Measure.PARTIAL_P95),
    "renew_after_s": (Measure.FALLBACK, Measure.REGRET),
    "renew_latest_s": (Measure.FALLBACK, Measure.REGRET),
    "deaf_after_ms": (Measure.FALLBACK, Measure.NONE),
    "pause_after_s": (Measure.PARTIAL_P50, Measure.PARTIAL_P95),
    "answer_pause_expected_ms": _FLOOR,
    "answer_pause_ms": _FLOOR,
    "answer_pause_unfinished_ms": _FLOOR,
    "turn_model": _FLOOR,
    "silence_reprompt_ms": (Measure.WORDS_A_MINUTE,),
    "reprompts": (Measure.WORDS_A_MINUTE,),
    "responder_first_ms": _ANSWER,
    "responder_total_ms": _ANSWER,
    "filler_after_ms": _ANSWER,
    "barge_in_ms": _BARGE_IN,
    "barge_in_resume_ms": _BARGE_IN,
    "backchannels": _BARGE_IN,
    "stop_words": _BARGE_IN,
    "playback_lead_ms": _ANSWER,
    "echo_canceller": (Measure.ECHOES, Measure.RESUMED, Measure.NONE),
}
"""The figures to watch when a setting is turned."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a profile, as a page shows it."""

    name: str
    label: Any
    unit: str
    default: Any
    trades: Any


def kind_label(mix: Mix, kind: str) -> Any:
    """A line by its number, an engine by its name, all others in words."""
    return KINDS.get((mix, kind), kind or "—")


def shown_value(name: str, value: Any) -> str:
    """A setting's value in words, where it has some."""
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, list):
        return ", ".join(value)
    choices = dict(getattr(TuningProfile._meta.get_field(name), "flatchoices", ()))
    return str(choices.get(value, value))


def setting(name: str) -> Setting:
    field = TuningProfile._meta.get_field(name)
    bounds = BOUNDS.get(name)
    trades = _(bounds.trades) if bounds is not None else getattr(field, "help_text", "")
    unit = bounds.unit if bounds is not None else ""
    default = field.get_default() if isinstance(field, Field) else ""
    return Setting(name, getattr(field, "verbose_name", name), unit, default, trades)
