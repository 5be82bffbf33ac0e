"""Twilio's buffer: what is played when, which marks come back when, and what a clear leaves."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from calls.lab.played_audio import ClearedAudio, MarkFate, PlayedAudio
from calls.lab.playout import Playout, TwilioHabits
from calls.lab.server_messages import OVERFLOW, ServerAudio, ServerClear, ServerMark
from stt.audio import ULAW_SILENCE

MS = 8
"""Samples."""


def audio(ms, seed=1):
    return Random(seed).randbytes(ms * MS)


def at(playout, ms, *messages):
    for message in messages:
        playout.receive(message, ms * MS)


def fates(playout):
    return {echo.name: echo.fate.value for echo in playout.marks}


def test_audio_is_played_at_8_khz_whatever_the_size_of_its_messages():
    playout, ulaw = Playout(), audio(1000)
    sizes = [1, 7, 160, 3000]
    begin = 0
    for size in sizes:
        at(playout, 100, ServerAudio(ulaw[begin : begin + size]))
        begin += size
    at(playout, 150, ServerAudio(ulaw[begin:]))
    playout.advance(600 * MS)
    assert playout.buffered_samples == 500 * MS
    playout.end(2000 * MS)
    assert playout.played == [PlayedAudio(100 * MS, ulaw)]
    assert [(one.began_samples, one.ended_samples, one.cut) for one in playout.answers] == [(800, 8800, False)]


def test_a_mark_comes_back_when_the_play_head_reaches_it():
    playout, one, two = Playout(), audio(100, 1), audio(50, 2)
    at(playout, 0, ServerAudio(one), ServerMark("a"), ServerAudio(two), ServerMark("b"), ServerMark("c"))
    assert playout.next_samples == 100 * MS
    playout.advance(100 * MS - 1)
    assert playout.due_marks(100 * MS - 1) == []
    playout.advance(100 * MS)
    assert playout.due_marks(100 * MS) == ["a"]
    assert playout.due_marks(100 * MS) == []
    assert playout.next_samples == 150 * MS
    playout.advance(500 * MS)
    assert playout.due_marks(500 * MS) == ["b", "c"]
    assert [(echo.name, echo.fate, echo.at_samples, echo.returned_samples) for echo in playout.marks] == [
        ("a", MarkFate.REACHED, 800, 800),
        ("b", MarkFate.REACHED, 1200, 4000),
        ("c", MarkFate.REACHED, 1200, 4000),
    ]
    assert playout.played == [PlayedAudio(0, one, ("a",)), PlayedAudio(800, two, ("b", "c"))]
    assert playout.next_samples is None


def test_a_mark_comes_back_at_once_when_nothing_is_buffered():
    playout = Playout()
    at(playout, 40, ServerMark("a"))
    assert playout.due_marks(40 * MS) == ["a"]
    assert playout.played == [PlayedAudio(40 * MS, b"", ("a",))]


def test_clear_drops_what_is_buffered_and_sends_its_marks_back():
    playout, ulaw = Playout(), audio(300)
    at(playout, 0, ServerAudio(ulaw[: 100 * MS]), ServerMark("a"), ServerAudio(ulaw[100 * MS :]), ServerMark("b"))
    playout.advance(100 * MS)
    assert playout.due_marks(100 * MS) == ["a"]
    at(playout, 130, ServerClear())
    assert playout.buffered_samples == 0
    assert playout.due_marks(130 * MS) == ["b"]
    assert fates(playout) == {"a": "reached", "b": "cleared"}
    assert playout.played == [
        PlayedAudio(0, ulaw[: 100 * MS], ("a",)),
        PlayedAudio(100 * MS, ulaw[100 * MS : 130 * MS], cut=True),
    ]
    assert playout.answers[-1].cut
    again = audio(20, 3)
    at(playout, 140, ServerAudio(again), ServerMark("c"))
    playout.advance(200 * MS)
    assert playout.played[-1] == PlayedAudio(140 * MS, again, ("c",))
    assert [one.cut for one in playout.answers] == [True, False]


def test_a_mark_that_was_reached_but_had_not_gone_back_crosses_the_clear():
    playout = Playout(TwilioHabits(late_marks_ms=200))
    at(playout, 0, ServerAudio(audio(100)), ServerMark("a"), ServerAudio(audio(900)), ServerMark("b"))
    at(playout, 150, ServerClear())
    assert playout.due_marks(299 * MS) == []
    assert playout.due_marks(300 * MS) == ["a"]
    assert playout.due_marks(350 * MS) == ["b"]
    assert fates(playout) == {"a": "crossed", "b": "cleared"}


def test_one_mark_that_was_reached_crosses_a_clear():
    playout, ulaw = Playout(TwilioHabits(crossing_mark=True)), audio(300)
    for number in range(4):
        at(playout, 0, ServerAudio(ulaw), ServerMark(f"a{number}"))
    playout.advance(700 * MS)
    assert playout.due_marks(700 * MS) == ["a0"]
    at(playout, 750, ServerClear())
    assert playout.due_marks(750 * MS) == ["a1", "a2", "a3"]
    assert [(echo.fate.value, echo.at_samples // MS, echo.returned_samples // MS) for echo in playout.marks] == [
        ("reached", 300, 700),
        ("crossed", 600, 750),
        ("cleared", 750, 750),
        ("cleared", 750, 750),
    ]
    at(playout, 800, ServerAudio(ulaw), ServerMark("b0"), ServerAudio(ulaw), ServerMark("b1"))
    playout.advance(1100 * MS)
    assert playout.due_marks(1100 * MS) == ["b0"]


def test_an_answer_that_is_not_cut_gets_all_its_marks_back():
    playout, ulaw = Playout(TwilioHabits(crossing_mark=True)), audio(300)
    at(playout, 0, ServerAudio(ulaw), ServerMark("a0"), ServerAudio(ulaw), ServerMark("a1"))
    playout.advance(600 * MS)
    assert playout.due_marks(600 * MS) == ["a0", "a1"]
    assert set(fates(playout).values()) == {"reached"}


def test_a_clear_says_what_it_left_unplayed():
    playout = Playout()
    at(playout, 0, ServerAudio(audio(500)), ServerMark("a"))
    at(playout, 180, ServerClear())
    at(playout, 190, ServerClear())
    assert playout.clears == [ClearedAudio(180 * MS, 320 * MS), ClearedAudio(190 * MS, 0)]


def test_what_was_played_in_a_span_is_silence_where_nothing_was():
    playout, one, two = Playout(), audio(100, 1), audio(100, 2)
    at(playout, 50, ServerAudio(one), ServerMark("a"), ServerAudio(two))
    playout.advance(200 * MS)
    silent = ULAW_SILENCE * MS
    assert playout.sound(0, 250 * MS) == silent * 50 + one + two[: 50 * MS] + silent * 50
    assert playout.sound(120 * MS, 170 * MS) == (one + two)[70 * MS : 120 * MS]
    assert playout.sound(-20 * MS, 0) == silent * 20
    playout.end(300 * MS)
    assert playout.sound(140 * MS, 300 * MS) == (one + two)[90 * MS :] + silent * 50


def test_a_late_clear_is_crossed_by_the_marks_that_are_reached_meanwhile():
    playout, ulaw = Playout(TwilioHabits(late_clear_ms=80)), audio(300)
    at(playout, 0, ServerAudio(ulaw[: 100 * MS]), ServerMark("a"))
    at(playout, 0, ServerAudio(ulaw[100 * MS : 150 * MS]), ServerMark("b"), ServerAudio(ulaw[150 * MS :]))
    at(playout, 0, ServerMark("c"))
    playout.advance(100 * MS)
    assert playout.due_marks(100 * MS) == ["a"]
    behind = audio(20, 2)
    at(playout, 120, ServerClear(), ServerAudio(behind), ServerMark("d"))
    playout.advance(300 * MS)
    assert playout.due_marks(300 * MS) == ["b", "c", "d"]
    assert fates(playout) == {"a": "reached", "b": "crossed", "c": "cleared", "d": "reached"}
    assert playout.played[-2:] == [
        PlayedAudio(150 * MS, ulaw[150 * MS : 200 * MS], cut=True),
        PlayedAudio(200 * MS, behind, ("d",)),
    ]


def test_lost_marks_are_a_share_drawn_from_the_seed_and_the_audio_was_heard_all_the_same():
    def run(seed):
        playout = Playout(TwilioHabits(lose_marks=0.3, seed=seed))
        for number in range(200):
            at(playout, number, ServerAudio(audio(1)), ServerMark(str(number)))
        return playout, playout.due_marks(300 * MS)

    (playout, came), (_, again), (_, other) = run(1), run(1), run(2)
    assert came == again != other
    assert 40 < 200 - len(came) < 80
    playout.end(300 * MS)
    lost = [echo.name for echo in playout.marks if echo.returned_samples is None]
    assert sorted([*came, *lost], key=int) == [str(number) for number in range(200)]
    assert sum(len(piece.ulaw) for piece in playout.played) == 200 * MS


def test_over_ten_minutes_are_discarded_and_reported_once():
    playout, minute = Playout(), audio(60_000)
    at(playout, 0, *[ServerAudio(minute)] * 10)
    assert playout.buffered_samples == 600_000 * MS and not playout.faults
    at(playout, 0, ServerAudio(b"\xff"), ServerAudio(b"\xff"))
    assert playout.buffered_samples == 600_000 * MS
    assert [fault.code for fault in playout.faults] == [OVERFLOW]
    at(playout, 20, ServerAudio(b"\xff" * 160))
    assert playout.buffered_samples == (600_000 - 20) * MS + 160


def test_the_streams_end_stops_the_sound_and_later_audio_is_ignored():
    playout = Playout(TwilioHabits(late_marks_ms=50))
    at(playout, 0, ServerAudio(audio(100)), ServerMark("a"), ServerAudio(audio(100)), ServerMark("b"))
    playout.end(120 * MS)
    at(playout, 130, ServerAudio(audio(10)), ServerMark("c"), ServerClear())
    playout.end(140 * MS)
    assert playout.due_marks(1000 * MS) == []
    assert fates(playout) == {"a": "reached", "b": "dropped"}
    assert sum(len(piece.ulaw) for piece in playout.played) == 120 * MS
    assert playout.ignored_bytes == 10 * MS
    assert playout.answers[-1].cut


def test_a_pause_of_300_ms_ends_an_answer_and_a_shorter_one_does_not():
    playout = Playout(began_samples=1000 * MS)
    for begin_ms in (1000, 1399, 1799):
        at(playout, begin_ms, ServerAudio(audio(100)))
    playout.advance(3000 * MS)
    assert [(one.began_samples // MS, one.ended_samples // MS) for one in playout.answers] == [
        (1000, 1499),
        (1799, 1899),
    ]
    assert len(playout.played) == 3


def test_an_instant_in_the_past_changes_nothing():
    playout = Playout()
    at(playout, 100, ServerAudio(audio(100)))
    playout.advance(50 * MS)
    at(playout, 50, ServerMark("a"))
    assert playout.next_samples == 200 * MS


MESSAGES = st.one_of(st.integers(0, 500).map(lambda n: ("audio", n)), st.just(("mark", 0)), st.just(("clear", 0)))


@given(
    st.lists(st.tuples(st.integers(0, 600), MESSAGES), max_size=40),
    st.sampled_from(
        [TwilioHabits(), TwilioHabits(0.3, 20, 30), TwilioHabits(late_clear_ms=10), TwilioHabits(crossing_mark=True)]
    ),
    st.integers(1, 200),
)
def test_every_mark_has_one_fate_and_the_pieces_are_the_sound(steps, habits, tick):
    """However it is advanced, in one step or in many, the same was played."""

    def run(tick):
        playout, now, count, random = Playout(habits), 0, 0, Random(1)
        for wait, (kind, size) in steps:
            for instant in range(now, now + wait, tick) if tick else ():
                playout.advance(instant)
            now += wait
            if kind == "audio":
                playout.receive(ServerAudio(random.randbytes(size)), now)
            elif kind == "mark":
                playout.receive(ServerMark(str(count)), now)
                count += 1
            else:
                playout.receive(ServerClear(), now)
        playout.end(now + 100_000)
        return playout, count

    (playout, count), (stepped, _) = run(0), run(tick)
    assert playout.played == stepped.played
    assert playout.answers == stepped.answers
    assert sorted(int(echo.name) for echo in playout.marks) == list(range(count))
    reached = [name for piece in playout.played for name in piece.marks]
    assert reached == sorted(reached, key=int)
    assert set(reached) == {echo.name for echo in playout.marks if echo.fate in (MarkFate.REACHED, MarkFate.CROSSED)}
    ends = [piece.at_samples + len(piece.ulaw) for piece in playout.played]
    assert all(end <= piece.at_samples for end, piece in zip(ends, playout.played[1:], strict=False))
