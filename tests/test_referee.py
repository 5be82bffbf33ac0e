"""What the referee's benchmark makes of an analyzer's and a client's results, without either."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

from twilio.request_validator import RequestValidator

from benchmarks.independent_caller import SigningRelay, StreamEar, complaints_of
from benchmarks.referee import sound_of
from benchmarks.refereed_turns import OurAnswer, RefereeComparison, RefereeTurn, read_turns, utterance_ends_ms
from calls.lab.call_report import CallReport
from calls.lab.playout import HeardAnswer, MarkFate, PlayedAudio

SILENCE, SOUND = b"\xff", b"\x10"


def measured(start, end, onset, reason=None, flags=()):
    return {
        "stimulus_start_ms": start,
        "t1_ms": end,
        "t2_ms": onset,
        "discard_reason": reason,
        "flags": list(flags),
    }


def compared(turns, answers, ends_ms=()):
    comparison = RefereeComparison()
    comparison.add(turns, answers, ends_ms)
    return comparison


def test_times_of_a_recording_become_media_time():
    turns = read_turns({"discard_reason": None, "turns": [measured(1000, 2000, 2600)]}, 114, 1)
    assert turns == [RefereeTurn(1114, 2114, 2714)]


def test_a_call_discarded_whole_counts_as_all_its_turns():
    turns = read_turns({"discard_reason": "turn_count_mismatch", "turns": []}, 0, 3)
    assert compared(turns, [OurAnswer(10, 5)]).discarded == {"turn_count_mismatch": 3}


def test_a_turn_is_paired_with_the_first_answer_before_the_next_turn():
    turns = [RefereeTurn(1000, 2000, 2610), RefereeTurn(5000, 6000, 6700)]
    pairs = compared(turns, [OurAnswer(500, 1), OurAnswer(2600, 600), OurAnswer(4000, 900), OurAnswer(6690, 650)]).pairs
    assert [(pair.our_ms, pair.differs_ms) for pair in pairs] == [(600, 10), (650, 50)]


def test_a_difference_is_that_of_the_onset_less_that_of_the_end():
    (pair,) = compared([RefereeTurn(0, 1980, 2640)], [OurAnswer(2600, 600)]).pairs
    assert (pair.end_ms, pair.onset_ms, pair.differs_ms) == (-20, 40, 60)


def test_a_turn_without_a_row_is_no_agreement():
    comparison = compared([RefereeTurn(0, 1000, 1500), RefereeTurn(3000, 4000, 4500)], [OurAnswer(1500, 500)])
    assert comparison.unanswered == 1
    assert comparison.within_share == 0.5 and not comparison.agrees


def test_turns_that_the_analyzer_does_not_count_are_said_by_its_reason():
    comparison = compared([RefereeTurn(0, 1, None), RefereeTurn(2, 3, 4, "vad_disagree")], [])
    assert comparison.discarded == {"no_response": 1, "vad_disagree": 1}
    (line,) = comparison.lines()
    assert line.startswith("no turn was measured twice; 2 discarded by the analyzer (1 no_response, 1 vad_disagree)")


def test_the_report_says_what_a_doubted_onset_and_a_quiet_voice_explain():
    turns = [RefereeTurn(0, 1000, 1600), RefereeTurn(3000, 4000, 4700), RefereeTurn(6000, 7000, 7580, doubted=True)]
    answers = [OurAnswer(1500, 500, 70), OurAnswer(4600, 600, 0), OurAnswer(7500, 500)]
    said = "\n".join(compared(turns, answers).lines())
    assert "analyzer p50 600, p95 700 ms; total_ms p50 500, p95 600 ms" in said
    assert "within 60 ms: 0.0% (wanted 95%)" in said
    assert "1 onsets are put over 40 ms earlier by its second detector" in said
    assert "within 60 ms: 1 of 2" in said


def test_the_simulator_says_which_of_two_measurements_is_right():
    turns = [RefereeTurn(0, 1000, 1700), RefereeTurn(3000, 4000, 4600)]
    answers = [OurAnswer(1590, 600, 20, 1610), OurAnswer(4590, 590, 20, 4610)]
    said = compared(turns, answers, [1005, 4005]).lines()[-1]
    assert "the analyzer 1 of 2" in said and "total_ms 2 of 2" in said
    assert said.endswith("(true/analyzer/ours): 605/700/600")


def test_an_utterance_ends_at_a_long_pause():
    def words(*times):
        return [SimpleNamespace(start_ms=start, end_ms=end) for start, end in times]

    clips = [(0, words((0, 300), (900, 1200))), (5000, words((0, 300), (1000, 1300))), (9000, words((0, 9)))]
    assert utterance_ends_ms(clips) == [1200, 5300, 6300, 9009]


def test_a_voices_quiet_beginning_is_measured_to_its_first_sound():
    report = CallReport("CA1", answers=[HeardAnswer(8000, 9000), HeardAnswer(16000, 17000)], first_ms=100)
    report.heard = [PlayedAudio(8000, SOUND * 800), PlayedAudio(16000, SILENCE * 320 + SOUND * 480)]
    assert sound_of(report, 2090) == (40, 100 + 2000 + 40)


@dataclass
class Result:
    """As streamdouble keeps a call."""

    events: list = field(default_factory=list)
    started_at: float = 10.0
    violations: list = field(default_factory=list)
    unknown_events: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    marks_echoed: list = field(default_factory=list)
    timed_out: bool = False
    closed_before_audio: bool = False


def event(at, kind, **detail):
    return SimpleNamespace(at=at, kind=kind, detail=detail)


def test_streamdoubles_log_is_played_as_it_was_heard():
    result = Result(
        [
            event(10.5, "media_received", bytes=800),
            event(10.5, "mark_received", name="a1.1.1"),
            event(10.7, "media_received", bytes=8000),
            event(10.7, "mark_received", name="a1.1.2"),
            event(11.0, "clear_received", dropped_marks=["a1.1.2"]),
            event(11.5, "sent_stop"),
        ],
        marks_echoed=["a1.1.1"],
    )
    ear, report = StreamEar(), CallReport("CA1")
    ear.follow(result, SOUND * 8800)
    report.add_playout(ear.playout)
    assert [(echo.name, echo.fate) for echo in report.mark_fates] == [
        ("a1.1.1", MarkFate.REACHED),
        ("a1.1.2", MarkFate.CLEARED),
    ]
    assert report.heard_by_mark["a1.1.1"] == SOUND * 800
    assert report.heard_ulaw == SOUND * (800 + 2400)
    assert complaints_of(result, report) == []


def test_what_streamdouble_finds_wrong_is_a_complaint():
    result = Result(unknown_events=["hello"], marks_echoed=["a1"], closed_before_audio=True)
    assert complaints_of(result, CallReport("CA1")) == [
        "unknown event hello",
        "the line never spoke",
        "it gave back the marks ['a1'], and [] were reached",
    ]


async def test_the_relay_signs_a_handshake_and_forwards_both_ways():
    heard = []

    async def server(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"welcome")
        heard.append(await reader.read(5))
        writer.close()

    far = await asyncio.start_server(server, "127.0.0.1", 0)
    async with (
        far,
        SigningRelay(f"127.0.0.1:{far.sockets[0].getsockname()[1]}", "https://line.example", "token") as relay,
    ):
        host, _, port = relay.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /ws/twilio/x HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await reader.readexactly(7) == b"welcome"
        writer.write(b"frame")
        assert await reader.read() == b""
        writer.close()
    signature = RequestValidator("token").compute_signature("wss://line.example/ws/twilio/x", {})
    assert heard == [
        f"GET /ws/twilio/x HTTP/1.1\r\nX-Twilio-Signature: {signature}\r\nHost: a\r\n\r\n".encode(),
        b"frame",
    ]
