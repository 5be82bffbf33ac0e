"""The settings that a telephony engineer tunes: each with its unit, bounds, default and what it trades.

One table serves the environment (voiceapp/settings.py), the admin's form (stt/models.py) and the documentation; a call
works with a frozen ``Tuning`` taken once at its start. Pure: no Django.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from voiceapp.runtime.coded_error import CodedError
from voiceapp.runtime.marked_texts import gettext_noop as _
from voiceapp.runtime.whole_number import whole_number


class TuningError(CodedError, ValueError):
    """Settings that no call can have: ``settings_out_of_bounds``. The message names the field, the bounds, the unit."""

    def __init__(self, message: str) -> None:
        super().__init__("settings_out_of_bounds", message)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a whole-number field may be."""

    label: str
    low: int
    high: int
    unit: str
    """Empty for a plain count."""
    trades: str
    """One line: what is gained and lost when it grows."""
    env: str = ""
    """The environment variable that gives the first profile's value; empty when there is none."""

    def check(self, name: str, value: object) -> int:
        """The value as an int. Raises TuningError."""
        number = whole_number(str(value), self.low, self.high)
        if number is None:
            bounds = f"{self.low} to {self.high} {self.unit}".strip()
            raise TuningError(f"{name} must be a whole number from {bounds}, not {value!r}")
        return number


BOUNDS: dict[str, Bounds] = {
    "stt_batch_ms": Bounds(
        _("Audio batch"),
        20,
        400,
        "ms",
        _("Larger: fewer messages to the engine, words a little later."),
        "STT_BATCH_MS",
    ),
    "stt_partial_debounce_ms": Bounds(
        _("Partial debounce"),
        0,
        1000,
        "ms",
        _("Larger: calmer screens and less work, coarser partials."),
        "STT_PARTIAL_DEBOUNCE_MS",
    ),
    "stt_timeout_ms": Bounds(
        _("Time-out after speech"),
        100,
        5000,
        "ms",
        _("Larger: more turns wait for the final and are right; the caller waits longer."),
        "STT_TIMEOUT_MS",
    ),
    "vad_hangover_ms": Bounds(
        _("Silence that ends speech"),
        100,
        2000,
        "ms",
        _("Larger: fewer utterances cut at a pause, every answer later."),
        "VAD_HANGOVER_MS",
    ),
    "stt_fallback_deadline_ms": Bounds(
        _("One-shot deadline"),
        500,
        20000,
        "ms",
        _("Larger: the one-shot recogniser saves more utterances; the next turn may wait longer."),
    ),
    "vad_aggressiveness": Bounds(
        _("Voice detector's aggressiveness"),
        0,
        3,
        "",
        _("Higher: less noise is taken for speech, quiet speech may be missed."),
    ),
    "noise_margin_db": Bounds(
        _("Margin over the noise"),
        0,
        20,
        "dB",
        _("Higher: less noise is taken for speech, quiet speech may be missed."),
    ),
    "early_min_characters": Bounds(
        _("Letters of a strong partial"),
        1,
        200,
        "",
        _("Larger: fewer turns are taken early from a strong partial, more wait."),
    ),
    "coverage_slack_ms": Bounds(
        _("Coverage slack"),
        0,
        1000,
        "ms",
        _("Larger: more partials count as complete, more last words come as revisions."),
    ),
    "settle_ms": Bounds(
        _("Wait for a partial to settle"),
        0,
        3000,
        "ms",
        _("Larger: a partial not yet settled at the time-out waits longer for its final: fewer errors."),
    ),
    "half_close_ms": Bounds(
        _("Silence that hastens the final"),
        0,
        2000,
        "ms",
        _("0: never. Smaller: finals sooner, for more requests (120: 32 a minute of talk) and billed seconds (+30 %)."),
    ),
    "half_close_requests": Bounds(
        _("Requests a minute up to which finals are hastened"),
        0,
        100000,
        "",
        _("Larger: finals come at once in more calls of this process; Google refuses beyond 900 of all processes."),
    ),
    "stt_attempts": Bounds(
        _("Attempts to open a stream"),
        1,
        10,
        "",
        _("More: a longer try at streaming before the one-shot recogniser takes over."),
    ),
    "stt_retry_ms": Bounds(
        _("Pause between attempts"),
        0,
        5000,
        "ms",
        _("Larger: gentler on a failing engine, first words later."),
    ),
    "renew_after_s": Bounds(
        _("Renew a stream from"),
        2,
        290,
        "s",
        _("Larger: fewer streams; Google ends one at 305 s. From here on a silence is waited for."),
    ),
    "renew_latest_s": Bounds(
        _("Renew a stream at the latest at"),
        3,
        300,
        "s",
        _("Larger: more time to find a silence; from here on it is renewed in mid-speech."),
    ),
    "deaf_after_ms": Bounds(
        _("Voice without a result that means deaf"),
        2000,
        30000,
        "ms",
        _("Larger: fewer streams renewed for a long pause of the engine, deafness noticed later."),
    ),
    "pause_after_s": Bounds(
        _("Silence that pauses the stream"),
        0,
        600,
        "s",
        _("0: never. Smaller: fewer billed seconds, more streams; the next speech opens one."),
    ),
    "answer_pause_expected_ms": Bounds(
        _("Pause before an expected answer is taken"),
        100,
        2000,
        "ms",
        _("Larger: fewer callers are answered too soon after what was asked of them, every such answer later."),
    ),
    "answer_pause_ms": Bounds(
        _("Pause before an open turn is answered"),
        300,
        4000,
        "ms",
        _("Larger: fewer pauses for thought are answered, every answer later."),
    ),
    "answer_pause_unfinished_ms": Bounds(
        _("Pause before an unfinished turn is answered"),
        500,
        8000,
        "ms",
        _("Larger: more patience with numbers and half sentences, a longer silence where nothing follows."),
    ),
    "silence_reprompt_ms": Bounds(
        _("Silence before the line asks again"),
        2000,
        30000,
        "ms",
        _("Larger: more time to think or to look something up, a longer silence on a lost caller."),
    ),
    "reprompts": Bounds(
        _("How often the line asks again"),
        0,
        5,
        "",
        _("More: more patience with a silent caller, a longer call with nobody."),
    ),
    "filler_after_ms": Bounds(
        _("Wait for a late answer before a filler"),
        0,
        10000,
        "ms",
        _("0: never. Smaller: less silence before a slow answer, more fillers."),
    ),
    "barge_in_ms": Bounds(
        _("Voice over an answer that stops it"),
        100,
        1500,
        "ms",
        _("Larger: a cough or a hum stops fewer answers, a caller who interrupts is talked over for longer."),
    ),
    "barge_in_resume_ms": Bounds(
        _("Wait for words before a stopped answer goes on"),
        0,
        5000,
        "ms",
        _("0: never. Larger: slow words still count as an interruption, a longer silence behind a mere noise."),
    ),
    "playback_lead_ms": Bounds(
        _("Sound sent ahead"),
        200,
        2000,
        "ms",
        _("Larger: a busy server is heard less, an interruption stops a little more that Twilio holds already."),
    ),
    "responder_first_ms": Bounds(
        _("Wait for the responder's first words"),
        500,
        10000,
        "ms",
        _("Larger: a slow model may still answer; the apology for a silent one comes later."),
    ),
    "responder_total_ms": Bounds(
        _("Limit of a whole answer"),
        2000,
        60000,
        "ms",
        _("Larger: longer answers; a model that trickles holds the call longer."),
    ),
}


VAD_ENGINES = {"webrtc": _("webrtcvad above the noise floor"), "silero": _("Silero, for noisy lines")}
"""Voice detectors; what they cut and cost is in docs/endpointing.md."""


TURN_MODELS = {"silence": _("silence alone"), "smart_turn": _("smart-turn, beside the silence")}
"""What says that an open turn is unfinished; what they cost and find is in docs/answering.md."""


BACKCHANNELS = (
    "אהה",
    "אמ",
    "המ",
    "כן",
    "בסדר",
    "נכון",
    "הבנתי",
    "אני מבין",
    "אני מבינה",
    "אוקיי",
    "טוב",
    "יופי",
    "מעולה",
    "סבבה",
    "בדיוק",
    "ברור",
    "בטח",
    "אה הבנתי",
    "יאללה",
    "מצוין",
)
"""They say "go on", however often they are repeated, and whether or not their last letter is drawn out."""
STOP_WORDS = ("רגע", "עצור", "עצרי", "תעצור", "תעצרי", "לא", "די", "נציג", "נציגה", "סטופ", "שנייה")
"""Said over an answer, one of them stops it at once."""
MOST_PHRASES = 200
LONGEST_PHRASE = 40
"""Of either list, and in characters: each is looked for in all that is said over an answer."""


def check_phrases(name: str, phrases: Sequence[str]) -> None:
    """Raises TuningError for a list that is too long to be looked through at each word."""
    if len(phrases) > MOST_PHRASES or any(len(one) > LONGEST_PHRASE for one in phrases):
        raise TuningError(f"{name} must be at most {MOST_PHRASES} phrases of at most {LONGEST_PHRASE} characters")


ECHO_CANCELLERS = {"auto": _("where our voice comes back"), "off": _("never: the rule alone")}
"""When an echo canceller hears a call first; what it finds and costs is in docs/answering.md."""


HALF_CLOSES = {
    "auto": _("where it pays: measured while it runs"),
    "on": _("at every pause"),
    "off": _("never"),
}
"""When streams are half-closed for their finals; what is measured is in docs/latency.md."""
MOST_ENGINES = 3
"""Of one line: the first hears, the others in its place."""
DEFAULT_ENGINES = ("google",)


def check_engines(engines: Sequence[str]) -> None:
    """Raises TuningError for a list of names that no line can have. Which engines there are is not known here
    (stt/engines/catalogue.py)."""
    if not 1 <= len(engines) <= MOST_ENGINES or len(set(engines)) < len(engines):
        raise TuningError(f"engines must be 1 to {MOST_ENGINES} different names, not {engines!r}")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two settings, each within its bounds, that do not go together."""

    code: str
    """Stable."""
    field: str
    """Where a form says it."""
    sentence: str
    is_met: Callable[[Mapping[str, int]], bool]


MOST_HELD_MS = 30_000
"""Attempts to open a stream that last longer than this: more audio is held for it than it can catch up with."""
CONFLICTS = (
    Conflict(
        "renewal_order",
        "renew_latest_s",
        _("The latest renewal must come after the first moment for one."),
        lambda v: v["renew_latest_s"] <= v["renew_after_s"],
    ),
    Conflict(
        "deadline_before_timeout",
        "stt_fallback_deadline_ms",
        _("The one-shot deadline must be longer than the time-out after speech."),
        lambda v: v["stt_fallback_deadline_ms"] <= v["stt_timeout_ms"],
    ),
    Conflict(
        "hangover_below_batch",
        "vad_hangover_ms",
        _("The silence that ends speech must not be shorter than an audio batch: the last words are not sent yet."),
        lambda v: v["vad_hangover_ms"] < v["stt_batch_ms"],
    ),
    Conflict(
        "debounce_beyond_timeout",
        "stt_partial_debounce_ms",
        _("The partial debounce must be shorter than the time-out after speech: the last partial would come too late."),
        lambda v: v["stt_partial_debounce_ms"] >= v["stt_timeout_ms"],
    ),
    Conflict(
        "attempts_outlast_audio",
        "stt_attempts",
        _("All attempts and their pauses together must stay below 30 s: no stream catches up with more audio."),
        lambda v: v["stt_attempts"] * v["stt_retry_ms"] > MOST_HELD_MS,
    ),
    Conflict(
        "pause_before_words",
        "pause_after_s",
        _("The silence that pauses the stream must be 0 or longer than hangover and time-out: words may still come."),
        lambda v: 0 < v["pause_after_s"] * 1000 <= v["vad_hangover_ms"] + v["stt_timeout_ms"],
    ),
    Conflict(
        "expected_beyond_open",
        "answer_pause_expected_ms",
        _("The pause before an expected answer must not be longer than that before an open turn."),
        lambda v: v["answer_pause_expected_ms"] > v["answer_pause_ms"],
    ),
    Conflict(
        "unfinished_below_open",
        "answer_pause_unfinished_ms",
        _("The pause before an unfinished turn must not be shorter than that before an open turn."),
        lambda v: v["answer_pause_unfinished_ms"] < v["answer_pause_ms"],
    ),
    Conflict(
        "first_beyond_total",
        "responder_first_ms",
        _("The wait for the responder's first words must be shorter than the limit of a whole answer."),
        lambda v: v["responder_first_ms"] >= v["responder_total_ms"],
    ),
)
"""A form refuses them all. A call refuses only the first: with the others it hears, badly."""


def conflicts(values: Mapping[str, int]) -> list[Conflict]:
    """What does not go together in these settings, which hold every field of BOUNDS."""
    return [conflict for conflict in CONFLICTS if conflict.is_met(values)]


MOST_HINTS = 5000
LONGEST_HINT = 100
MOST_HINT_CHARACTERS = 100_000
"""Phrases a request, characters a phrase, and of all together: beyond any of them Google refuses the whole request,
streams and one-shots (https://cloud.google.com/speech-to-text/quotas)."""


@dataclass(frozen=True, slots=True)
class HintsFlaw:
    """Phrase hints with which the engine refuses every request."""

    code: str
    """Stable."""
    sentence: str
    is_met: Callable[[Sequence[str]], bool]


HINTS_FLAWS = (
    HintsFlaw(
        "hint_too_long",
        _("A phrase may have at most 100 characters: the engine refuses every call with a longer one."),
        lambda hints: any(len(hint) > LONGEST_HINT for hint in hints),
    ),
    HintsFlaw(
        "too_many_hints",
        _("There may be at most 5,000 phrases: the engine refuses every call with more."),
        lambda hints: len(hints) > MOST_HINTS,
    ),
    HintsFlaw(
        "hints_too_long",
        _("All phrases together may have at most 100,000 characters: the engine refuses every call with more."),
        lambda hints: sum(map(len, hints)) > MOST_HINT_CHARACTERS,
    ),
)


def hints_flaws(hints: Sequence[str]) -> list[HintsFlaw]:
    """What is wrong with these phrase hints."""
    return [flaw for flaw in HINTS_FLAWS if flaw.is_met(hints)]


def fitting_hints(hints: Sequence[str]) -> tuple[str, ...]:
    """As many of these hints as the engine takes: for rows that were saved before there were bounds."""
    fitting, characters = [], 0
    for hint in hints:
        if len(hint) <= LONGEST_HINT and characters + len(hint) <= MOST_HINT_CHARACTERS:
            fitting.append(hint)
            characters += len(hint)
    return tuple(fitting[:MOST_HINTS])


@dataclass(frozen=True, slots=True)
class Tuning:
    """One call's settings. Units are in the names; bounds in BOUNDS."""

    stt_batch_ms: int = 80
    stt_partial_debounce_ms: int = 120
    stt_timeout_ms: int = 450
    vad_hangover_ms: int = 220
    stt_fallback_deadline_ms: int = 4000
    vad_aggressiveness: int = 2
    noise_margin_db: int = 6
    early_min_characters: int = 15
    coverage_slack_ms: int = 0
    settle_ms: int = 900
    half_close_ms: int = 120
    half_close_requests: int = 600
    half_close: str = "auto"
    """One of HALF_CLOSES."""
    stt_attempts: int = 3
    stt_retry_ms: int = 200
    renew_after_s: int = 240
    renew_latest_s: int = 290
    deaf_after_ms: int = 5000
    pause_after_s: int = 0
    answer_pause_expected_ms: int = 400
    answer_pause_ms: int = 1000
    answer_pause_unfinished_ms: int = 2000
    silence_reprompt_ms: int = 7000
    reprompts: int = 2
    filler_after_ms: int = 1500
    barge_in_ms: int = 250
    barge_in_resume_ms: int = 1200
    playback_lead_ms: int = 600
    responder_first_ms: int = 2500
    responder_total_ms: int = 15000
    turn_model: str = "silence"
    """One of TURN_MODELS."""
    backchannels: tuple[str, ...] = BACKCHANNELS
    stop_words: tuple[str, ...] = STOP_WORDS
    echo_canceller: str = "auto"
    """One of ECHO_CANCELLERS."""
    vad_engine: str = "webrtc"
    """One of VAD_ENGINES."""
    engines: tuple[str, ...] = DEFAULT_ENGINES
    """Who hears, by the names of stt/engines/catalogue.py, in order: each stands in for those
    before it while they are away. ``model`` and ``endpoint`` are the first one's."""
    streaming: bool = True
    """False sends every utterance to the one-shot recogniser."""
    early_punctuation: bool = True
    """A partial that ends in . , ? or ! is strong, however short."""
    automatic_punctuation: bool = False
    """The engine is asked to write . , ? ! into the words: without it few engines do, and no partial ends in one."""
    language: str = "iw-IL"
    """BCP-47. ``iw`` is Hebrew's older code, which Google uses; he-IL is accepted as well."""
    model: str = ""
    """The engine's name of one; empty: its own choice."""
    endpoint: str = ""
    """Host of the engine; empty: the environment's."""
    phrase_hints: tuple[str, ...] = ()
    """Names, places and terms that the engine should expect; without any of HINTS_FLAWS."""
    profile: str = "environment"
    """Which profile and revision these came from, for people: ``name@revision``."""
    profile_id: int = 0
    """The same for the call's record; 0: no profile."""
    revision: int = 0

    def __post_init__(self) -> None:
        for name, bounds in BOUNDS.items():
            bounds.check(name, getattr(self, name))
        if self.vad_engine not in VAD_ENGINES:
            raise TuningError(f"vad_engine must be one of {', '.join(VAD_ENGINES)}, not {self.vad_engine!r}")
        if self.turn_model not in TURN_MODELS:
            raise TuningError(f"turn_model must be one of {', '.join(TURN_MODELS)}, not {self.turn_model!r}")
        check_engines(self.engines)
        check_phrases("backchannels", self.backchannels)
        check_phrases("stop_words", self.stop_words)
        if self.echo_canceller not in ECHO_CANCELLERS:
            raise TuningError(
                f"echo_canceller must be one of {', '.join(ECHO_CANCELLERS)}, not {self.echo_canceller!r}"
            )
        if self.half_close not in HALF_CLOSES:
            raise TuningError(f"half_close must be one of {', '.join(HALF_CLOSES)}, not {self.half_close!r}")
        if self.renew_latest_s <= self.renew_after_s:
            raise TuningError("renew_latest_s must be more than renew_after_s")
        for flaw in hints_flaws(self.phrase_hints):
            raise TuningError(f"phrase_hints: {flaw.code}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Tuning:
        """From a stored snapshot; unknown keys are passed over, missing ones take their default. Raises TuningError."""
        names = {f.name for f in fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        if "phrase_hints" in known:
            known["phrase_hints"] = fitting_hints(known["phrase_hints"])
        for name in ("engines", "backchannels", "stop_words"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        lists = ("engines", "phrase_hints", "backchannels", "stop_words")
        return {**asdict(self), **{name: list(getattr(self, name)) for name in lists}}
