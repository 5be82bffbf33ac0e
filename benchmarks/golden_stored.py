"""Is what was stored still read? ``python -m benchmarks.golden_stored``; ``--renew`` keeps what it reads as now.

tests/golden/stored holds journals with every kind of record, two traces with every kind of event and a recording, as
``write`` made them: they stay as they are, for a later version finds such files. ``--write FOLDER`` writes them anew,
to put another generation beside them when their form changes. tests/golden/older holds what older versions wrote. What
is read from all of them (``read``: turns, rows, the export, what-if's output) is kept in tests/golden/read;
tests/test_golden.py compares both.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import golden
from benchmarks.word_hunt import Plan, plan
from calls.core.agent_turns import FIRST_AGENT_NUMBER, AgentTurn, AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.turns import EndReason, Source, Turn
from calls.storage.journal import Journal, orphaned_journals
from calls.storage.recording import Recorder, Recording
from calls.storage.records import (
    AgentTurnSaved,
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    Record,
    TurnSaved,
    ValueSaved,
)
from calls.storage.trace import RecognitionTrace, read_trace
from calls.whatif.recorded_call import heard_of
from calls.whatif.trace_replay import rerun
from stt.emulator.recordings import Library
from stt.events import OneShotDone
from stt.tuning import Tuning
from tests.paths import SAMPLES

FOLDER = golden.KEPT.parent
STORED, OLDER, READ = FOLDER / "stored", FOLDER / "older", FOLDER / "read"
SEEDS = 173, 97
"""Calls of benchmarks/word_hunt.py whose traces have, together, every kind of event; the second stalls."""
MOST_CLIPS = 4
CALL = "CAtwostreams"
STREAMS = {"MZfirst": 0, "MZsecond": 10_000}
"""The call's, and the number that their turns and events come behind."""
OTHER = "vad_aggressiveness=0", "noise_margin_db=3", "vad_hangover_ms=100", "early_min_characters=4"
"""Settings that what-if listens to the recording for."""
BEGAN = datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=UTC)


class RecordedTrace(RecognitionTrace):
    """A stream's trace, with its recording beside it. The stream's turns are numbered behind ``before``."""

    def __init__(self, path: Path, before: int) -> None:
        super().__init__(path, golden.Files(), 0.0)
        self.recorder = Recorder(path.with_suffix(".vrec"), golden.Files())
        self._before = before

    def event(self, event: Any, now_ms: float) -> None:
        """A virtual call counts from 1."""
        if isinstance(event, OneShotDone) and event.utterance is not None:
            event = replace(event, utterance=self._before + event.utterance)
        super().event(event, now_ms)

    def frame(self, frame: Any, now_ms: float) -> None:
        super().frame(frame, now_ms)
        self.recorder.push(frame.at_ms, frame.ulaw)


def write(folder: Path) -> None:
    """What a process leaves behind, into an empty folder: a journal, two traces, one recording."""
    library = Library([SAMPLES])
    plans, streams = _plans(library), []
    for one, (sid, before) in zip(plans, STREAMS.items(), strict=True):
        trace = RecordedTrace(folder / f"{sid}.trace", before)
        call = golden.call_of(library, one, trace)
        trace.flush()
        trace.recorder.flush()
        streams.append([_whole(turn, before) for turn in call.turns.values()])
    (folder / "MZsecond.vrec").unlink()  # purged, and a file less to keep
    _write_journal(folder, "two_streams", _records(plans[0].tuning, *streams))
    _write_journal(folder, "answered", _answered())


def _write_journal(folder: Path, name: str, records: Iterable[Record]) -> None:
    journal = Journal.begin(folder)
    journal.append(list(records))
    journal.close()
    journal.path.rename(folder / f"{name}.journal")


def _plans(library: Library) -> list[Plan]:
    """Both at the first one's settings: they are streams of one call."""
    plans = [plan(seed, library.recordings) for seed in SEEDS]
    return [
        replace(one, clips=one.clips[:MOST_CLIPS], pauses_ms=one.pauses_ms[:MOST_CLIPS], tuning=plans[0].tuning)
        for one in plans
    ]


def _whole(turn: Turn, before: int) -> Turn:
    """As the consumer saves it."""
    return replace(turn, number=before + turn.number, engine="emulator", model="default", attempts=1)


def _records(tuning: Tuning, first: list[Turn], second: list[Turn]) -> Iterator[Record]:
    """Of three calls: one with two streams, one whose process died, one whose end was written before its start."""
    settings = {**tuning.as_dict(), "profile": "night@3", "profile_id": 2, "revision": 3}
    a, b = STREAMS
    yield CallStarted(CALL, a, _at(0), "+972501234501", "+97235550100", settings, "host:17", 0, f"recordings/{a}.vrec")
    yield HearingNoted(CALL, a, "streaming", 1)
    for turn in first:
        yield TurnSaved(CALL, turn, a)
    yield TurnSaved(CALL, first[0].revised("מילים אחרות"), a)
    yield TurnSaved(CALL, first[-1].revised(""), a)
    yield EventNoted(CALL, 1, _at(2), "streaming_lost", "unavailable", a)
    yield HearingNoted(CALL, a, "degraded", 2)
    yield EventNoted(CALL, 2, _at(3), "fallback", "utterance 2", a)
    delays = {"p50": 1.5, "p99": 20.25, "max": 31.0, "counts": [1, 2]}
    yield CallEnded(CALL, a, _at(10), "lost", 500, 3, 4200, {"dtmf": 1, "frames_lost": 3}, delays, 3, 9, 2, 4)
    yield CallStarted(CALL, b, _at(12), "+972501234501", "+97235550100", settings, "host:18", 1, f"recordings/{b}.vrec")
    yield HearingNoted(CALL, b, "down", 1)
    for turn in second:
        yield TurnSaved(CALL, turn, b)
    yield TurnSaved(CALL, _agents_turn(10_100), b)
    yield EventNoted(CALL, 10_001, _at(13), "stream_old", "stream 0", b)
    yield EndChosen(CALL, b, "silent_line")
    yield CallEnded(CALL, b, _at(25), "silent_line", 620, 0, 3100, {}, {}, 5, 12, 3, 6)
    yield CallStarted("CAdied", "MZdied", _at(30), "client:דנה", "+97235550101", {"vad_hangover_ms": 300}, "host:17")
    yield TurnSaved("CAdied", Turn(1, 100, 900, "שלום\nלך", Source.EARLY, partial_ms=5), "MZdied")
    yield EndChosen("CAdied", "MZdied", "drained")
    yield CallEnded("CAbackwards", "MZback", _at(50), "no_start", 0, 0, 0)
    yield CallStarted("CAbackwards", "MZback", _at(49), "Anonymous", "+97235550100")


def _answered() -> Iterator[Record]:
    """Of a call that the line answered, on its second stream as well."""
    settings = {"vad_hangover_ms": 300}
    for index, sid in enumerate(("MZasked", "MZagain")):
        yield CallStarted(
            "CAanswered", sid, _at(60 + 9 * index), "+972501234502", "+97235550100", settings, "h:1", index
        )
        turn = Turn(1 + 10_000 * index, 500, 1400, "כן", Source.EARLY, total_ms=640, revision=1)
        yield TurnSaved("CAanswered", turn, sid)
        heard = PlayedPart("תודה,", 400, Outcome.INTERRUPTED)
        times, made_by = AnswerTimes("expected", 410, 200, 30, 640), MadeBy("scripted", "recorded", 12, 15)
        number = FIRST_AGENT_NUMBER + 10_000 * index
        said = AgentTurn(number, 2040, 2440, "תודה, להתראות", heard, times, made_by, 2, turn.number, "mark_lost", 3)
        yield AgentTurnSaved("CAanswered", said, sid)
        yield ValueSaved("CAanswered", "phone", f"05012345{index}", index == 1, 1 + 10_000 * index, sid)
        used = {"reply_tokens": 300, "reply_characters": 40}
        yield CallEnded("CAanswered", sid, _at(65 + 9 * index), "stop", 250, 0, 900, **used)


def _agents_turn(number: int) -> Turn:
    """As versions before the line answered could have written it, with every field set."""
    return Turn(
        number, 21_000, 22_500, "בבקשה", Source.PARTIAL, "בבקשה רבה", EndReason.TOO_LONG, True, "timeout", "late",
        "emulator", "default", 2, 310, 450, 900, 3.5, "agent", 4,
    )  # fmt: skip


def _at(after_s: int) -> datetime:
    return BEGAN + timedelta(seconds=after_s)


def read(var_dir: Path) -> dict[str, str]:
    """File in tests/golden/read -> its text, by what this code reads. Into an empty database, where VAR_DIR is
    ``var_dir``."""
    turns = {path.name: _turns_of(path) for path in _files("*.trace")}
    recordings = {path.name: _audio_of(path) for path in _files("*.vrec")}
    records = {path.name: _written(path, var_dir) for path in _files("*.journal")}
    (var_dir / "recordings").mkdir(exist_ok=True)
    for path in STORED.glob("MZ*"):
        shutil.copy(path, var_dir / "recordings")
    _correct()
    own, other = (_said("whatif", "--call", CALL, *others) for others in ([], ["--set", *OTHER]))
    return {
        "turns.json": _json(turns),
        "recordings.json": _json(recordings),
        "records.json": _json(records),
        "rows.json": _json(_rows()),
        "export.jsonl": _said("export_calls"),
        # Their last lines say how long it took.
        "whatif.txt": "".join(line for text in (own, other) for line in text.splitlines(keepends=True)[:-1]),
    }


def _said(*command: str) -> str:
    from django.core.management import call_command

    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def _files(pattern: str) -> list[Path]:
    return [path for folder in (STORED, OLDER) for path in sorted(folder.glob(pattern))]


def holds(now: Any, before: Any) -> bool:
    """All that was written is written now: there may be more."""
    if isinstance(before, dict):
        return isinstance(now, dict) and all(name in now and holds(now[name], before[name]) for name in before)
    if isinstance(before, list):
        return isinstance(now, list) and len(now) == len(before) and all(map(holds, now, before))
    return bool(now == before)


def kept() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in READ.iterdir()}


def _turns_of(trace: Path) -> dict[str, Any]:
    heard = heard_of(read_trace(trace))
    started = json.loads((STORED / "two_streams.journal").read_bytes().splitlines()[0])
    again = rerun(heard, Tuning.from_mapping(started["tuning"]), first=1 + STREAMS.get(trace.stem, 0))
    return {
        "frames": len(heard.frames),
        "timed": heard.timed,
        "heard_sha256": golden.digest_of([*heard.frames, *heard.events, *(one.event for one in heard.events)]),
        "turns": [golden.plain(turn) for turn in again.turns.values()],
    }


def _audio_of(recording: Path) -> dict[str, Any]:
    begins_ms, ulaw = Recording(recording).ulaw()
    return {"begins_ms": begins_ms, "bytes": len(ulaw), "sha256": hashlib.sha256(ulaw).hexdigest()}


def _written(path: Path, var_dir: Path) -> list[Any]:
    """A journal's records, once they are rows."""
    from calls.storage.rows import write as write_rows

    folder = var_dir / "journal"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder)
    (journal,) = orphaned_journals(folder)
    assert isinstance(journal, Journal)
    records, behind = journal.unwritten(1000)
    write_rows(records)
    journal.checkpoint(behind)
    journal.close()
    return [golden.plain(record) for record in records]


def _correct() -> None:
    """A correction, for the export."""
    from django.apps import apps

    row = apps.get_model("calls", "Call").objects.get(call_sid=CALL)
    row.corrections.create(turn=1, number=1, text="מילים נכונות", turn_revision=0, username="דנה", made_at=_at(99))


def _rows() -> dict[str, list[dict[str, Any]]]:
    """Every column of what the journals became, but for keys."""
    from django.apps import apps

    rows: dict[str, list[dict[str, Any]]] = {}
    for model, order in (
        ("Call", "call_sid"),
        ("Transcript", "call__call_sid"),
        ("CallEvent", "call__call_sid"),
        ("SavedValue", "call__call_sid"),
    ):
        order_by = (order,) if model == "Call" else (order, "number")
        found = apps.get_model("calls", model).objects.order_by(*order_by)
        sids = found.values_list(order, flat=True)
        rows[model] = [
            {"call": sid, **{name: value for name, value in row.items() if name not in ("id", "call_id")}}
            for sid, row in zip(sids, found.values(), strict=True)
        ]
    return rows


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renew", action="store_true", help="keep what is read now")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="write the stored files anew, into an empty folder"
    )
    options = parser.parse_args()
    logging.disable()
    if options.write:
        options.write.mkdir(parents=True)
        write(options.write)
        return
    with TemporaryDirectory() as var_dir:
        now = _read_in_own_database(Path(var_dir))
    if options.renew:
        READ.mkdir(exist_ok=True)
        for name, text in now.items():
            (READ / name).write_text(text, "utf-8")
    before = kept()
    changed = [name for name in sorted({*now, *before}) if now.get(name) != before.get(name)]
    print(f"{len(now)} readings of stored calls, {len(changed)} changed {changed}")
    sys.exit(1 if changed else 0)


def _read_in_own_database(var_dir: Path) -> dict[str, str]:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "voiceapp.settings", "ENV_FILE": "", "VAR_DIR": str(var_dir)}
    os.environ.pop("DATABASE_URL", None)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return read(var_dir)


if __name__ == "__main__":
    main()
