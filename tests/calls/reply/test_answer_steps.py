from calls.reply.answer_steps import AnswerSteps
from calls.reply.items import HangUp
from calls.reply.spoken_piece import SpokenPiece


def steps(now_ms=lambda: 1000.0):
    delivered = []
    return AnswerSteps(delivered.append, now_ms), delivered


def test_the_text_is_that_of_the_pieces_in_their_order():
    answer, _ = steps()
    answer += [SpokenPiece("שלום."), HangUp(), SpokenPiece("להתראות.")]
    answer.play(SpokenPiece.of("", bytes(80)))
    assert answer.text == "שלום. להתראות."


def test_what_is_unsaid_stands_behind_what_was_said():
    answer, _ = steps()
    answer += [SpokenPiece.of("שלום.", bytes(80)), SpokenPiece("מה"), SpokenPiece("נשמע?")]
    answer.play(SpokenPiece.of("סליחה.", bytes(80)))
    assert answer.text == "שלום. מה נשמע? סליחה."
    answer.end()
    assert answer.text == "שלום. סליחה. מה נשמע?"


def test_a_piece_that_sounds_is_delivered_and_the_first_ones_instant_is_kept():
    now = [1000.0]
    answer, delivered = steps(lambda: now[0])
    for now[0] in (1200.0, 1300.0):
        answer.play(SpokenPiece.of("כן", bytes(8 * 500)))
    assert (len(delivered), answer.first_sound_ms) == (2, 1200.0)
    assert answer.silent_from_ms == 1200 + 500 + 500


def test_at_its_end_every_piece_is_whole():
    answer, _ = steps()
    answer.append(SpokenPiece("שלום."))
    answer.end()
    assert answer.pieces[0].complete
