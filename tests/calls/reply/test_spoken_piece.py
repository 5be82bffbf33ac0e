import pytest

from calls.reply.spoken_piece import MS_PER_CHARACTER, SpokenPiece


def piece(text, ms):
    one = SpokenPiece(text)
    one.append(bytes(8 * ms))
    return one


def test_all_words_lie_before_its_end():
    one = piece("התור נקבע למחר", 1400)
    one.finish()
    assert one.words_until(1400) == "התור נקבע למחר"


WORDS_AT = [(0, ""), (399, ""), (400, "התור"), (800, "התור נקבע"), (1199, "התור נקבע")]


@pytest.mark.parametrize(("at_ms", "words"), WORDS_AT)
def test_words_lie_where_their_share_of_the_letters_does(at_ms, words):
    one = piece("התור נקבע למחר", 1200)
    one.finish()
    assert one.words_until(at_ms) == words


def test_a_piece_that_is_still_spoken_is_as_long_as_reading_takes():
    one = piece("התור נקבע למחר", 100)
    assert one.words_until(4 * MS_PER_CHARACTER) == "התור"
    assert one.words_until(4 * MS_PER_CHARACTER - 1) == ""


def test_the_sound_ends_on_a_whole_millisecond():
    one = SpokenPiece("כן")
    one.append(bytes(803))
    one.finish()
    assert (len(one.ulaw), one.ms) == (808, 101)


def test_of_a_voice_that_was_cut_off_only_the_words_that_it_said_lie_before_its_end():
    one = piece("התור נקבע למחר", 400)
    one.finish(is_whole=False)
    assert one.words_until(400) == "התור"
    assert one.words_until(5000) == "התור נקבע למחר"
    assert (one.said, one.unsaid) == ("התור", "נקבע למחר")
    silent = SpokenPiece("התור נקבע")
    silent.finish(is_whole=False)
    assert (silent.said, silent.unsaid) == ("", "התור נקבע")


def test_a_whole_piece_leaves_nothing_unsaid():
    one = piece("התור  נקבע", 100)
    assert (one.said, one.unsaid) == ("התור  נקבע", "")
