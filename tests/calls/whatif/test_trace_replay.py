"""A recorded call is replayed: at its own settings it is the same, at others only our own decisions change."""

import pytest

from calls.whatif.recorded_call import HeardEvent, HeardFrame, RecordedCall
from calls.whatif.trace_replay import Rerun, rerun
from stt.endpointing.replayed import Perceived
from stt.events import Final, OneShotDone, StreamClosed, StreamOpened, Word
from stt.tuning import Tuning
from tests.traced import heard

SPEECH_MS = 1000
HELLO = Final((Word("שלום", 500, 900),), 1000)


def recorded(*events, quiet_ms=3000):
    """A second of silence, a second of speech, silence."""
    levels = [False] * (SPEECH_MS // 20) + [True] * (SPEECH_MS // 20) + [False] * (quiet_ms // 20)
    frames = [HeardFrame(20 * i, 20 * i, Perceived(-30 if v else -70, v)) for i, v in enumerate(levels)]
    opened = HeardEvent(0, StreamOpened(0, 1))
    return RecordedCall(frames, [opened, *events], stopped_ms=20 * len(frames))


def said(turns):
    return [
        (t.number, t.source, t.rule, t.text, t.revised_text, t.started_ms, t.ended_ms)
        for t in sorted(turns, key=lambda turn: turn.number)
    ]


@pytest.mark.parametrize("faults", [{}, {"finals": False}, {"longest_s": 12.0}, {"dies_after_s": 9.0}])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_call_heard_again_at_its_own_settings_is_the_same(tmp_path, seed, faults):
    turns, trace = heard(tmp_path / "call.trace", Tuning(), seed=seed, first=4 * seed, **faults)
    again = rerun(trace, Tuning())
    assert said(again.turns.values()) == said(turns.values())
    late_ms = [abs(turns[n].final_ms - t.final_ms) for n, t in again.turns.items() if t.final_ms is not None]
    assert max(late_ms) <= 2
    assert trace.timed


def test_a_turn_has_the_words_that_the_recogniser_said():
    final = Final((Word("שלום", 1300, 1900),), 2000)
    again = rerun(recorded(HeardEvent(2500, final), HeardEvent(5100, StreamClosed(0))), Tuning())
    assert [(turn.text, turn.started_ms >= 900, turn.ended_ms <= 2100) for turn in again.turns.values()] == [
        ("שלום", True, True)
    ]
    assert again.asks == []


def test_an_utterance_without_words_is_asked_about_and_gets_the_answer_that_was_recorded():
    done = HeardEvent(4500, OneShotDone(1, ("כן",)))
    again = rerun(recorded(done, HeardEvent(6000, StreamClosed(0)), quiet_ms=6000), Tuning())
    (ask,) = again.asks
    assert (ask.words, ask.answered_ms, again.guessed) == (("כן",), 4500, set())
    assert [turn.text for turn in again.turns.values()] == ["כן"]


def test_what_was_never_asked_is_guessed_from_what_the_stream_said_and_counted():
    late = Final((Word("שלום", 1300, 1900),), 2000)
    call = recorded(HeardEvent(5900, late), HeardEvent(6000, StreamClosed(0)), quiet_ms=6000)
    again = rerun(call, Tuning(), known=Rerun())
    assert again.guessed == {1}
    assert [ask.words for ask in again.asks] == [("שלום",)]


def test_turns_are_numbered_from_the_first_that_is_given():
    final = Final((Word("שלום", 1300, 1900),), 2000)
    assert list(rerun(recorded(HeardEvent(2500, final)), Tuning(), first=41).turns) == [41]


def test_a_call_without_frames_has_no_turns():
    assert rerun(RecordedCall(), Tuning()).turns == {}
