"""Answers judged by programs that are not ours. ``python -m benchmarks.referee --analyzer DIR [--calls 5]``.

Recordings of simulated conversations (caller left, line right) go to the analyzer of openbenchmarks-labs's
voice-agent-latency, of which DIR is a clone; its gap of each turn is compared with our total_ms. Then streamdouble, an
independent client of Twilio's media protocol (requirements-referee.txt), converses on a good line and on a bad one:
what it finds wrong with the server, whether the rows hold what it heard, and its recordings before the same analyzer.
What is not there is skipped, with a line that says so. Voices are espeak-ng's where it is there
(requirements-espeak.txt); the tones in its place are no speech for the analyzer. Everything is emulated but the sockets
and the server, in a database of its own. Exit status 1: under 95 % of the turns agree within 60 ms, or anything was
found wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from benchmarks.refereed_turns import OurAnswer, RefereeComparison, read_turns, utterance_ends_ms
from stt.audio import BYTES_PER_MS, dbfs, ulaw_to_pcm
from stt.emulator.recordings import Clip, Library

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
ANALYZER = "https://github.com/openbenchmarks-labs/voice-agent-latency"
SOUND_DBFS, SOUND_WINDOW_BYTES = -50.0, 5 * BYTES_PER_MS
"""A voice's first sound is the first window above this level."""
SEQUENCE_S = 0.7
"""Between the beginnings of two calls."""


@dataclass(slots=True)
class RefereedCall:
    """One call: its caller's report, its answers, and what was found wrong."""

    report: Any
    answers: list[Any]
    turns: list[Any]
    wrong: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--analyzer", type=Path, metavar="DIR", help=f"A clone of {ANALYZER}.")
    parser.add_argument("--calls", type=int, default=5, help="Of each sample conversation, by each caller.")
    parser.add_argument("--at-once", type=int, default=3)
    parser.add_argument("--jitter", type=float, default=20.0, metavar="MS", help="Of streamdouble's bad line.")
    parser.add_argument("--loss", type=float, default=0.02, metavar="SHARE", help="Of its frames.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="Where the recordings stay.")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        os.environ.update(VAR_DIR=folder, DATABASE_URL="", REDIS_URL="", DEBUG="1", ENV_FILE="", DRAIN_TIMEOUT_S="0")
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        sys.exit(_run(options, options.keep or Path(folder) / "recordings"))


def _run(options: argparse.Namespace, recordings: Path) -> int:
    from django.conf import settings

    from calls.lab.rig import Rig
    from calls.lab.sample_conversations import FOLDER, put_lines, sample_conversations

    analyzer = options.analyzer
    if analyzer is None or not (analyzer / "analyzer" / "__main__.py").is_file():
        print(f"the analyzer is skipped: --analyzer DIR names no clone of {ANALYZER}")
        analyzer = None
    has_streamdouble = importlib.util.find_spec("streamdouble") is not None
    if not has_streamdouble:
        print("streamdouble is skipped: pip install -r requirements-referee.txt")
    if analyzer is None and not has_streamdouble:
        return 0
    put_lines(sample_conversations())
    groups: dict[str, list[RefereedCall]] = {}
    with Rig(FOLDER, Path(settings.VAR_DIR) / "server.log", seed=options.seed, speaks=True) as rig:
        groups["our simulator"] = asyncio.run(_simulated(rig, options))
        if has_streamdouble:
            groups["streamdouble"] = asyncio.run(_independent(rig, options))
            bad = f"streamdouble, jitter {options.jitter:g} ms, {options.loss:.0%} lost"
            groups[bad] = asyncio.run(_independent(rig, options, options.jitter, options.loss))
    is_well = True
    for name, kept in groups.items():
        print(f"\n{name}: {_summary(kept)}")
        wrong = [f"{one.report.call_sid}: {fault}" for one in kept for fault in one.wrong]
        print(*wrong, sep="\n", end="\n" if wrong else "")
        is_well = is_well and not wrong
        if analyzer is not None:
            comparison = _compare(analyzer, recordings / name, kept)
            print(*comparison.lines(), sep="\n")
            is_well = is_well and comparison.agrees
    return 0 if is_well else 1


async def _simulated(rig: Any, options: argparse.Namespace) -> list[RefereedCall]:
    from calls.lab.sample_conversations import SampleConversation
    from calls.lab.simulator import SimulatedCall

    async def one(conversation: SampleConversation, seed: int) -> tuple[Any, list[str]]:
        line = replace(rig.line, to_number=conversation.to_number)
        call = SimulatedCall(
            line, (), script=conversation.script, seed=seed, call_sid=_sid(), from_number=_number(seed), longest_s=120
        )
        report = await call.run()
        return report, [f"{fault.code}: {fault.reason}" for fault in report.faults]

    return await _all(one, options)


async def _independent(
    rig: Any, options: argparse.Namespace, jitter_ms: float = 0, loss: float = 0
) -> list[RefereedCall]:
    from benchmarks.independent_caller import IndependentCall, SigningRelay
    from calls.lab.sample_conversations import SampleConversation

    line = rig.line
    async with SigningRelay(f"127.0.0.1:{rig.port}", line.public_url, line.auth_token) as relay:

        async def one(conversation: SampleConversation, seed: int) -> tuple[Any, list[str]]:
            called = replace(line, to_number=conversation.to_number)
            call = IndependentCall(
                called, relay, conversation.script, jitter_ms, loss, seed, _number(seed), call_sid=_sid()
            )
            return await call.run(), call.complaints

        return await _all(one, options)


async def _all(
    one: Callable[[Any, int], Awaitable[tuple[Any, list[str]]]], options: argparse.Namespace
) -> list[RefereedCall]:
    """Each sample conversation so many times, a few at a time, with its rows."""
    from calls.lab.call_records import answers_of, record_of
    from calls.lab.heard_answers import acts_done_twice, faults_of
    from calls.lab.sample_conversations import sample_conversations

    room = asyncio.Semaphore(options.at_once)

    async def run(conversation: Any, seed: int) -> RefereedCall:
        async with room:
            report, wrong = await one(conversation, seed)
        call, turns = await record_of(report.call_sid)
        answers, saved, codes = await answers_of(call)
        wrong = [*wrong, *faults_of(report, answers), *acts_done_twice(saved, codes)]
        if report.unspoken:
            wrong.append(f"{report.unspoken} clips were not said")
        return RefereedCall(report, answers, turns, wrong)

    tasks = []
    for seed in range(options.seed, options.seed + options.calls):
        for conversation in sample_conversations():
            tasks.append(asyncio.create_task(run(conversation, seed)))
            await asyncio.sleep(SEQUENCE_S)
    return await asyncio.gather(*tasks)


def _compare(analyzer: Path, folder: Path, kept: Iterable[RefereedCall]) -> RefereeComparison:
    """The calls' recordings before the analyzer, in the form of a run that it has recorded."""
    by_sid = {one.report.call_sid: one for one in kept}
    for call_sid, one in by_sid.items():
        call = folder / call_sid
        call.mkdir(parents=True)
        one.report.write_wav(call / "recording.wav")
        turns = [{"index": index, "spoken": True} for index in range(1, len(_ends_ms(one)) + 1)]
        said = {"call_id": call_sid, "mode": "scripted_dialog", "channel_map": {"near": 0, "far": 1}, "turns": turns}
        (call / "metadata.json").write_text(json.dumps(said))
    command = [sys.executable, "-m", "analyzer", str(folder.resolve()), "--json", "--no-write"]
    done = subprocess.run(command, cwd=analyzer, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"analyzer_failed: {done.stderr.strip()[-300:]}")
    comparison = RefereeComparison()
    for result in json.loads(done.stdout):
        one = by_sid[result["call_id"]]
        ends_ms = _ends_ms(one)
        answers = [
            OurAnswer(row.started_ms, row.total_ms, *sound_of(one.report, row.started_ms))
            for row in one.answers
            if row.total_ms is not None
        ]
        comparison.add(read_turns(result, one.report.first_ms, len(ends_ms)), answers, ends_ms)
    return comparison


def _ends_ms(one: RefereedCall) -> list[float]:
    """Of each utterance that the analyzer is told to find at the caller's side: by their number it knows which channel
    is whose."""
    clips = _clips()
    return utterance_ends_ms([(begins_ms, clips[name].words) for name, begins_ms, _ in one.report.played])


def sound_of(report: Any, started_ms: int) -> tuple[float, float]:
    """Of the answer that was heard nearest to this time, by the recording: how long it is quiet before its first sound,
    and the media time of that."""
    began = min((one.began_samples for one in report.answers), key=lambda at: abs(report.at_ms(at) - started_ms))
    ulaw = b"".join(piece.ulaw for piece in report.heard if piece.at_samples >= began)
    windows = range(0, len(ulaw), SOUND_WINDOW_BYTES)
    loud = (at for at in windows if dbfs(ulaw_to_pcm(ulaw[at : at + SOUND_WINDOW_BYTES])) > SOUND_DBFS)
    quiet_ms = next(loud, 0) / BYTES_PER_MS
    return quiet_ms, report.at_ms(began) + quiet_ms


@cache
def _clips() -> dict[str, Clip]:
    from calls.lab.sample_conversations import FOLDER

    return {clip.name: clip for clip in Library([FOLDER]).recordings}


def _summary(kept: list[RefereedCall]) -> str:
    from calls.lab.call_records import score_of

    scores = [score_of(one.report, one.turns, _clips()) for one in kept]
    marks = sum(len(one.report.heard_marks) for one in kept)
    return (
        f"{len(kept)} calls, {sum(len(one.answers) for one in kept)} answers, {marks} marks heard, "
        f"{sum(len(one.report.clears) for one in kept)} clears; {sum(one.words for one in scores)} words said, "
        f"{sum(one.lost for one in scores)} lost, {sum(one.added for one in scores)} added; "
        f"{sum(len(one.wrong) for one in kept)} things wrong"
    )


def _sid() -> str:
    return "CA" + secrets.token_hex(16)


def _number(seed: int) -> str:
    return f"+97250{1000000 + seed}"


if __name__ == "__main__":
    main()
