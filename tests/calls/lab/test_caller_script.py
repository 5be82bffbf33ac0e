"""When a scripted caller speaks: frame by frame against a line that a test lets speak."""

from pathlib import Path
from random import Random

import pytest

from calls.lab.caller_script import (
    Cue,
    EndedBy,
    RecordedCaller,
    ScriptedCaller,
    ScriptError,
    ScriptStep,
    answering_steps,
    read_interruption,
    read_step,
    speech_frames,
)
from calls.lab.playout import Playout
from calls.lab.server_messages import ServerAudio, ServerClear
from stt.audio import FRAME_BYTES, FRAME_MS
from tests.sounds import silence, speech

CLIPS = {
    "short": b"".join(speech(200)),
    "long": b"".join(speech(2000)),
    "trailing": b"".join(speech(200) + silence(800)),
}


def converse(steps, line=(), tail_s=1.0, longest_s=30.0, skip=(), interruptions=()):
    """What was spoken when, and when the caller hung up (ms). ``line``: when it says what, an answer's length in ms or
    "clear"."""
    caller = ScriptedCaller(
        [read_step(step) for step in steps],
        Random(1),
        read=lambda path: CLIPS[path.name],
        tail_s=tail_s,
        longest_s=longest_s,
        interruptions=[read_interruption(text) for text in interruptions],
    )
    playout, index, says = Playout(), 0, sorted(line)
    while True:
        now = index * FRAME_BYTES
        while says and says[0][0] * 8 <= now:
            at_ms, what = says.pop(0)
            playout.receive(ServerClear() if what == "clear" else ServerAudio(bytes(what * 8)), at_ms * 8)
        playout.advance(now)
        frame = caller.frame(index, playout)
        if frame is None:
            return caller, [(one.name, one.start_ms) for one in caller.spoken], index * FRAME_MS
        assert len(frame) == FRAME_BYTES
        index = skip[1] if skip and index == skip[0] else index + 1


def test_a_clip_is_spoken_so_long_after_the_answers_last_sample():
    _, spoken, hung_up_ms = converse(["short@after-heard+500"], [(100, 1000), (2500, 400)])
    assert spoken == [("short", 1600)]
    assert hung_up_ms == 2900 + 1000


def test_an_answer_is_over_when_nothing_was_played_for_300_ms():
    _, spoken, _ = converse(["short@after-heard"], [(0, 500), (700, 500), (9000, 100)])
    assert spoken == [("short", 1500)]


def test_each_clip_waits_for_an_answer_of_its_own():
    line = [(0, 1000), (2500, 600), (5000, 100)]
    _, spoken, _ = converse(["short@after-heard+400", "short@after-heard+400"], line)
    assert spoken == [("short", 1400), ("short", 3500)]


def test_silence_at_a_clips_end_may_be_answered_while_it_is_sent():
    _, spoken, _ = converse(["trailing@0s", "short@after-heard+400"], [(600, 200), (3000, 100)])
    assert spoken == [("trailing", 0), ("short", 1200)]


def test_what_sounds_only_while_the_caller_speaks_answers_nothing():
    _, spoken, _ = converse(["long@0s", "short@after-heard"], [(500, 200), (3000, 500), (6000, 100)])
    assert spoken == [("long", 0), ("short", 3800)]


def test_over_speaks_while_the_line_speaks_and_then_waits_for_the_next_answer():
    line = [(500, 5000), (1500, "clear"), (2600, 700), (6000, 300)]
    _, spoken, hung_up_ms = converse(["short@over+600", "short@after-heard+500"], line)
    assert spoken == [("short", 1100), ("short", 3800)]
    assert hung_up_ms == 6300 + 1000


def test_a_line_that_goes_on_under_an_interruption_is_heard_to_its_end():
    _, spoken, _ = converse(["short@over+500", "short@after-heard+400"], [(0, 3000), (5000, 100)])
    assert spoken == [("short", 500), ("short", 3400)]


def test_interruptions_speak_over_one_answer_each_whatever_the_script_waits_for():
    line = [(0, 3000), (700, "clear"), (1500, 2000), (2400, "clear"), (3500, 400), (6000, 100)]
    _, spoken, _ = converse(["trailing@after-heard+400"], line, interruptions=["short@500", "short@700"])
    assert spoken == [("short", 500), ("short", 2200), ("trailing", 4300)]


def test_an_answer_that_is_over_too_early_is_not_interrupted_and_the_next_one_is():
    _, spoken, _ = converse(["long@after-heard"], [(0, 400), (3000, 2000)], interruptions=["short@600"])
    assert spoken == [("long", 700), ("short", 3600)]


def test_an_interruption_that_found_no_answer_was_not_said():
    caller, spoken, hung_up_ms = converse([], [(0, 400)], interruptions=["short@600"])
    assert (spoken, hung_up_ms, caller.unspoken) == ([], 1400, 1)


def test_recordings_beside_interruptions_wait_for_an_answer():
    steps = answering_steps([Path("a.wav"), Path("b.wav")], 1.0, 0.9)
    assert [(step.clip.name, step.cue, step.ms) for step in steps] == [
        ("a.wav", Cue.AT, 1000),
        ("b.wav", Cue.AFTER_HEARD, 900),
    ]


def test_an_interruption_is_read():
    assert read_interruption("dir/a@b.wav@250") == ScriptStep(Path("dir/a@b.wav"), Cue.OVER, 250)
    for text in ("", "a.wav", "a.wav@", "a.wav@over+2", "@20", "a.wav@99999999"):
        with pytest.raises(ScriptError, match="write an interruption"):
            read_interruption(text)


def test_a_time_of_the_call_waits_for_the_clip_before_it():
    _, spoken, _ = converse(["long@1.5s", "short@2s", "short@12.5s"], [(14_000, 100)])
    assert spoken == [("long", 1500), ("short", 3500), ("short", 12_500)]


def test_the_bound_ends_a_call_whose_line_says_nothing():
    caller, spoken, hung_up_ms = converse(["short@0s", "short@after-heard", "hang-up@after-heard"], longest_s=7)
    assert (hung_up_ms, caller.end, caller.unspoken) == (7000, EndedBy.TOO_LONG, 1)
    assert spoken == [("short", 0)]


def test_a_caller_hangs_up_in_the_middle_of_an_answer():
    caller, _, hung_up_ms = converse(["short@0s", "hang-up@over+300", "short@after-heard"], [(1000, 4000)])
    assert (hung_up_ms, caller.end, caller.unspoken) == (1300, EndedBy.CALLER, 1)


def test_a_tail_begins_anew_with_each_answer():
    _, _, hung_up_ms = converse(["short@0s"], [(500, 500), (1700, 500)], tail_s=1)
    assert hung_up_ms == 3200


def test_frames_that_no_stream_carried_are_lost_and_the_script_goes_on():
    _, spoken, _ = converse(["long@0s", "short@after-heard"], [(3000, 300), (6000, 100)], skip=(10, 120))
    assert spoken == [("long", 0), ("short", 3600)]


def test_recordings_are_spoken_at_fixed_pauses_whatever_the_line_says():
    caller = RecordedCaller(
        [("a", b"\x01" * 200), ("b", b"\x02" * 320), ("c", b"\x03" * 160)],
        Random(1),
        lead_s=0.1,
        pauses_s=(0.2, 0.4),
        tail_s=0.06,
    )
    assert caller.spoken == [("a", 100, 140), ("b", 340, 380), ("c", 780, 800)]
    frames = [caller.frame(index, Playout()) for index in range(44)]
    assert frames[5:7] == [b"\x01" * 160, b"\x01" * 40 + b"\xff" * 120]
    assert frames[42] is not None and frames[43] is None


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("a@b.wav@after-heard", ScriptStep(Path("a@b.wav"), Cue.AFTER_HEARD)),
        ("dir/a.wav@after-heard+250", ScriptStep(Path("dir/a.wav"), Cue.AFTER_HEARD, 250)),
        ("a.wav@over+500ms", ScriptStep(Path("a.wav"), Cue.OVER, 500)),
        ("a.wav@12.5s", ScriptStep(Path("a.wav"), Cue.AT, 12_500)),
        ("hang-up@over+1", ScriptStep(None, Cue.OVER, 1)),
    ],
)
def test_a_step_is_read(text, step):
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["", "a.wav", "a.wav@", "@over", "a.wav@soon", "a.wav@over-1", "a@4000000s", "a@1e3s"])
def test_a_step_that_cannot_be_read_is_refused(text):
    with pytest.raises(ScriptError, match="after-heard") as refused:
        read_step(text)
    assert refused.value.code == "bad_script"


def test_it_is_told_when_each_clip_begins():
    begun = []
    steps = [ScriptStep(Path(name), Cue.AT, ms) for name, ms in (("short", 100), ("long", 1000))]
    caller = ScriptedCaller(
        steps, Random(1), read=lambda path: CLIPS[path.name], tail_s=1, longest_s=9, on_spoken=begun.append
    )
    for index in range(100):
        caller.frame(index, Playout())
        assert len(begun) == len(caller.spoken)
    assert begun == [1, 2]


def test_what_is_quiet_at_a_clips_end_is_no_speech():
    frames = [*speech(200), *silence(800)]
    assert speech_frames(frames) == 200 // FRAME_MS and speech_frames([]) == 0
