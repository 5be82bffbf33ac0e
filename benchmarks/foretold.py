"""Does what-if foretell what other settings do? ``python -m benchmarks.foretold --clips ../shared/clips``

Real daphne, real sockets, real gRPC. Each call is placed twice: first on a line in a trial of two revisions, then with
the other revision; the emulator's moods hang on the audio (benchmarks/twin_emulator.py), so the second time is what
would have been. What-if sees the first time only. Rows and traces stay in VAR_DIR for the desk's pages to show.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
django.setup()

from django.conf import settings  # noqa: E402

from calls.core.turns import EndReason, Source, Turn  # noqa: E402
from calls.desk.tuning.traces import traces_of  # noqa: E402
from calls.lab.call_records import record_of  # noqa: E402
from calls.lab.call_report import Line  # noqa: E402
from calls.lab.rig import Rig  # noqa: E402
from calls.lab.simulator import SimulatedCall  # noqa: E402
from calls.models import Call, PhoneLine, Transcript, Trial  # noqa: E402
from calls.whatif.comparison import paired, right, what_if  # noqa: E402
from calls.whatif.trace_replay import rerun  # noqa: E402
from stt.models import TuningProfile  # noqa: E402
from stt.tuning import Tuning  # noqa: E402

TRIED, ONLY_A, ONLY_B = "+97235550101", "+97235550102", "+97235550103"
CLIPS_A_CALL = 3


class TwinRig(Rig):
    def start_emulator(self) -> None:
        self.emulator = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.twin_emulator", str(self.folder)],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=self.log.open("a"),
            text=True,
            start_new_session=True,
        )
        assert self.emulator.stdout is not None
        self.emulator_address = self.emulator.stdout.readline().split()[-1]


def lines_with(changes: Sequence[str]) -> None:
    """A line in a trial of the defaults and of other settings, and a line for each alone."""
    values = {name: int(value) for name, _, value in (change.partition("=") for change in changes)}
    a, b = TuningProfile.objects.create(name="A"), TuningProfile.objects.create(name="B", **values)
    tried = PhoneLine.objects.create(number=TRIED, name="tried", profile=a)
    PhoneLine.objects.create(number=ONLY_A, name="A", profile=a)
    PhoneLine.objects.create(number=ONLY_B, name="B", profile=b)
    Trial.objects.create(line=tried, a=a.history.get(), b=b.history.get())


async def place(line: Line, clips: Sequence[Path], numbers: Sequence[str], sids: Sequence[str], every_s: float) -> None:
    """The calls, one after another has begun."""

    async def one(i: int) -> None:
        await asyncio.sleep(i * every_s)
        chosen = Random(i).choices(clips, k=CLIPS_A_CALL)
        to = Line(line.base_url, line.public_url, line.auth_token, numbers[i])
        await SimulatedCall(to, chosen, seed=i, call_sid=sids[i]).run()
        await record_of(sids[i])

    await asyncio.gather(*(one(i) for i in range(len(numbers))))


def turn_of(row: Transcript) -> Turn:
    names = "number started_ms ended_ms text revised_text rule code partial_ms final_ms total_ms".split()
    values = {name: getattr(row, name) for name in names}
    source, end_reason = Source(row.source), EndReason(row.end_reason)
    return Turn(source=source, end_reason=end_reason, vad_missed=row.unvoiced, **values)


def compare(sids: Iterable[str]) -> None:
    same = hits = turns = stored_turns = different = guessed = 0
    by_way: Counter[str] = Counter()
    for sid in sids:
        call, other = Call.objects.get(call_sid=sid), Call.objects.get(call_sid=twin(sid))
        (stream,) = traces_of(call)
        before, after = Tuning.from_mapping(call.tuning), Tuning.from_mapping(other.tuning)
        stored, truth = ([turn_of(row) for row in one.turns.all()] for one in (call, other))
        again = rerun(stream.heard, before).turns
        same += sum(said(again.get(turn.number)) == said(turn) for turn in stored)
        stored_turns += len(stored)
        pairs = paired(stored, truth)
        different += sum(pair.is_changed or pair.source_changed for pair in pairs)
        found = what_if(stream.heard, before, after)
        found_hits, found_turns = right(found.pairs, pairs)
        guessed += len(found.after.guessed)
        hits, turns = hits + found_hits, turns + found_turns
        way = f"{call.tuning['profile']} → {other.tuning['profile']}"
        by_way[way + " right"] += found_hits
        by_way[way] += found_turns
    print(f"heard again at their own settings: {same} of {stored_turns} turns the same ({same / stored_turns:.2%})")
    print(f"really different at the other settings: {different} turns; one-shots answered by a guess: {guessed}")
    print(f"foretold, source and whether the words change: {hits} of {turns} turns ({hits / turns:.2%})")
    print(dict(by_way))


def said(turn: Turn | None) -> object:
    return turn and (turn.source, turn.text, turn.revised_text, turn.started_ms, turn.ended_ms)


def twin(sid: str) -> str:
    return "CB" + sid[2:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--prefix", nargs="+", default=["he_sas_", "he_ashrei_"])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--every", type=float, default=0.7, metavar="S")
    parser.add_argument("--set", nargs="+", default=["vad_hangover_ms=400", "stt_timeout_ms=900"])
    options = parser.parse_args()
    clips = sorted(path for path in options.clips.glob("*.wav") if path.name.startswith(tuple(options.prefix)))
    sids = [f"CA{i:032x}" for i in range(options.calls)]
    lines_with(options.set)
    with TwinRig(options.clips, Path(settings.VAR_DIR) / "foretold.log") as server:
        asyncio.run(place(server.line, clips, [TRIED] * len(sids), sids, options.every))
        arms = dict(Call.objects.filter(call_sid__in=sids).values_list("call_sid", "tuning__profile"))
        others = [ONLY_A if arms[sid] == "B@1" else ONLY_B for sid in sids]
        asyncio.run(place(server.line, clips, others, [twin(sid) for sid in sids], options.every))
    compare(sids)


if __name__ == "__main__":
    main()
