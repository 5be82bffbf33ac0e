"""What is left of an answer that was cut off."""

from calls.reply.items import Expect, ExpectationKind, HangUp, NoteValue, Say
from calls.reply.playback import Playback, SendMark
from calls.reply.spoken_piece import SpokenPiece
from calls.reply.unsaid import rest_of, sound_from
from stt.audio import BYTES_PER_MS, ULAW_SILENCE
from tests.sounds import speech

LOUD = b"".join(speech(20))[:160]


def piece(text, ms=1000, complete=True):
    one = SpokenPiece(text)
    one.append(LOUD * (ms // 20))
    if complete:
        one.finish()
    return one


def heard_until(pieces, marks):
    """A playback of these pieces of which so many marks came back, then cleared."""
    playback, now_ms, left = Playback(600), 0.0, marks
    playback.begin(1)
    for one in pieces:
        playback.add(one)
    while left and now_ms < 20_000:
        for sent in playback.due(now_ms):
            if isinstance(sent, SendMark) and left:
                playback.mark(sent.name, now_ms)
                left -= 1
        now_ms += 20
    playback.clear(now_ms)
    return playback


def test_what_was_heard_is_not_said_again():
    pieces = [piece("אחת."), piece("שתיים."), piece("שלוש.")]
    rest = rest_of(pieces, heard_until(pieces, 2), [], None, is_whole=True)
    assert [one.text for one in rest.items] == ["שלוש."]
    assert (rest.before, rest.piece, rest.has_words) == ("אחת. שתיים.", 2, True)


def test_a_piece_goes_on_from_the_clause_in_which_it_was_cut():
    one = piece("אנחנו פתוחים היום, ומחר נהיה סגורים.", 3000)
    rest = rest_of([one], heard_until([one], 2), [], None, is_whole=True)
    assert (rest.before, rest.items[0].text) == ("אנחנו פתוחים היום,", "ומחר נהיה סגורים.")
    assert 1000 < rest.items[0].ms < 2000  # its sound, from there on
    assert not rest.items[0].sent_bytes


def test_a_piece_without_all_of_its_sound_is_said_anew():
    pieces = [piece("אחת."), piece("שתיים, שלוש.", complete=False)]
    rest = rest_of(pieces, heard_until(pieces, 1), [], None, is_whole=True)
    assert rest.items == (Say("שתיים, שלוש.", cacheable=False),)


def test_an_uninterruptible_piece_stays_one():
    one = SpokenPiece("חשוב.", interruptible=False)
    assert rest_of([one], Playback(600), [], None, is_whole=True).items[0].interruptible is False


def test_acts_that_were_not_done_stand_behind_the_words_that_they_follow():
    one, two, done, waiting = piece("אחת."), piece("שתיים."), NoteValue("a", "1"), HangUp()
    expect = Expect(ExpectationKind.YES_NO)
    rest = rest_of([one, done, two, waiting], heard_until([one, two], 1), [waiting], expect, is_whole=False)
    assert [getattr(item, "text", item) for item in rest.items] == ["שתיים.", waiting]
    assert (rest.expect, rest.is_whole) == (expect, False)


def test_where_all_was_heard_there_are_no_words_left():
    one = piece("אחת.")
    assert not rest_of([one], heard_until([one], 1), [], None, is_whole=True).has_words


def test_a_sound_begins_at_the_quietest_moment_near_by():
    ulaw = LOUD * 50 + ULAW_SILENCE * 160 + LOUD * 49
    assert sound_from(ulaw, 1100) == ulaw[1000 * BYTES_PER_MS :]
    assert sound_from(ulaw, 0) == ulaw
    assert sound_from(b"", 500) == b""
