"""Stored calls with a recording that wait for review, of which some were heard wrong: for browsers and benchmarks."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from calls.models import Call, QueuedCall, Transcript
from calls.storage.queued_calls import queue_ended
from tests.calls.storage.test_recording import frames, record

SECONDS = 8
HEARD = "שלום אני רוצה להזמין", "שתי פיצות עם זיתים", "רחוב הרצל שלוש", "תודה רבה"
WRONG_TURN, WRONG, RIGHT = 2, "שתי חיטות עם זיתים", HEARD[1]


def make_reviewable(count, wrong_every=5, prefix="CAreview"):
    """So many calls of four turns; of every ``wrong_every``-th, beginning with the first, one turn was heard wrong.
    They are queued, each for one person."""
    path = Path(settings.VAR_DIR) / "recordings" / "reviewable.vrec"
    record(path, [(20 * i, frame) for i, frame in enumerate(frames(50 * SECONDS))])
    began_at = timezone.now() - timedelta(hours=1)
    ended_at = began_at + timedelta(seconds=SECONDS)
    times = {"started_at": began_at.isoformat(), "ended_at": ended_at.isoformat()}
    streams = {"MZ1": {**times, "recording": str(path.relative_to(settings.VAR_DIR))}}
    for n in reversed(range(count)):
        call = Call.objects.create(
            call_sid=f"{prefix}{n:04}", stream_sid="MZ1", from_number="+972501234567", to_number="+97235550100",
            started_at=began_at, ended_at=ended_at, streams=streams, end_reason="stop",
        )  # fmt: skip
        Transcript.objects.bulk_create(
            Transcript(
                call=call, number=number, started_ms=1800 * number - 1500, ended_ms=1800 * number, source="fallback",
                text=WRONG if number == WRONG_TURN and n % wrong_every == 0 else text, engine="google", final_ms=480,
                search_text="",
            )
            for number, text in enumerate(HEARD, 1)
        )  # fmt: skip
    while queue_ended() is not None:
        pass
    QueuedCall.objects.filter(call__call_sid__startswith=prefix).update(wanted=1)
