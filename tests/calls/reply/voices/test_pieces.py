"""What a voice may be asked to say at once."""

import pytest

from calls.reply.voice import VoiceError
from calls.reply.voices.pieces import MAX_PIECE_CHARACTERS, check_piece, without_points


def test_a_piece_comes_without_the_spaces_around_it():
    assert check_piece("  שלום. \n") == "שלום."


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "—", "\u05b8"])
def test_a_text_with_nothing_to_say_is_refused(text):
    with pytest.raises(VoiceError) as refused:
        check_piece(text)
    assert refused.value.code == "text_unspeakable"


def test_the_bound_counts_letters_and_not_their_points():
    assert check_piece("שָׁ" * MAX_PIECE_CHARACTERS)
    with pytest.raises(VoiceError, match="241 characters; a piece has at most 240"):
        check_piece("ש" * (MAX_PIECE_CHARACTERS + 1))


def test_points_and_accents_go_and_marks_stay():
    assert without_points("שָׁ֫לוֹם־עֲלֵיכֶם, צָ'ק; צה״ל!") == "שלום־עליכם, צ'ק; צה״ל!"
