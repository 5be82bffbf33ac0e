"""What a media socket may send."""

import pytest

from calls.live import message_bounds
from calls.live.message_bounds import MAX_MESSAGE_CHARACTERS, MAX_MESSAGES, WINDOW_S, MessageBounds


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(message_bounds.time, "monotonic", lambda: now[0])
    return now


def flaws(clock, messages, a_second):
    bounds = MessageBounds()
    said = set()
    for number in range(messages):
        clock[0] = number / a_second
        said.add(bounds.flaw("{}"))
    return said - {""}


@pytest.mark.parametrize(("a_second", "said"), [(50, set()), (199, set()), (250, {"too_fast"}), (1e9, {"too_fast"})])
def test_audio_comes_at_the_pace_of_speech(clock, a_second, said):
    assert flaws(clock, 5 * MAX_MESSAGES, a_second) == said


def test_what_a_network_held_back_may_come_at_once(clock):
    """Ten minutes in time, then 15 s of a call in a moment, and on."""
    bounds = MessageBounds()
    times_s = [number / 50 for number in range(30_000)] + [600.0] * 750 + [600 + number / 50 for number in range(5000)]
    assert MAX_MESSAGES > 750 + WINDOW_S * 50 - 1
    for at_s in times_s:
        clock[0] = at_s
        assert bounds.flaw("{}") == ""


def test_bytes_and_books_are_no_messages():
    bounds = MessageBounds()
    assert bounds.flaw(None) == "binary_frame"
    assert bounds.flaw("a" * (MAX_MESSAGE_CHARACTERS + 1)) == "message_too_long"
    assert bounds.flaw("a" * MAX_MESSAGE_CHARACTERS) == ""
