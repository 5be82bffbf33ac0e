"""Random histories of calls, as the writer, Twilio and a purge make them, and what they add up to, one by one."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from calls.core.agent_turns import AgentTurn, AnswerTimes
from calls.core.turns import Source, Turn
from calls.models import Call, ChangedHour, LineHour, SumsState, Transcript
from calls.storage.latency_histogram import bucket_of
from calls.storage.line_hours import HOUR, fold, mark
from calls.storage.records import AgentTurnSaved, CallEnded, CallStarted, TurnSaved
from calls.storage.rows import write

CLOCKS_BACK = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
"""Three hours before and after it: at 23:00 Israel's clocks go back from 02:00 to 01:00."""
LINES = ("+97235550100", "+97235550101", "")
COLUMNS = (
    *(
        "calls",
        "lasted_s",
        "frames_received",
        "frames_lost",
        "stt_stream_s",
        "one_shot_s",
        "twilio_minutes",
        "reply_tokens",
        "reply_characters",
        "answers_failed",
    ),
    *("spoken_ms", "heard_ms", "final_ms", "total_ms"),
)


def live(seed):
    """Write a history: records in any order, some twice, folds in between, some calls purged. All of it folded."""
    rng = random.Random(seed)
    # What is marked whatever has changed is not what this is about.
    SumsState.objects.update_or_create(pk=1, defaults={"marked_at": timezone.now()})
    records = [record for number in range(12) for record in _call(f"CA{seed}x{number}", rng)]
    rng.shuffle(records)
    while records:
        batch, records = records[: rng.randint(1, 9)], records[rng.randint(1, 9) :]
        write(batch)
        if rng.random() < 0.3:
            write(batch)
        if rng.random() < 0.2:
            fold(rng.randint(1, 3))
        calls = list(Call.objects.order_by("call_sid"))
        if calls and rng.random() < 0.3:
            call = rng.choice(calls)
            Call.objects.filter(pk=call.pk).update(twilio_duration_s=rng.randint(0, 200))
            mark([call.started_at])
        if calls and rng.random() < 0.05:
            call = rng.choice(calls)
            call.delete()
            mark([call.started_at])
    while fold():
        pass
    assert not ChangedHour.objects.exists()


def _call(sid, rng):
    start = CLOCKS_BACK + timedelta(minutes=rng.randint(-180, 180), seconds=rng.randint(0, 59))
    for stream in range(rng.choice((1, 1, 2))):
        began = start + timedelta(minutes=stream)
        yield CallStarted(sid, f"MZ{stream}", began, "+972501234567", rng.choice(LINES), stream_index=stream)
        if rng.random() < 0.8:
            yield CallEnded(
                sid, f"MZ{stream}", began + timedelta(seconds=rng.randint(0, 300)), "stop", 100, 2, 1500, stt_streams=1,
                stt_stream_s=rng.randint(0, 300), one_shots=1, one_shot_s=3, reply_tokens=rng.randint(0, 9),
                reply_characters=rng.randint(0, 99), answers_failed=rng.randint(0, 2),
            )  # fmt: skip
        for number in range(1, rng.randint(1, 7)):
            ms = rng.choice((None, 0, 1, 250, 1000, rng.randint(0, 9000)))
            turn = Turn(
                number, number * 4000, number * 4000 + rng.randint(0, 3000), rng.choice(("שלום", "")), Source.FINAL,
                final_ms=ms, total_ms=900, echo=rng.random() < 0.2,
            )  # fmt: skip
            yield TurnSaved(sid, turn, f"MZ{stream}")
            if rng.random() < 0.4:
                revised = turn.revised(rng.choice(("שלום רב", "")))
                yield TurnSaved(sid, replace(revised, final_ms=rng.randint(0, 5000)), f"MZ{stream}")
            answer = AgentTurn(5000 + number, number * 4000, number * 4000 + 900, "מה נשמע?")
            times = AnswerTimes("open", 1000, -40, 60, rng.choice((None, rng.randint(300, 4000))), -10)
            yield AgentTurnSaved(sid, replace(answer, times=times), f"MZ{stream}")


def kept():
    """The sums as they are kept, by hour and line."""
    return {(row.hour, row.line): {name: getattr(row, name) for name in COLUMNS} for row in LineHour.objects.all()}


def one_by_one():
    """The same from the rows, without the database's arithmetic."""
    sums = {}
    for call in Call.objects.exclude(started_at=None):
        at = call.started_at
        hour = at - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
        row = sums.setdefault((hour, call.to_number), {**dict.fromkeys(COLUMNS, 0), "final_ms": {}, "total_ms": {}})
        row["calls"] += 1
        row["lasted_s"] += round((call.ended_at - at).total_seconds()) if call.ended_at else 0
        row["twilio_minutes"] += -(-(call.twilio_duration_s or 0) // 60)
        for name in (
            "frames_received",
            "frames_lost",
            "stt_stream_s",
            "one_shot_s",
            "reply_tokens",
            "reply_characters",
            "answers_failed",
        ):
            row[name] += getattr(call, name)
        for turn in Transcript.objects.filter(call=call):
            if turn.is_agents:
                _count(row["total_ms"], turn.total_ms)
            elif not turn.echo:
                row["spoken_ms"] += turn.ended_ms - turn.started_ms
                not_kept = not turn.text and turn.revised_text is None and turn.source != Source.NONE
                row["heard_ms"] += turn.ended_ms - turn.started_ms if turn.heard_text or not_kept else 0
                _count(row["final_ms"], turn.final_ms)
    return sums


def _count(histogram, ms):
    if ms is not None:
        bucket = str(bucket_of(ms))
        histogram[bucket] = histogram.get(bucket, 0) + 1


def differing(seeds):
    """The histories after which sums and rows differ."""
    wrong, seen = [], Counter()
    for seed in seeds:
        Call.objects.all().delete()
        LineHour.objects.all().delete()
        live(seed)
        sums = one_by_one()
        seen.update(hour for hour, _line in sums)
        if kept() != sums:
            wrong.append(seed)
    assert len(seen) >= 6 and {CLOCKS_BACK, CLOCKS_BACK + HOUR} <= seen.keys()
    return wrong
