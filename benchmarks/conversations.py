"""Do conversations over real sockets keep what they must? ``python -m benchmarks.conversations [--calls 50]``.

Callers who answer, hang up and lose their streams, and who speak over the line in six ways: a question, a correction, a
stop, a backchannel, a noise, and the answer to what is asked next. Marks that are late, lost, or cross a clear; a voice
that fails; at the end the server is told to end while some are still spoken to. Everything is emulated but the sockets
and the server, in a database of its own. Said is, for each call, what differs from what its caller heard; exit status 1
when anything does: a call that never came to its end, an answer that is kept otherwise than it was heard, a question
that was answered twice, an act that was done twice, a turn that is missing in the database or the export.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import os
import secrets
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
MAX_CALLS_AT_ONCE = 10
SEQUENCE_S = 0.4
"""Between the beginnings of two calls."""
TTS_FAULTS = ("unavailable=2", "late_ms=700")


HUM = "hum.wav"
OVER = {
    "question": "hours_2.wav",
    "correction": "booking_4.wav",
    "stop": "answers_2.wav",
    "backchannel": "hours_1.wav",
    "noise": HUM,
    "crossing": "hours_2.wav",
}
"""What is said over an answer; noise is a hum that no recogniser has words for."""
NEXT_ANSWER = "next answer"
KINDS = ("plain", "marks", "late", "hang-up", "stream", NEXT_ANSWER, *OVER)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one caller does."""

    name: str
    conversation: int
    """Index of the sample conversation whose line is called."""
    at_ms: int = 0
    """So long into an answer it hangs up, or speaks over it."""
    at_step: int = 0
    """Over the answer behind so many of its clips."""
    loses_stream_s: float = 0.0
    lose_marks: float = 0.0
    late_marks_ms: int = 0


def plans(calls: int, seed: int) -> list[Plan]:
    """Each kind in turn, at places that the seed draws."""
    random = Random(seed)  # noqa: S311
    made = []
    for index, kind in zip(range(calls), itertools.cycle(KINDS), strict=False):
        made.append(
            Plan(
                kind,
                # Fifty seconds each, the bookings are a few.
                conversation=0 if index % 5 == 4 else 2 if kind in OVER else 1,
                at_ms=random.randint(300, 2600),
                at_step=random.randint(1, 2),
                loses_stream_s=random.uniform(1, 8) if kind == "stream" else 0.0,
                lose_marks=random.choice([0.3, 1.0]) if kind == "marks" else 0.0,
                late_marks_ms=random.choice([400, 1500]) if kind == "late" else 0,
            )
        )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ.update(VAR_DIR=folder, DATABASE_URL="", REDIS_URL="", DEBUG="1", ENV_FILE="", DRAIN_TIMEOUT_S="0")
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        sys.exit(_run(plans(options.calls, options.seed), options.seed))


def _run(planned: list[Plan], seed: int) -> int:
    from pathlib import Path

    from django.conf import settings

    from calls.lab.fault_proxy import FaultProxy
    from calls.lab.rig import Rig, free_port
    from calls.lab.sample_conversations import FOLDER, put_lines, sample_conversations

    put_lines(sample_conversations())
    port = free_port()
    log = Path(settings.VAR_DIR) / "server.log"
    rig = Rig(FOLDER, log, seed=seed, more_folders=(FOLDER.parent,), port=port, speaks=True, voice_faults=TTS_FAULTS)
    with rig, FaultProxy(f"127.0.0.1:{port}") as proxy:
        reports = asyncio.run(_converse(rig, proxy, planned, seed))
        assert rig.server is not None  # noqa: S101 - it was started
        ended = rig.server.wait(60)
    return _judge(planned, reports, ended)


def _clip(name):  # type: ignore[no-untyped-def]
    """A recording of the samples; the hum is made."""
    from pathlib import Path

    from django.conf import settings

    from calls.lab.sample_conversations import FOLDER
    from stt.audio import pcm_to_ulaw
    from stt.wavfile import wav_of

    if name != HUM:
        return next(path for folder in (FOLDER, FOLDER.parent) if (path := folder / name).exists())
    path = Path(settings.VAR_DIR) / HUM
    if not path.exists():
        hum = [sum(math.sin(2 * math.pi * 140 * harmonic * at / 8000) for harmonic in (1, 2, 3)) for at in range(4000)]
        path.write_bytes(wav_of(pcm_to_ulaw(b"".join(struct.pack("<h", round(4000 * one)) for one in hum))))
    return path


async def _converse(rig, proxy, planned, seed):  # type: ignore[no-untyped-def]
    """The callers' reports; an exception in place of one that could not be had."""
    room = asyncio.Semaphore(MAX_CALLS_AT_ONCE)
    last = planned[-3:]
    """Still under way when the server is told to end."""

    async def one(index: int, plan: Plan):  # type: ignore[no-untyped-def]
        async with room:
            call = _call(rig, proxy, plan, seed + index)
            running = asyncio.create_task(call.run())
            if plan.loses_stream_s:
                await asyncio.wait({running}, timeout=plan.loses_stream_s)
                proxy.cut()
            return await running

    tasks = []
    for index, plan in enumerate(planned[: -len(last)]):
        tasks.append(asyncio.create_task(one(index, plan)))
        await asyncio.sleep(SEQUENCE_S)
    reports = await asyncio.gather(*tasks, return_exceptions=True)
    drained = [asyncio.create_task(_last_call(rig, seed + 1000 + index).run()) for index, _ in enumerate(last)]
    await asyncio.sleep(2.5)
    rig.server.terminate()
    return [*reports, *await asyncio.gather(*drained, return_exceptions=True)]


def _call(rig, proxy, plan, seed):  # type: ignore[no-untyped-def]
    from calls.lab.caller_script import Cue, ScriptStep
    from calls.lab.playout import TwilioHabits
    from calls.lab.sample_conversations import sample_conversations
    from calls.lab.simulator import SimulatedCall

    conversation = sample_conversations()[plan.conversation]
    script = [replace(step, cue=Cue.AFTER_HEARD, ms=800) for step in conversation.script]
    if plan.name == NEXT_ANSWER:
        script[plan.at_step] = replace(script[plan.at_step], cue=Cue.OVER, ms=plan.at_ms)
    elif plan.name == "hang-up":
        script = [*script[:1], ScriptStep(None, Cue.OVER, plan.at_ms)]
    elif plan.name in OVER:
        script.insert(plan.at_step, ScriptStep(_clip(OVER[plan.name]), Cue.OVER, plan.at_ms))
    line = replace(rig.line, to_number=conversation.to_number)
    if plan.loses_stream_s:
        line = replace(line, base_url=f"http://{proxy.address}")
    return SimulatedCall(
        line,
        (),
        script=script,
        seed=seed,
        from_number=f"+97250{1000000 + seed}",
        call_sid="CA" + secrets.token_hex(16),
        habits=TwilioHabits(plan.lose_marks, plan.late_marks_ms, seed=seed, crossing_mark=plan.name == "crossing"),
        longest_s=100,
    )


def _last_call(rig, seed):  # type: ignore[no-untyped-def]
    from calls.lab.simulator import SimulatedCall

    class LastCall(SimulatedCall):
        async def _follow(self, action: str, form: dict[str, str]) -> str:
            return "<Response/>"

    call = _call(rig, None, Plan("drain", 1), seed)
    return LastCall(call.line, (), script=call.script, seed=seed, call_sid=call.call_sid, longest_s=30)


def _judge(planned, reports, ended):  # type: ignore[no-untyped-def]
    names = [plan.name for plan in planned[:-3]] + ["drain"] * 3
    done = subprocess.run(
        [sys.executable, "manage.py", "export_calls"], capture_output=True, text=True, env={**os.environ}, check=True
    )
    exported = {call["call_sid"]: call for call in map(json.loads, done.stdout.splitlines())}
    faults = [] if ended == 0 else [f"the server ended with {ended}"]
    answers = withdrawals = 0
    outcomes: Counter[str] = Counter()
    for index, (name, report) in enumerate(zip(names, reports, strict=True)):
        if isinstance(report, BaseException):
            faults.append(f"call {index} ({name}): {type(report).__name__}: {report}")
            continue
        kept, found = asyncio.run(_faults_of(report, exported))
        faults += [f"call {index} ({name}, {report.call_sid}): {fault}" for fault in found]
        answers += len(kept)
        withdrawals += sum(one.withdrawals or 0 for one in kept)
        outcomes.update(one.outcome for one in kept)
    said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    print(
        f"{len(reports)} conversations ({', '.join(f'{n} {k}' for k, n in Counter(names).items())}), "
        f"emulated: {answers} answers ({said}), {withdrawals} withdrawn; {len(faults)} faults"
    )
    print(*faults, sep="\n")
    return 1 if faults else 0


async def _faults_of(report, exported):  # type: ignore[no-untyped-def]
    from calls.lab.call_records import answers_of, record_of
    from calls.lab.caller_script import EndedBy
    from calls.lab.heard_answers import acts_done_twice, faults_of

    call, turns = await record_of(report.call_sid, timeout_s=5)
    answers, saved, codes = await answers_of(call)
    faults = [*faults_of(report, answers), *acts_done_twice(saved, codes)]
    if report.ended_by is EndedBy.TOO_LONG:
        faults.append("it never came to its end: the line is stuck")
    rows = sorted((turn.speaker, turn.number) for turn in [*turns, *answers])
    lines = sorted((turn["speaker"], turn["number"]) for turn in exported[report.call_sid]["turns"])
    if rows != lines:
        faults.append(f"{len(rows)} turns in the database, {len(lines)} in the export")
    return answers, faults


if __name__ == "__main__":
    main()
