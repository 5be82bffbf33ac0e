"""One of so many, at a place drawn anew."""

from random import Random

from stt.engines.one_in_every import EVERY, MOST_AGAIN, OneInEvery


def places(seed, count=10 * EVERY):
    one = OneInEvery(Random(seed))
    return [place for place in range(count) if one.draw()]


def test_of_each_twenty_one_is_drawn_and_of_the_first_ten_none():
    for seed in range(50):
        drawn = places(seed)
        assert [place // EVERY for place in drawn] == list(range(10))
        assert drawn[0] >= EVERY // 2


def test_nobody_can_foresee_which_and_the_same_seed_draws_the_same():
    assert len({place % EVERY for seed in range(20) for place in places(seed)}) == EVERY
    assert places(7) == places(7)


def test_what_came_to_nothing_is_made_up_for_at_once_but_not_without_end():
    one = OneInEvery(Random(1))
    drawn = 0
    for _ in range(EVERY):
        if one.draw():
            drawn += 1
            one.again()
    assert drawn == 1 + MOST_AGAIN
