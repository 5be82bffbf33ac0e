"""A simulated call converses over a real socket, and its report says what was really heard."""

import asyncio
import audioop
import json
import wave
from array import array

import pytest
import websockets

from calls.core.messages import Mark, Media, clear_message, mark_message, media_message, parse
from calls.lab.call_report import Line
from calls.lab.caller_script import EndedBy, read_interruption, read_step
from calls.lab.echo_path import Echo
from calls.lab.played_audio import MarkFate
from calls.lab.playout import TwilioHabits
from calls.lab.simulator import SimulatedCall
from stt.audio import FRAME_BYTES, dbfs, ulaw_to_pcm
from stt.wavfile import read_ulaw
from tests.paths import SAMPLES

ANSWER = SAMPLES / "answers_2.wav"
GREETING = read_ulaw(SAMPLES / "doctor_2.wav")[:8000]
REPLY = read_ulaw(SAMPLES / "doctor_3.wav")[:6400]
QUIET_FRAMES = 15
"""So many behind speech, and the line answers."""


class TalkingLine:
    """The least that converses: a greeting at the start, and something at each end of the caller's speech."""

    def __init__(self, replies, opening=(), on_speech=(), late=()):
        self.replies = list(replies)
        self.opening, self.on_speech, self.late = opening, on_speech, late
        self.messages = []
        self.marks = []
        """Came back before the first clear was sent."""
        self.cleared = False

    async def converse(self, connection):
        loud = quiet = 0
        async for text in connection:
            self.messages.append(text)
            message = parse(text)
            if json.loads(text)["event"] == "start":
                self.sid = message.stream_sid
                await self.say(connection, self.opening)
            elif isinstance(message, Mark) and not self.cleared:
                self.marks.append(message.name)
            elif isinstance(message, Media):
                is_loud = dbfs(ulaw_to_pcm(message.ulaw)) > -40
                loud, quiet = loud + is_loud, 0 if is_loud else quiet + 1
                if loud == 5:
                    await self.say(connection, self.on_speech)
                    loud += 1
                if loud > 5 and quiet == QUIET_FRAMES and self.replies:
                    loud = 0
                    await self.say(connection, self.replies.pop(0))
            elif json.loads(text)["event"] == "stop":
                await self.say(connection, self.late)

    async def say(self, connection, things):
        for thing in things:
            if thing == "clear":
                self.cleared = True
                await connection.send(clear_message(self.sid))
            elif thing == "hang up":
                await connection.close(1000)
            elif isinstance(thing, tuple):
                name, ulaw = thing
                await connection.send(media_message(self.sid, ulaw))
                await connection.send(mark_message(self.sid, name))
            else:
                await connection.send(thing)


def call(line, monkeypatch, steps, **changes):
    async def post(self, path, form):
        if path != "/twilio/voice":
            return "<Response/>"
        return '<Response><Connect action="/after"><Stream url="wss://voice.example.org/ws/x"/></Connect></Response>'

    monkeypatch.setattr(SimulatedCall, "post", post)

    async def run():
        async with websockets.serve(line.converse, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            values = {"tail_s": 0.5, "longest_s": 30, "speed": 5, **changes}
            to = Line(url, "https://voice.example.org", "token")
            return await SimulatedCall(to, (), script=[read_step(step) for step in steps], **values).run()

    return asyncio.run(run())


def test_a_caller_answers_what_it_heard_to_its_end(monkeypatch, tmp_path):
    line = TalkingLine([[("a2", REPLY)], [("a3.1", REPLY), ("a3.2", GREETING)]], [("a1", GREETING)])
    report = call(line, monkeypatch, [f"{ANSWER}@after-heard+400", f"{ANSWER}@after-heard+500"])

    assert [name for _, _, name in report.timeline] == ["", ANSWER.name, "", ANSWER.name, ""]
    ends = [end for _, end, _ in report.timeline]
    starts = [start for start, _, _ in report.timeline]
    assert 400 <= starts[1] - ends[0] < 421 and 500 <= starts[3] - ends[2] < 521
    assert report.heard_by_mark == {"a1": GREETING, "a2": REPLY, "a3.1": REPLY, "a3.2": GREETING}
    assert report.heard_marks == report.marks == line.marks == ["a1", "a2", "a3.1", "a3.2"]
    assert (report.ended_by, report.unspoken, report.faults) == (EndedBy.CALLER, 0, [])

    report.write_wav(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth()) == (2, 8000, 2)
        both = array("h", wav.readframes(wav.getnframes()))
    left, right = both[::2], both[1::2]
    assert len(left) == report.frames_sent * FRAME_BYTES
    said = array("h", ulaw_to_pcm(read_ulaw(ANSWER)))
    for _, start_ms, _ in report.played:
        at = (start_ms - report.first_ms) * 8
        assert left[at : at + len(said)] == said
    for answer, ulaw in zip(report.answers, [GREETING, REPLY, REPLY + GREETING], strict=True):
        assert right[answer.began_samples : answer.ended_samples] == array("h", ulaw_to_pcm(ulaw))
    assert not any(right[report.answers[0].ended_samples : report.answers[1].began_samples])


def test_the_server_hears_the_left_side_of_the_wav(monkeypatch):
    line = TalkingLine([[("a1", REPLY)]])
    report = call(line, monkeypatch, [f"{ANSWER}@0.5s"])
    heard = b"".join(message.ulaw for message in map(parse, line.messages) if isinstance(message, Media))
    assert report.sent_audio == [(0, heard)]
    assert report.stereo_pcm()[0::4] == ulaw_to_pcm(heard)[0::2]


def test_marks_are_numbered_with_the_frames(monkeypatch):
    line = TalkingLine([[("a2", REPLY), ("a3", REPLY)]], [("a1", GREETING)])
    call(line, monkeypatch, [f"{ANSWER}@after-heard"])
    numbers = [int(json.loads(text)["sequenceNumber"]) for text in line.messages[1:]]
    assert numbers == list(range(1, len(line.messages)))
    assert [parse(text).name for text in line.messages if isinstance(parse(text), Mark)] == ["a1", "a2", "a3"]


def test_an_answer_that_is_spoken_over_and_cleared_was_heard_as_far_as_it_was_played(monkeypatch):
    opening = [("a1.1", GREETING[:1600]), ("a1.2", GREETING * 8)]
    line = TalkingLine([[("a2", REPLY)]], opening, on_speech=["clear"])
    report = call(line, monkeypatch, [f"{ANSWER}@over+600"])

    assert [echo.fate for echo in report.mark_fates] == [MarkFate.REACHED, MarkFate.CLEARED, MarkFate.REACHED]
    assert line.marks == ["a1.1"]
    assert report.heard_marks == ["a1.1", "a2"]
    assert report.heard_by_mark == {"a1.1": GREETING[:1600], "a2": REPLY}
    cut, whole = report.answers
    assert (cut.cut, whole.cut) == (True, False)
    (clear,) = report.clears
    assert (clear.at_samples, clear.unplayed_samples) == (
        cut.ended_samples,
        len(GREETING) * 8 + 1600 - (cut.ended_samples - cut.began_samples),
    )
    assert 600 * 8 < cut.ended_samples - cut.began_samples < 8 * len(GREETING)
    sent = GREETING[:1600] + GREETING * 8
    assert report.heard_ulaw == sent[: cut.ended_samples - cut.began_samples] + REPLY
    assert report.played[0][1] - report.first_ms - cut.began_samples / 8 >= 600


def test_an_echo_of_what_was_played_is_in_what_the_caller_sends(monkeypatch):
    line = TalkingLine([], [("a1", GREETING)])
    report = call(line, monkeypatch, [f"{ANSWER}@after-heard+400"], echo=Echo(-6, 100), longest_s=4)
    (answer,) = report.answers
    left, right = ulaw_to_pcm(bytes(report.sent_audio[0][1])), ulaw_to_pcm(report.heard_ulaw)
    begin = 2 * (answer.began_samples + 100 * 8)
    given_back = left[begin : begin + len(right)]
    assert dbfs(given_back) - dbfs(right) == pytest.approx(-6, abs=0.5)
    factor = audioop.findfactor(given_back, right)
    assert factor == pytest.approx(10 ** (-6 / 20), rel=0.05)
    said_at = (report.played[0][1] - report.first_ms) * 16
    said = ulaw_to_pcm(read_ulaw(ANSWER))
    assert left[said_at : said_at + len(said)] == said


def test_an_interruption_is_spoken_over_the_answer_and_one_mark_crosses_the_clear(monkeypatch):
    opening = [("a1.1", GREETING[:1600]), ("a1.2", GREETING * 8)]
    line = TalkingLine([[("a2", REPLY)]], opening, on_speech=["clear"])
    habits = TwilioHabits(crossing_mark=True)
    interruptions = [read_interruption(f"{ANSWER}@600")]
    report = call(line, monkeypatch, [], interruptions=interruptions, habits=habits)
    assert [name for _, _, name in report.timeline] == ["", ANSWER.name, ""]
    assert [(echo.name, echo.fate.value) for echo in report.mark_fates] == [
        ("a1.1", "crossed"),
        ("a1.2", "cleared"),
        ("a2", "reached"),
    ]
    assert line.marks == []
    assert report.heard_by_mark["a1.1"] == GREETING[:1600]


def test_a_mark_that_never_comes_back_was_heard_all_the_same(monkeypatch):
    line = TalkingLine([[("a2", REPLY)]], [("a1", GREETING)])
    report = call(line, monkeypatch, [f"{ANSWER}@after-heard"], habits=TwilioHabits(lose_marks=1.0))
    assert line.marks == report.marks == []
    assert list(report.heard_by_mark) == ["a1", "a2"]
    assert {echo.returned_samples for echo in report.mark_fates} == {None}


def test_what_breaks_the_protocol_is_reported_and_audio_behind_the_stop_is_ignored(monkeypatch):
    wrong = [b"\xff" * 160, "{", media_message("MZother", b"\xff"), '{"event": "media"}']
    line = TalkingLine([[("a2", REPLY), *wrong]], late=[("a3", REPLY)])
    report = call(line, monkeypatch, [f"{ANSWER}@0s"])
    assert [fault.code for fault in report.faults] == [31950, 31951, 31951, 31951]
    assert all(fault.at_samples > 0 for fault in report.faults)
    assert report.heard_ulaw == REPLY
    assert report.ignored_bytes == len(REPLY)
    assert report.marks == ["a2"]


def test_a_line_that_hangs_up_ends_the_call_and_what_it_had_not_played(monkeypatch):
    answer = GREETING * 60  # so long that a machine that stands still does not play it to its end
    line = TalkingLine([["hang up"]], [("a1", answer)])
    report = call(line, monkeypatch, [f"{ANSWER}@0.2s", f"{ANSWER}@after-heard"])
    assert (report.ended_by, report.unspoken, report.close_code) == (EndedBy.LINE, 1, 1000)
    assert [(echo.name, echo.fate) for echo in report.mark_fates] == [("a1", MarkFate.DROPPED)]
    assert 0 < len(report.heard_ulaw) < len(answer)


def test_a_call_whose_line_is_silent_ends_at_its_bound(monkeypatch):
    report = call(TalkingLine([]), monkeypatch, [f"{ANSWER}@after-heard"], longest_s=1)
    assert (report.ended_by, report.unspoken, report.frames_sent) == (EndedBy.TOO_LONG, 1, 50)
