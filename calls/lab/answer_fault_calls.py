"""Calls lines whose model or voice fails, against a server of one's own, and reads what the callers heard.

Two calls a case. In the first the fault holds while the first question is answered, in the second for both. Where a
voice fails, the first call's line has a second voice, and the second call's none.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from calls.lab.answer_faults import (
    GREETING,
    LONGEST_SILENCE_MS,
    QUESTIONS,
    RULES,
    FaultCase,
    FaultyAnswer,
    ended_in_fallback,
    first_answer,
    second_was_answered,
)
from calls.lab.call_records import answers_of, record_of
from calls.lab.call_report import CallReport
from calls.lab.caller_script import Cue, ScriptStep
from calls.lab.emulator.llm import LlmEmulator
from calls.lab.emulator.llm_faults import EmulatorHabits, LlmFault
from calls.lab.emulator.llm_script import LlmScript
from calls.lab.emulator.tts import TtsEmulator, TtsFaults, TtsOptions
from calls.lab.rig import Rig
from calls.lab.simulator import SimulatedCall
from calls.lines.models import PhoneLine
from calls.lines.settings_cache import first_profile

FIRST_S, PIECE_S = 0.35, 0.02
"""Of the model, until its first piece and between two. Assumed."""
SECOND_VOICE = "google:he-IL-Standard-A"
WAITS_MS = 3600
"""The caller does not speak again sooner: behind a filler an apology may come."""
LONGEST_S = 75.0


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What is known of a case."""

    name: str
    second_voice: bool | None
    """None: no voice failed."""
    answer: FaultyAnswer
    goes_on: bool | None
    """The second question, which no fault met, was answered; None: it met one."""
    fallback: bool | None
    """Two failures running ended in the line's fallback; None: not tried."""

    @property
    def failed(self) -> bool:
        return self.answer.outcome == "failed"

    @property
    def problems(self) -> list[str]:
        """What no caller may meet."""
        found = []
        if self.answer.first_ms is None or self.answer.silence_ms > LONGEST_SILENCE_MS:
            found.append(f"{self.name}: {self.answer.silence_ms} ms of silence")
        if self.goes_on is False:
            found.append(f"{self.name}: the second question was not answered")
        if self.fallback is not None and self.fallback != self.failed:
            found.append(f"{self.name}: two failures running and the line's fallback do not go together")
        return found


@dataclass(slots=True)
class Emulators:
    """The model's and the voices', which a server of the rig finds at these ports."""

    llm_port: int
    tts_port: int

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LLM_BASE_URL": f"http://127.0.0.1:{self.llm_port}/v1",
            "TTS_EMULATOR_HOST": f"127.0.0.1:{self.tts_port}",
        }


def put_fault_lines(cases: Sequence[FaultCase]) -> None:
    """Two lines a case. Before the server starts, in a database of one's own."""
    profile = first_profile(settings.ENVIRONMENT_TUNING)
    for index, case in enumerate(cases):
        for twice in (False, True):
            line = PhoneLine(
                number=_number(index, twice),
                name=f"{case.name} {twice}",
                profile=profile,
                responder="llm",
                prompt="emulated",
                model=_model(case, twice),
                voice=f"google:{_voice(case, twice)}",
                voice_fallback=SECOND_VOICE if case.tts and not twice else "",
                greeting=GREETING,
            )
            line.full_clean()
            line.save()


async def run_cases(rig: Rig, emulators: Emulators, cases: Sequence[FaultCase], at_once: int) -> list[FaultRow]:
    """In the order of the cases. Raises CallRefused, RigError, OSError."""
    room = asyncio.Semaphore(at_once)
    llm = LlmEmulator(LlmScript(RULES), port=emulators.llm_port, habits=EmulatorHabits(FIRST_S, PIECE_S))
    async with llm, TtsEmulator(TtsOptions(port=emulators.tts_port)) as tts:

        async def run(index: int, twice: bool) -> tuple[CallReport, Any]:
            async with room:
                return await _run_call(rig, llm, tts, cases[index], index, twice)

        both = [(index, twice) for index in range(len(cases)) for twice in (False, True)]
        done = await asyncio.gather(*(run(index, twice) for index, twice in both))
    return [row for case, *calls in zip(cases, done[::2], done[1::2], strict=True) for row in _rows(case, *calls)]


async def _run_call(
    rig: Rig, llm: LlmEmulator, tts: TtsEmulator, case: FaultCase, index: int, twice: bool
) -> tuple[CallReport, Any]:
    model, voice = _model(case, twice), _voice(case, twice)

    def spoken(clip: int) -> None:
        faulty = clip == 1 or twice
        llm.faults_of[model] = case.llm if faulty else LlmFault.NONE
        tts.faults_of[voice] = TtsFaults.parse([case.tts] if faulty and case.tts else [])

    call_sid = "CA" + secrets.token_hex(16)
    steps = (
        ScriptStep(case.first_clip, Cue.AFTER_HEARD, 400),
        ScriptStep(case.first_clip if twice else QUESTIONS[1], Cue.AFTER_HEARD, WAITS_MS),
    )
    report = await SimulatedCall(
        replace(rig.line, to_number=_number(index, twice)),
        (),
        script=steps,
        tail_s=WAITS_MS / 1000,
        longest_s=LONGEST_S,
        seed=index,
        from_number=f"+97250123{4000 + 2 * index + twice}",
        call_sid=call_sid,
        on_spoken=spoken,
    ).run()
    call, _ = await record_of(call_sid)
    return report, await answers_of(call)


def _rows(case: FaultCase, once: tuple[CallReport, Any], twice: tuple[CallReport, Any]) -> list[FaultRow]:
    report, kept = once
    fallback = ended_in_fallback(twice[0])
    answer, goes_on = first_answer(case, report, kept), second_was_answered(kept[0])
    if not case.tts:
        return [FaultRow(case.name, None, answer, goes_on, fallback)]
    alone = first_answer(case, *twice)
    return [
        FaultRow(case.name, True, answer, goes_on, None),
        FaultRow(case.name, False, alone, None, fallback),
    ]


def _number(index: int, twice: bool) -> str:
    return f"+97235551{2 * index + twice:03}"


def _model(case: FaultCase, twice: bool) -> str:
    return f"{case.name}-{'twice' if twice else 'once'}"


def _voice(case: FaultCase, twice: bool) -> str:
    return f"{case.voice}{'Twice' if twice else 'Once'}"
