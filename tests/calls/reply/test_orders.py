from calls.reply.orders import MAX_SENTENCE_CHARACTERS, Supervision
from calls.reply.voices.pieces import MAX_PIECE_CHARACTERS


def test_a_line_answers_until_somebody_makes_it_be_quiet():
    assert (Supervision().quiet_by, Supervision().waiting) == ("", type(Supervision().waiting)())


def test_a_sentence_is_no_longer_than_what_a_voice_says_at_once():
    assert MAX_SENTENCE_CHARACTERS == MAX_PIECE_CHARACTERS
