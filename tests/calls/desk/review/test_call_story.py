"""A call's story is told from its rows, in order, and without anybody's words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from calls.desk.codes import EVENTS
from calls.desk.review.call_advice import ADVICE
from calls.models import AccessEntry, Call
from tests.paths import ROOT

pytestmark = pytest.mark.django_db
BEGAN = datetime(2026, 11, 27, 4, 10, tzinfo=UTC)
TURN = {"source": "final", "end_reason": "silence", "engine": "google", "model": "default", "attempts": 1}


def after(ms):
    return BEGAN + timedelta(milliseconds=ms)


@pytest.fixture
def call():
    """Four turns; the third one's stream died, and the one-shot recogniser heard it."""
    stream = {"started_at": after(0).isoformat(), "ended_at": after(30_000).isoformat(), "process": "host:1"}
    call = Call.objects.create(
        call_sid="CA1",
        from_number="+972501234567",
        to_number="+97235550100",
        started_at=BEGAN,
        ended_at=after(30_000),
        end_reason="stop",
        hearing="degraded",
        frames_received=1500,
        streams={"MZ1": {**stream, "end_reason": "stop", "frames_received": 1500, "frames_lost": 0, "order": 0}},
    )
    for number in range(1, 5):
        begins_ms = number * 5000
        heard = {"source": "fallback", "final_ms": 900, "rule": "one_shot"} if number == 3 else {"final_ms": 400}
        call.turns.create(
            number=number,
            started_ms=begins_ms,
            ended_ms=begins_ms + 1000,
            text=f"מילה{number}",
            partial_ms=500,
            **(TURN | heard),
        )
    call.events.create(number=1, at=after(15_500), code="unavailable", detail="attempt 1")
    call.events.create(number=2, at=after(16_050), code="fallback", detail="utterance 3")
    return call


def told(capsys, *arguments):
    call_command("explain", "CA1", *arguments)
    return capsys.readouterr().out.splitlines()


def test_all_of_it_stands_in_order(call, capsys):
    head, *lines = told(capsys)
    assert head == "CA1: 2026-11-27T04:10:00+00:00, 30.0 s, end stop, heard degraded"
    story = [line for line in lines if not line.startswith("→")]
    assert [line.split(" s  ")[0].strip() for line in story] == [
        "+0.000", "+6.400", "+11.400", "+15.500", "+16.050", "+16.900", "+21.400", "+30.000",
    ]  # fmt: skip
    assert story[0].endswith("stream 1 begins in host:1")
    assert story[4].endswith("fallback: the one-shot recogniser was asked (utterance 3)")
    said = "[LATENCY] turn=3 source=fallback rule=one_shot partial=500ms final=900ms total=handed over"
    assert said in story[5] and story[5].endswith("engine=google model=default attempts=1")
    assert story[7].endswith("stream 1 ends: stop; 1500 frames, 0 lost")


def test_what_to_look_at_stands_below_it(call, capsys):
    assert [line for line in told(capsys) if line.startswith("→")] == [f"→ unavailable: {ADVICE['unavailable']}"]


def test_a_recording_that_the_disk_did_not_take_is_told_with_what_to_do(call, capsys):
    call.events.create(number=900, at=after(6000), code="recording_unwritten", detail="No space left on device")
    said = "\n".join(told(capsys))
    assert "recording_unwritten: the disk did not take all of the recording" in said
    assert "No space left on device" in said and "→ recording_unwritten: " in said


def test_figures_give_advice_too(call, capsys):
    Call.objects.update(frames_lost=100)
    call.turns.update(loop_lag_ms=300, final_ms=2000)
    said = "\n".join(told(capsys))
    assert "→ loop lag of 300 ms" in said and "→ 100 of 1500 frames lost" in said and "later than 1500 ms" in said


def test_the_ten_lines_around_the_fallback(call, capsys):
    for number in range(5, 20):
        call.turns.create(number=number, started_ms=number * 5000, ended_ms=number * 5000 + 9, **TURN)
    _, *lines = told(capsys, "--fallback")
    lines = [line for line in lines if not line.startswith("→")]
    assert len(lines) == 10
    assert "fallback: the one-shot recogniser was asked" in lines[4]


def test_a_call_that_needed_none_says_so(call, capsys):
    call.events.all().delete()
    call.turns.filter(source="fallback").delete()
    assert told(capsys, "--fallback")[1:] == ["the one-shot recogniser was never asked"]


def test_words_and_numbers_are_told_to_who_asks_and_noted(call, capsys):
    said = "\n".join(told(capsys))
    assert "מילה" not in said and "+972" not in said
    assert not AccessEntry.objects.exists()
    said = "\n".join(told(capsys, "--words"))
    assert "'מילה3'" in said and "+972501234567 → +97235550100" in said
    assert AccessEntry.objects.get().call_sid == "CA1"


def test_a_second_stream_stands_between_the_turns_of_both(call, capsys):
    """Media time goes on through it (calls/live/new_session.py)."""
    call.streams["MZ2"] = {"started_at": after(22_000).isoformat(), "order": 1, "stream_index": 1}
    call.save()
    call.turns.create(number=10_001, started_ms=23_000, ended_ms=24_000, final_ms=100, **TURN)
    story = [line.split(" s  ")[0].strip() for line in told(capsys)[1:] if not line.startswith("→")]
    assert story[-4:] == ["+21.400", "+22.000", "+24.100", "+30.000"]


def test_answers_are_told_with_what_became_of_them(call, capsys):
    call.turns.create(
        number=5001, speaker="agent", started_ms=12_000, ended_ms=13_000, text="שלום", played_text="שלום", heard_ms=900,
        outcome="played", floor_rule="open", floor_ms=300, first_audio_ms=500, total_ms=800, responder="repeat",
        voice="espeak:he", source="", end_reason="",
    )  # fmt: skip
    (line,) = [line for line in told(capsys) if "answer=5001" in line]
    assert "rule=open floor=300ms first=500ms total=800ms outcome=played responder=repeat voice=espeak:he" in line


def test_a_call_that_is_not_there():
    with pytest.raises(CommandError, match="unknown_call"):
        call_command("explain", "CA9")


def test_advice_is_on_codes_that_there_are_and_the_document_has_it():
    page = (ROOT / "docs" / "operating.md").read_text("utf-8")
    documented = {code for code in ADVICE if f"`{code}`" in page}
    assert documented == ADVICE.keys()
    assert len(ADVICE.keys() & EVENTS.keys()) >= 8
