"""The load generator and what it calls a run that counts."""

import json
from dataclasses import replace

import pytest
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side

from calls.lab.call_report import Line
from calls.lab.load import FIRST_MS, Load
from calls.lab.load_figures import LoadFigures, bucket_ms
from stt.audio import FRAME_MS
from tests.traced import LIBRARY

RECORDINGS = LIBRARY.recordings
FIGURES = LoadFigures(
    server="daphne",
    calls=100,
    seconds=50.0,
    cpu_ms_s=5.0,
    memory_kb=300.0,
    delay_p50_ms=1.0,
    delay_p99_ms=4.0,
    delay_worst_p99_ms=4.5,
    delay_max_ms=20.0,
    final_p50_ms=900,
    final_p95_ms=1500,
    handed_on_p99_ms=2.0,
    words=3000,
    lost=0,
    added=0,
    recordings_missing=0,
    late_p99_ms=1.0,
    late_max_ms=3.0,
    sender_cpu=0.2,
    emulator_cpu=0.4,
    blocked=0,
)


async def load(**changes):
    line = Line("http://127.0.0.1:1", "https://voice.example.org", "token")
    return Load(line, RECORDINGS, **{"calls": 3, "seconds": 20.0, "seed": 1, **changes})


def messages_of(caller):
    """What a server makes of the prepared frames."""
    protocol = Protocol(Side.SERVER)
    protocol.receive_data(b"".join(caller.wire))
    events = protocol.events_received()
    assert {event.opcode for event in events} == {Opcode.TEXT}
    return [json.loads(event.data) for event in events]


async def test_each_message_is_a_masked_frame_of_its_own():
    (caller, *_) = (await load()).callers
    messages = messages_of(caller)
    assert [message["event"] for message in messages] == ["media"] * 1000 + ["stop"]
    assert [int(message["sequenceNumber"]) for message in messages] == list(range(2, 1003))
    assert int(messages[5]["media"]["timestamp"]) == FIRST_MS + 5 * FRAME_MS


async def test_callers_say_different_recordings_and_end_with_silence():
    callers = (await load()).callers
    assert len({caller.report.played[0][0] for caller in callers}) > 1
    assert all(caller.report.played[-1][2] <= FIRST_MS + 18_000 for caller in callers)


def test_calls_a_core_follow_from_the_cpu_of_one():
    assert FIGURES.calls_a_core == 200
    assert FIGURES.server_cpu == 0.5


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"late_p99_ms": 5.1}, "sender_late"),
        ({"lost": 1}, "words_missing"),
        ({"added": 1}, "words_missing"),
        ({"recordings_missing": 1}, "recordings_missing"),
        ({"blocked": 1}, "blocked"),
    ],
)
def test_a_run_counts_only_when_everything_is_there_and_in_time(change, problem):
    assert FIGURES.problems == []
    assert [text.split(":")[0] for text in replace(FIGURES, **change).problems] == [problem]


def test_figures_can_be_kept_and_read_again(tmp_path):
    FIGURES.save(tmp_path / "run.json")
    assert LoadFigures.read(tmp_path / "run.json") == FIGURES


def test_a_share_of_a_histogram_lies_under_its_bound():
    buckets = [("0.001", 90), ("0.003", 99), ("+Inf", 100)]
    said = "# TYPE x histogram\n" + "".join(f'x_bucket{{le="{bound}"}} {count}\n' for bound, count in buckets)
    assert bucket_ms(said, "x", 0.9) == 1
    assert bucket_ms(said, "x", 0.99) == 3
    assert bucket_ms(said, "y", 0.99) is None
