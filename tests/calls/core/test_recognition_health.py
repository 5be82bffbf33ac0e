"""How a call is heard, read off what its session says."""

import pytest

from calls.core.actions import Feed, Note, Partial, TurnAccepted
from calls.core.recognition_health import RecognitionHealth, RecognitionStatus, worst
from calls.core.stream_policy import StreamCommand
from calls.core.turns import Source, Turn


def turn(source, code=""):
    return TurnAccepted(Turn(number=1, started_ms=0, ended_ms=9, text="", source=source, code=code))


LOST, BACK = Note("streaming_lost"), Note("streaming_back")
DEAF, WORDS = Note(StreamCommand.RENEW_DEAF.value), Partial(1, "שלום")
FAILED, HUNG, SAVED = Note("fallback_failed"), turn(Source.NONE, "fallback_timeout"), turn(Source.FALLBACK)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], "streaming"),
        ([Feed(b"", 0), turn(Source.FINAL), Note("fallback")], "streaming"),
        ([LOST], "degraded"),
        ([LOST, SAVED], "degraded"),
        ([LOST, FAILED], "down"),
        ([LOST, HUNG], "down"),
        ([FAILED], "streaming"),
        ([FAILED, LOST], "down"),
        ([LOST, FAILED, SAVED], "degraded"),
        ([LOST, FAILED, BACK], "streaming"),
        ([SAVED], "degraded"),
        ([SAVED, WORDS], "streaming"),
        ([WORDS, SAVED], "streaming"),
        ([turn(Source.FINAL), SAVED], "streaming"),
        ([LOST, turn(Source.FINAL)], "degraded"),
        ([turn(Source.NONE)], "streaming"),
        ([DEAF], "degraded"),
        ([DEAF, WORDS], "streaming"),
    ],
)
def test_the_state_follows_what_the_session_says(said, state):
    ear = RecognitionHealth(stream_hears=True)
    states = ["streaming"]
    for action in said:
        if ear.perceive(action):
            states.append(ear.state.value)
    assert (ear.state.value, states[-1]) == (state, state)


def test_a_line_without_streaming_is_degraded_from_its_start():
    assert RecognitionHealth(stream_hears=False).state is RecognitionStatus.DEGRADED


def test_a_process_hears_as_the_call_that_is_heard_worst():
    assert worst([]) is RecognitionStatus.STREAMING
    assert worst([RecognitionStatus.DEGRADED, RecognitionStatus.STREAMING]) is RecognitionStatus.DEGRADED
    assert worst(RecognitionStatus) is RecognitionStatus.DOWN
