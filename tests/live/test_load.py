"""The load test against a real daphne: its words are counted, its figures are there."""

import pytest

from tests.live.test_outages import command

pytestmark = pytest.mark.live


def test_a_small_load_is_measured_and_every_word_is_there(tmp_path):
    # How late a sender is on a busy machine is no property of this code: the figures are, and the words.
    said = command(
        tmp_path, "loadtest", "--calls", "3", "--seconds", "12", "--save", str(tmp_path / "run.json"), code=None
    )
    assert "words_missing" not in said
    assert "recordings_missing" not in said
    assert (tmp_path / "run.json").is_file()


def test_a_load_that_converses_is_answered_and_every_answer_has_its_row(tmp_path):
    said = command(tmp_path, "loadtest", "--converse", "--calls", "2", "--listening", "1", "--seconds", "14", code=None)
    assert "2 calls conversed, 1 listened; voice emulator:he-IL-Wavenet-A" in said
    assert "own share of" in said and "in the same run" in said
    for problem in ("answers_missing", "answers_failed", "stream_faults", "words_missing", "recordings_missing"):
        assert problem not in said
