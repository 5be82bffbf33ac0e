"""Utterances on the line of media time."""

import pytest

from stt.attribution.spans import Spans


def line(*utterances):
    spans = Spans()
    for start_ms, end_ms in utterances:
        spans.add(start_ms, end_ms, vad_missed=False)
    return spans


def at(spans, at_ms):
    return spans.number_at(spans.place_at(at_ms))


def test_numbers_follow_the_order_of_adding_and_places_that_of_time():
    spans = line((5000, 6000), (1000, 2000))
    assert (spans.place_of(1), spans.place_of(2), spans.last_place) == (2, 0, 4)
    assert [spans.number_at(place) for place in (-1, 0, 1, 2, 3)] == [None, 2, None, 1, None]


def test_a_calls_numbers_can_go_on_where_another_leg_ended():
    assert Spans(first_number=7).add(0, 100, vad_missed=False).number == 7


@pytest.mark.parametrize(
    ("at_ms", "number"),
    [
        (1000, 1),
        (2000, 1),
        # In the silence between two the nearer one, and of none the one before.
        (2100, 1),
        (2250, 1),
        (2251, 2),
        # Farther from all than a gap.
        (4500, 2),
        (4501, None),
        (0, 1),
        (6999, None),
        (7000, 3),
        # Speech goes on.
        (99_000, 3),
    ],
)
def test_a_time_is_of_the_utterance_that_holds_it_or_is_near(at_ms, number):
    assert at(line((1000, 2000), (2500, 3500), (8000, None)), at_ms) == number


def test_a_word_known_before_a_whole_one_can_have_been_spoken_is_of_the_utterance_before():
    spans = line((1000, 2000), (3000, 4000))
    assert [spans.number_at(spans.place_begun_by(ms - 120, ms)) for ms in (999, 1000, 3119, 3120)] == [None, 1, 1, 2]


def test_a_word_that_was_cut_is_of_no_utterance_that_was_over_before_its_stream_began():
    spans = line((1000, 2000), (3000, None))
    assert spans.place_begun_by(2970, 3200, heard_from_ms=2000) == spans.place_of(1)
    assert spans.place_begun_by(2970, 3200, heard_from_ms=2001) == spans.place_of(2)
    assert spans.place_begun_by(2900, 2999, heard_from_ms=2001) == spans.place_of(1)


def test_voice_is_what_lies_in_utterances_that_the_endpointer_heard():
    spans = line((1000, 2000), (3000, 4000), (5000, None))
    spans.add(4200, 4800, vad_missed=True)
    between = [(0, 900), (2000, 3000), (1500, 3100), (3500, 5500), (5900, 6000)]
    assert [spans.voiced_ms(*times_ms) for times_ms in between] == [0, 0, 600, 1000, 100]


@pytest.mark.parametrize(("share", "number"), [(0.0, 1), (0.2, 1), (0.3, 2), (0.7, 2), (0.9, 3), (1.0, 3)])
def test_a_share_of_the_voice_is_some_utterances(share, number):
    spans = line((1000, 2000), (3000, 4000), (5000, None))
    assert spans.number_at(spans.place_in_voice(1500, 5500, share)) == number


def test_where_there_is_no_voice_a_share_of_it_is_nobodys():
    spans = line((1000, 2000), (3000, 4000))
    assert spans.place_in_voice(2100, 2900, 0.5) == spans.last_place


def test_neighbours_are_told_by_time():
    spans = line((3000, 4000), (1000, 2000), (5000, 6000))
    assert [span.number for span in spans.before(3)] == [1, 2]
    assert spans.after(2) is spans[1]
    assert spans.after(3) is None
    assert (spans.beside(2), spans.beside(1)) == ([2, 1], [2, 1, 3])


def test_old_spans_are_forgotten_but_those_that_are_held_or_go_on():
    spans = line((1000, 2000), (3000, 4000), (4500, 5500), (5000, None))
    assert spans.forget_before(5000, {2}) == [1]
    assert (len(spans), 1 in spans, 2 in spans) == (3, False, True)
    assert (spans.place_of(2), spans.place_of(4)) == (0, 4)
    with pytest.raises(KeyError):
        spans[1]
