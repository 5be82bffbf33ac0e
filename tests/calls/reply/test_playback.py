from hypothesis import given
from hypothesis import strategies as st

from calls.reply.playback import (
    MARK_LATE_MS,
    MAX_MESSAGE_MS,
    STARVED_MS,
    Playback,
    PlaybackOdd,
    SendMark,
    SendSound,
)
from calls.reply.spoken_piece import SpokenPiece

LEAD_MS = 600


def piece(text, ms, *, complete=True):
    one = SpokenPiece(text)
    one.append(bytes(8 * ms))
    if complete:
        one.finish()
    return one


def playing(*pieces, lead_ms=LEAD_MS):
    playback = Playback(lead_ms)
    playback.begin(1)
    for one in pieces:
        playback.add(one)
    playback.close()
    return playback


def run(playback, until_ms, now_ms=0.0, marks_after_ms=0.0):
    """Twilio plays and gives marks back; returns (instant, what was sent)."""
    sent, plays_until_ms, due_back = [], now_ms, []
    while now_ms <= until_ms:
        for one in playback.due(now_ms):
            sent.append((now_ms, one))
            if isinstance(one, SendSound):
                plays_until_ms = max(plays_until_ms, now_ms) + len(one.ulaw) / 8
            elif isinstance(one, SendMark) and marks_after_ms is not None:
                due_back.append((plays_until_ms + marks_after_ms, one.name))
        next_ms = [playback.next_deadline_ms(now_ms), *(at for at, _ in due_back[:1])]
        next_ms = min((at for at in next_ms if at is not None), default=until_ms + 1)
        if next_ms > until_ms:
            break
        now_ms = max(now_ms, next_ms)
        while due_back and due_back[0][0] <= now_ms:
            playback.mark(due_back.pop(0)[1], now_ms)
    return sent


def is_heard(playback):
    """The answer was heard to its end."""
    answer = playback._answer
    return answer is not None and answer.is_sent and all(map(answer.piece_is_heard, answer.pieces[-1:]))


def sound(sent):
    return [(at, len(one.ulaw) // 8) for at, one in sent if isinstance(one, SendSound)]


def marks(sent):
    return [one.name for _, one in sent if isinstance(one, SendMark)]


def test_at_most_the_lead_is_sent_ahead():
    sent = sound(run(playing(piece("אחת שתיים", 3000)), 10_000))
    for index, (at_ms, _) in enumerate(sent):
        assert sum(ms for _, ms in sent[: index + 1]) - at_ms <= LEAD_MS
    assert sum(ms for _, ms in sent) == 3000
    assert max(ms for _, ms in sent) <= MAX_MESSAGE_MS


def test_marks_follow_each_piece_and_each_second_inside():
    assert marks(run(playing(piece("א", 2500), piece("ב", 1000)), 10_000)) == ["a1.1.1", "a1.1.2", "a1.1.3", "a1.2.1"]


def test_ten_minutes_end_when_ten_minutes_have_passed():
    playback = playing(piece("א", 600_000))
    run(playback, 700_000)
    assert playback.clock.plays_until_ms == 600_000


def test_an_answer_is_heard_when_its_last_mark_is_back():
    playback = playing(piece("שלום", 900), piece("להתראות", 900))
    run(playback, 1750)
    assert not is_heard(playback) and playback.heard_text == "שלום"
    run(playback, 1900, 1750)
    playback.mark("a1.2.1", 1801)
    assert is_heard(playback) and playback.is_over and playback.heard_text == "שלום להתראות"


def test_a_mark_that_comes_back_stands_for_those_before_it():
    playback = playing(piece("א", 100), piece("ב", 100))
    playback.due(0)
    playback.mark("a1.2.1", 210)
    assert is_heard(playback)


def test_what_was_outstanding_at_clear_is_unheard_whatever_comes_later():
    playback = playing(piece("שלום", 500), piece("וברכה", 2000))
    run(playback, 900)
    played = playback.clear(900)
    for name in ("a1.2.1", "a1.2.2"):
        playback.mark(name, 901)
    assert playback.heard_text == "שלום"
    assert playback.heard_ms(5000) == 900
    assert sum(len(ulaw) for _, ulaw in played) == 900 * 8
    assert playback.is_over and not is_heard(playback) and playback.due(5000) == []


def test_marks_of_others_say_nothing():
    playback = playing(piece("א", 500))
    playback.due(0)
    for name in ("a2.1.1", "", "a1.9.9"):
        playback.mark(name, 10)
    assert playback.heard_text == ""


def test_a_mark_three_seconds_late_is_lost_and_time_takes_its_place():
    playback = playing(piece("א", 500))
    sent = run(playback, 500 + MARK_LATE_MS, marks_after_ms=None)
    assert sent[-1] == (500 + MARK_LATE_MS, PlaybackOdd("mark_lost"))
    assert is_heard(playback)


def test_a_piece_that_is_still_spoken_is_played_as_it_grows():
    playback, one = Playback(LEAD_MS), piece("שלום", 100, complete=False)
    playback.begin(1)
    playback.add(one)
    assert sound([(0, s) for s in playback.due(0)]) == [(0, 100)]
    assert playback.due(50) == []
    one.append(bytes(8 * 100))
    one.finish()
    playback.close()
    assert [type(s) for s in playback.due(90)] == [SendSound, SendMark]


def test_a_voice_that_stops_in_mid_sentence_is_told_once_a_gap():
    playback, one = Playback(LEAD_MS), piece("שלום", 100, complete=False)
    playback.begin(1)
    playback.add(one)
    playback.due(0)
    assert playback.next_deadline_ms(0) == 100 + STARVED_MS
    assert playback.due(100 + STARVED_MS) == [PlaybackOdd("playback_starved")]
    assert playback.due(900) == []
    assert playback.next_deadline_ms(900) is None


def test_waiting_for_the_next_piece_is_not_starving():
    playback = Playback(LEAD_MS)
    playback.begin(1)
    playback.add(piece("א", 100))
    playback.due(0)
    playback.mark("a1.1.1", 100)
    assert playback.due(5000) == []
    assert not playback.is_over


def test_a_piece_without_sound_is_passed_over():
    silent, last = piece("…", 0), piece("ב", 100)
    playback = playing(piece("א", 100), silent, last)
    run(playback, 1000)
    assert is_heard(playback) and playback.piece_is_heard(silent)


def test_an_answer_without_sound_is_over_at_once():
    playback = playing()
    assert playback.due(0) == []
    assert playback.is_over and is_heard(playback) and playback.heard_ms(0) == 0


def test_nothing_is_played_before_the_first_answer():
    playback = Playback(LEAD_MS)
    playback.mark("a1.1.1", 0)
    assert (playback.due(0), playback.next_deadline_ms(0), playback.clear(0)) == ([], None, [])
    assert playback.is_over and not is_heard(playback)


@given(
    lengths=st.lists(st.integers(0, 3000), min_size=1, max_size=5),
    lead_ms=st.integers(200, 2000),
    late_ms=st.integers(0, 400),
    clear_ms=st.integers(0, 8000),
)
def test_heard_is_what_was_played_to_the_mark_and_never_more(lengths, lead_ms, late_ms, clear_ms):
    pieces = [piece(f"מילה{at}", ms) for at, ms in enumerate(lengths)]
    playback = playing(*pieces, lead_ms=lead_ms)
    run(playback, clear_ms, marks_after_ms=late_ms)
    ends_ms = [sum(lengths[: at + 1]) for at in range(len(lengths))]
    whole = [one.text for one, end_ms in zip(pieces, ends_ms, strict=True) if one.ms and end_ms + late_ms <= clear_ms]
    played_ms = min(clear_ms, sum(lengths))
    playback.clear(clear_ms)
    assert playback.heard_text.split() == whole
    assert played_ms - 1 <= playback.heard_ms(clear_ms + 1000) <= played_ms + 1
    assert playback.is_over


@given(chunks=st.lists(st.tuples(st.integers(1, 500), st.integers(0, 700)), max_size=20))
def test_a_growing_piece_is_sent_whole_and_in_order(chunks):
    playback, one = Playback(LEAD_MS), SpokenPiece("א")
    playback.begin(1)
    playback.add(one)
    playback.close()
    sent, now_ms, value = b"", 0.0, 0
    for length_ms, wait_ms in [*chunks, (0, 0)]:
        value = (value + 1) % 256
        one.append(bytes([value]) * (8 * length_ms))
        if (length_ms, wait_ms) == (0, 0):
            one.finish()
        for _ in range(1 + wait_ms // 50):
            sent += b"".join(s.ulaw for s in playback.due(now_ms) if isinstance(s, SendSound))
            now_ms += 50
    for _ in range(200):
        sent += b"".join(s.ulaw for s in playback.due(now_ms) if isinstance(s, SendSound))
        now_ms += 100
    assert sent == bytes(one.ulaw)
