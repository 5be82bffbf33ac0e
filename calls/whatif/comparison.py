"""What a call's turns would have been at other settings: two reruns of its trace, compared turn by turn. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from calls.core.turns import Turn
from calls.whatif.recorded_call import Audio, HeardEvent, RecordedCall
from calls.whatif.trace_replay import Rerun, rerun
from stt.debouncer import Debouncer
from stt.endpointing.endpointer import EndpointOptions
from stt.events import Final, Interim
from stt.tuning import Tuning
from voiceapp.runtime.marked_texts import gettext_noop as _

MIN_SHARED = 0.5
"""Two turns are of the same speech when they share this much of the longer one's time."""
ENGINES = ("engines", "streaming", "model", "endpoint", "phrase_hints", "language")
STREAMS = (
    "stt_batch_ms",
    "stt_attempts",
    "stt_retry_ms",
    "renew_after_s",
    "renew_latest_s",
    "deaf_after_ms",
    "pause_after_s",
    "half_close_ms",
    "half_close_requests",
    "half_close",
)
ANSWERS = (
    "turn_model",
    "silence_reprompt_ms",
    "reprompts",
    "responder_first_ms",
    "responder_total_ms",
    "filler_after_ms",
    "playback_lead_ms",
    "echo_canceller",
)
"""These decide when the line speaks, and change no word that is heard. What its pauses and barge-in do is known of each
answer (calls/whatif/answers_again.py)."""
DETECTOR = "vad_engine"
SENSITIVITY = ("vad_aggressiveness", "noise_margin_db")
BOUNDARIES = ("vad_hangover_ms", *SENSITIVITY)
"""These decide where speech ends, and by that when a stream is half-closed for its final."""
UNKNOWABLE = {
    "other_engine": _("Another engine's words are not known: those of this call stand."),
    "other_ear": _("What another detector takes for speech is not known: what was voiced stands."),
    "other_streams": _("Other streams' words and times are not known: those of this call stand."),
    "finer_partials": _("Partials that were passed over are not known."),
    "finer_ear": _("What a more sensitive detector hears is not known without the recording: what was voiced stands."),
    "other_answers": _(
        "It decides when the line answers and changes no word that is heard: what the caller would have said to an "
        "earlier or a later answer is not known. A trial shows what it does."
    ),
    "other_finals": _("Streams would be half-closed at other moments: the finals of this call stand."),
}
"""What a trace cannot say, by code: for the command, and translated for the page."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a trace cannot say of a setting that was changed."""

    setting: str
    code: str
    """One of UNKNOWABLE."""

    @property
    def sentence(self) -> str:
        """English; the pages translate it."""
        return UNKNOWABLE[self.code]


@dataclass(frozen=True, slots=True)
class Pair:
    """The same speech before and after; None where it is no turn of its own."""

    before: Turn | None
    after: Turn | None

    @property
    def is_changed(self) -> bool:
        """Other words were handed on, or the speech was divided otherwise."""
        return self.before is None or self.after is None or self.before.text != self.after.text

    @property
    def source_changed(self) -> bool:
        return self.before is None or self.after is None or self.before.source != self.after.source


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One stream at both settings."""

    before: Rerun
    after: Rerun
    pairs: list[Pair]
    unknown: list[Unknown] = field(default_factory=list)


def what_if(
    heard: RecordedCall, before: Tuning, after: Tuning, *, audio: Audio | None = None, first: int = 1
) -> WhatIf:
    """Replays a stream at both settings. ``audio``: its recording, for settings of the detector that a trace cannot
    answer. ``first``: the first turn's number.

    Settings that only another engine or other streams could answer stay as they were.
    """
    known = rerun(heard, before, first=first)
    needs_audio = _needs_audio(before, after)
    stays = {name: getattr(before, name) for name in (*ENGINES, *STREAMS, DETECTOR)}
    predicted = rerun(
        debounced(heard, before, after),
        replace(after, **stays),
        known=known,
        audio=audio if needs_audio else None,
        first=first,
    )
    pairs = paired(known.turns.values(), predicted.turns.values())
    return WhatIf(known, predicted, pairs, unknowable(before, after, recorded=audio is not None))


def unknowable(before: Tuning, after: Tuning, *, recorded: bool) -> list[Unknown]:
    """What was changed and cannot be known, in the order of the settings."""
    changed = [name for name in before.as_dict() if getattr(before, name) != getattr(after, name)]
    found = []
    for name in changed:
        if name in ENGINES:
            found.append(Unknown(name, "other_engine"))
        elif name in ANSWERS:
            found.append(Unknown(name, "other_answers"))
        elif name == DETECTOR:
            found.append(Unknown(name, "other_ear"))
        elif name in STREAMS:
            found.append(Unknown(name, "other_streams"))
        elif name == "stt_partial_debounce_ms" and after.stt_partial_debounce_ms < before.stt_partial_debounce_ms:
            found.append(Unknown(name, "finer_partials"))
        elif name in SENSITIVITY and not recorded and _needs_audio(before, after):
            found.append(Unknown(name, "finer_ear"))
        if name in BOUNDARIES and before.half_close_ms and before.half_close != "off":
            found.append(Unknown(name, "other_finals"))
    return found


def paired(before: Iterable[Turn], after: Iterable[Turn]) -> list[Pair]:
    """Turns of the same speech, by the time they share, in speech order; each at most once."""
    olds, news = (sorted(turns, key=lambda turn: (turn.started_ms, turn.number)) for turns in (before, after))
    pairs: list[Pair] = []
    i = j = 0
    while i < len(olds) and j < len(news):
        old, new = olds[i], news[j]
        if _share(old, new) >= MIN_SHARED:
            pairs.append(Pair(old, new))
            i, j = i + 1, j + 1
        elif (old.ended_ms, old.started_ms) <= (new.ended_ms, new.started_ms):
            pairs.append(Pair(old, None))
            i += 1
        else:
            pairs.append(Pair(None, new))
            j += 1
    return [*pairs, *(Pair(old, None) for old in olds[i:]), *(Pair(None, new) for new in news[j:])]


def right(predicted: Sequence[Pair], truth: Sequence[Pair]) -> tuple[int, int]:
    """How many of the turns that were really heard at the other settings were foretold: their source, and whether
    their words change; and of how many. Both sides are paired with the same turns before."""
    foretold = {pair.after.number: pair for pair in predicted if pair.after is not None}
    really = {pair.after.number: pair for pair in truth if pair.after is not None}
    hits = 0
    for one in paired(_afters(really), _afters(foretold)):
        if one.before is not None and one.after is not None and one.before.source == one.after.source:
            hits += really[one.before.number].is_changed == foretold[one.after.number].is_changed
    return hits, len(really)


def debounced(heard: RecordedCall, before: Tuning, after: Tuning) -> RecordedCall:
    """The trace as a longer debounce would have delivered it: at most one interim in a window, the newest wins."""
    window_ms = after.stt_partial_debounce_ms
    if window_ms <= before.stt_partial_debounce_ms:
        return heard
    debouncer, events = Debouncer[Interim](window_ms), list[HeardEvent]()
    for one in heard.events:
        events += [HeardEvent(int(at_ms), interim) for at_ms, interim in debouncer.due(one.now_ms)]
        if isinstance(one.event, Final):
            # It says all that the waiting interim said, and more.
            debouncer.drop()
        if not isinstance(one.event, Interim) or debouncer.put(one.event, one.now_ms) is not None:
            events.append(one)
    events += [HeardEvent(int(at_ms), interim) for at_ms, interim in debouncer.due(math.inf)]
    return replace(heard, events=events)


def _needs_audio(before: Tuning, after: Tuning) -> bool:
    """A higher margin takes voice away where the kept level says so; anything else must listen."""
    detectors = [replace(EndpointOptions.of(one), hangover_ms=0, noise_margin_db=0) for one in (before, after)]
    return detectors[0] != detectors[1] or after.noise_margin_db < before.noise_margin_db


def _share(old: Turn, new: Turn) -> float:
    shared = min(old.ended_ms, new.ended_ms) - max(old.started_ms, new.started_ms)
    longest = max(old.ended_ms - old.started_ms, new.ended_ms - new.started_ms)
    return shared / longest if longest > 0 else float(old.started_ms == new.started_ms)


def _afters(pairs: Mapping[int, Pair]) -> list[Turn]:
    return [pair.after for pair in pairs.values() if pair.after is not None]
