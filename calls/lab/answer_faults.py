"""What goes wrong with an answer, fault by fault, and what a caller hears of it: the cases, and what a call shows.

Every fault of the emulated language model and of the emulated voices is a case; docs/answering.md has a row of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings

from calls.lab.call_report import CallReport
from calls.lab.caller_script import EndedBy, padded_frames, speech_frames
from calls.lab.emulator.llm_faults import LlmFault
from calls.lab.emulator.llm_script import ScriptedRule, ScriptedTool
from calls.lab.emulator.tts import STREAMING_VOICES, TtsFaults
from calls.lines.line_settings import Fallback
from calls.reply.voices.recorded import Prompts
from stt.audio import BYTES_PER_MS, FRAME_MS
from stt.tuning import Tuning
from stt.wavfile import read_ulaw

SAMPLES = settings.BASE_DIR / "samples"
QUESTIONS = (SAMPLES / "order_5.wav", SAMPLES / "answers_3.wav")
"""How much is it? Yes, that is fine."""
ASKS_FOR_TOOL = SAMPLES / "order_4.wav"
GREETING = "שלום."
ENDS = "במזומן."
"""The last words of the answer to the first question."""
RULES = (
    ScriptedRule(r"^error: ", "סליחה, אין לי תשובה."),
    ScriptedRule(r"כמה", f"בסדר. זה עולה מאה ועשרים שקלים. אפשר לשלם גם {ENDS}"),
    ScriptedRule(r"קומה", "רשמתי.", [ScriptedTool("note", {"key": "floor", "value": "second, flat 6"})]),
    ScriptedRule(r"", "תודה, זה נרשם."),
)
"""What the model answers where nothing is wrong."""
TTS_FAULTS = (
    "late_ms=1500",
    "late_ms=60000",
    "stall_ms=300",
    "cut_off_ms=300",
    "empty",
    "exhausted=1000",
    "exhausted_after_ms=300",
    "unavailable=1000",
    "idle_abort_s=0.5",
    "odd_chunks",
    "no_wav_header",
    "odd_wav_header",
)
UNARY = ("no_wav_header", "odd_wav_header")
"""Only what comes at once is a WAV file."""
LONGEST_SILENCE_MS = Tuning().responder_first_ms + 1000
"""What no caller may hear."""


Kept = tuple[Sequence[Any], Sequence[Any], Sequence[str]]
"""Of a call: its agent turns, its saved values, its events' codes (call_records.answers_of)."""


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One fault."""

    name: str
    """Which emulator's, and as its switches have it."""
    llm: LlmFault = LlmFault.NONE
    tts: str = ""
    """As TtsFaults reads it."""
    first_clip: Path = QUESTIONS[0]

    @property
    def voice(self) -> str:
        """One of its own: what a process remembers of a voice that failed stays with its case."""
        kind = "he-IL-Standard-" if self.tts in UNARY else STREAMING_VOICES
        return kind + "".join(part.title() for part in re.findall(r"[a-z]+|\d+", self.name))


CASES = (
    *(FaultCase(f"llm:{fault}", llm=fault) for fault in LlmFault if fault is not LlmFault.NONE),
    FaultCase("llm:tool-in-pieces", first_clip=ASKS_FOR_TOOL),
    *(FaultCase(f"tts:{text}", tts=text) for text in TTS_FAULTS),
)
LACKING = set(TtsFaults.names()) - {"hits"} - {text.partition("=")[0] for text in TTS_FAULTS}
"""Faults of the emulated voices without a case: there may be none. ``hits`` is no fault."""


@dataclass(frozen=True, slots=True)
class FaultyAnswer:
    """What a caller heard of an answer that met a fault, and what was kept of it."""

    heard: str
    first_ms: int | None
    """From the end of speech to the first sound, whatever it is."""
    silence_ms: int
    """The longest, from the end of speech to the last sound before the caller speaks again."""
    codes: tuple[str, ...]
    outcome: str
    code: str


def ended_in_fallback(report: CallReport) -> bool:
    """The line ended the stream, and the caller was told what is said where nobody can be heard."""
    return report.ended_by is EndedBy.LINE and Fallback().sentence in report.after


def second_was_answered(answers: Sequence[Any]) -> bool:
    """The second question had an answer as if nothing had been."""
    asked = [one for one in answers if one.answers is not None]
    return len(asked) > 1 and asked[1].outcome == "played" and not asked[1].code


def first_answer(case: FaultCase, report: CallReport, kept: Kept) -> FaultyAnswer:
    """The answer to the first question."""
    answers, saved, codes = kept
    _, asked_ms, _ = report.played[0]
    speech_ms = speech_frames(list(padded_frames(read_ulaw(case.first_clip)))) * FRAME_MS
    begin = (asked_ms - report.first_ms + speech_ms) * BYTES_PER_MS
    end = (report.played[1][1] - report.first_ms) * BYTES_PER_MS if len(report.played) > 1 else None
    sounds = [
        (one.began_samples, one.ended_samples)
        for one in report.answers
        if one.began_samples >= begin and (end is None or one.began_samples < end)
    ]
    silences = [after - before for (_, before), (after, _) in pairwise([(begin, begin), *sounds])]
    ulaw = b"".join(
        one.ulaw for one in report.heard if one.at_samples >= begin and (end is None or one.at_samples < end)
    )
    row = next((one for one in answers if one.answers is not None), None)
    return FaultyAnswer(
        _heard(case, ulaw, row) + (", and a value is saved" if saved else ""),
        round((sounds[0][0] - begin) / BYTES_PER_MS) if sounds else None,
        round(max(silences) / BYTES_PER_MS) if silences else 0,
        tuple(dict.fromkeys(codes)),
        "" if row is None else str(row.outcome),
        "" if row is None else row.code,
    )


def _heard(case: FaultCase, ulaw: bytes, row: Any) -> str:
    """In words, by the caller's own ear where recordings are told apart."""
    prompts = Prompts()
    apology = prompts.named("apology")
    parts = ["a filler"] if any(one.ulaw in ulaw for one in prompts.fillers) else []
    words = "" if row is None else (row.played_text or "").removesuffix(apology.text).strip()
    if words:
        whole = "the answer" if ENDS in words or not row.code else "its beginning"
        parts.append(whole if case.voice in row.voice or row.code else f"{whole} in the second voice")
    if apology.ulaw in ulaw:
        parts.append("the apology")
    return ", ".join(parts) or "nothing"
