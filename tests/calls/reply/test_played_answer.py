"""How far an answer is sent, and how far it was heard."""

from calls.reply.played_answer import PlayedAnswer
from calls.reply.spoken_piece import SpokenPiece
from stt.audio import BYTES_PER_MS


def answer_of(*texts, sent_ms=1000, reached=(-1, 0)):
    answer = PlayedAnswer(1)
    for text in texts:
        piece = SpokenPiece.of(text, bytes(1000 * BYTES_PER_MS))
        piece.sent_bytes = sent_ms * BYTES_PER_MS
        answer.pieces.append(piece)
    answer.closed, answer.piece, answer.reached = True, len(texts), reached
    return answer


def test_it_was_heard_up_to_the_last_mark():
    answer = answer_of("אחת שתיים.", "שלוש ארבע.", reached=(1, 500))
    assert answer.heard_text == "אחת שתיים. שלוש"
    assert [answer.heard_of(piece) for piece in answer.pieces] == [1000, 500]
    assert [answer.piece_is_heard(piece) for piece in answer.pieces] == [True, False]
    assert answer.heard_of(SpokenPiece("אחר")) == 0


def test_the_piece_that_sounds_is_found_by_the_clock():
    answer = answer_of("אחת.", "שתיים.")
    assert [answer.piece_at(ms).text for ms in (0, 999, 1000, 5000)] == ["אחת.", "אחת.", "שתיים.", "שתיים."]


def test_of_an_answer_without_pieces_nothing_sounds():
    assert answer_of().piece_at(0).text == ""
