"""The recordings that the demo plays are whole."""

import json

import pytest

from calls.lab.call_report import Line
from calls.lab.caller_script import Cue
from calls.lab.sample_conversations import put_lines, put_listening_line, sample_conversations
from calls.lines.dialogues import Dialogue
from calls.lines.models import PhoneLine
from stt.audio import FRAME_BYTES, dbfs, ulaw_to_pcm
from stt.emulator.recordings import Library, Tracker
from tests.paths import SAMPLES

FOLDERS = SAMPLES, SAMPLES / "conversations"
CALLS = [call for folder in FOLDERS for call in json.loads((folder / "calls.json").read_text("utf-8"))]
LIBRARY = Library(FOLDERS)


def test_every_clip_of_every_call_has_a_recording_and_its_words():
    recordings = {recording.name: recording for recording in LIBRARY.recordings}
    played = [clip for call in CALLS for clip in call["clips"]]
    assert sorted(played) == sorted(recordings)
    assert all(recordings[clip].words for clip in played)


def test_there_are_short_answers_numbers_and_a_555():
    texts = {recording.name: " ".join(w.text for w in recording.words) for recording in LIBRARY.recordings}
    assert {"כן", "לא"} <= set(texts.values())
    assert any("חמש חמש חמש" in text for text in texts.values())


@pytest.mark.parametrize("recording", LIBRARY.recordings, ids=lambda recording: recording.name)
def test_words_are_spoken_where_they_are_said_to_be(recording):
    for before, after in zip(recording.words, recording.words[1:], strict=False):
        assert before.end_ms <= after.start_ms
    assert recording.words[-1].end_ms <= len(recording.ulaw) // 8
    for word in recording.words:
        assert dbfs(ulaw_to_pcm(recording.ulaw[word.start_ms * 8 : word.end_ms * 8])) > -45


@pytest.mark.parametrize("recording", LIBRARY.recordings, ids=lambda recording: recording.name)
def test_the_emulator_knows_each_from_its_frames(recording):
    tracker = Tracker(LIBRARY)
    frames = [recording.ulaw[i : i + FRAME_BYTES] for i in range(0, len(recording.ulaw), FRAME_BYTES)]
    heard = [word for frame in frames for word in tracker.push(frame)]
    assert [word.text for word in heard] == [word.text for word in recording.words]


def test_the_conversations_lines_answer_as_the_samples_say_whatever_was_changed(db):
    conversations = sample_conversations()
    put_lines(conversations)
    PhoneLine.objects.update(responder="silent", greeting="")
    Dialogue.objects.update(text="start: gone")
    put_lines(conversations)
    lines = {line.number: line for line in PhoneLine.objects.all()}
    assert sorted(lines) == sorted(one.to_number for one in conversations)
    for one in conversations:
        line = lines[one.to_number]
        assert (line.responder, line.greeting) == (one.responder, one.greeting)
        assert (line.dialogue is not None) == bool(one.dialogue)
    dialogues = Dialogue.objects.all()
    assert len(dialogues) == 2
    assert all(result.passed for dialogue in dialogues for result in dialogue.results())


def test_the_line_that_the_other_samples_call_is_one_and_stays_as_it_was_changed(db):
    put_listening_line()
    line = PhoneLine.objects.get(number=Line("", "", "").to_number)
    assert (line.name, line.responder) == ("הקו מקשיב וכותב", "silent")
    PhoneLine.objects.update(name="דירות")
    put_listening_line()
    assert PhoneLine.objects.get().name == "דירות"


def test_the_booking_is_confirmed_once_over_the_question_and_once_behind_it():
    (booking,) = [one for one in sample_conversations() if one.name == "booking"]
    assert [(step.clip.name, step.cue) for step in booking.script[-2:]] == [
        ("booking_6.wav", Cue.OVER),
        ("booking_7.wav", Cue.AFTER_HEARD),
    ]
    words = {recording.name: [word.text for word in recording.words] for recording in LIBRARY.recordings}
    assert words["booking_6.wav"] == words["booking_7.wav"] == ["כן"]


def test_one_caller_says_go_on_and_asks_over_the_answer():
    (hours,) = [one for one in sample_conversations() if one.name == "hours"]
    assert [(step.clip.name, step.cue, step.ms) for step in hours.script] == [
        ("hours_1.wav", Cue.OVER, 1500),
        ("hours_2.wav", Cue.OVER, 2500),
        ("hours_3.wav", Cue.AFTER_HEARD, 300),
    ]
