"""Which seconds are not Google's v1."""

from calls.core.other_engines import google_s, other_engine_s


def test_streams_and_one_shots_of_other_engines_are_added_up():
    assert other_engine_s({"google": 9, "soniox": 2}, {"soniox": 3, "whisper": 1}) == {"soniox": 5, "whisper": 1}


def test_what_only_google_heard_is_not_said():
    assert other_engine_s({"google": 9, "emulator": 2, "": 1}, {}) == {}


def test_a_stand_in_counts_as_the_engine_that_it_stands_in_for():
    assert other_engine_s({"emulator:deepgram": 4, "deepgram": 1}, {}) == {"deepgram": 5}


def test_google_has_what_is_left():
    assert google_s(10, {"soniox": 4, "deepgram": 1}) == 5
    assert google_s(3, {"soniox": 4}) == 0
    assert google_s(3, {}) == 3
