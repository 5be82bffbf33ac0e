from random import Random

import pytest

from calls.lab.pause_law import ARABIC, ENGLISH, LAWS, LONGEST_MS, SHORTEST_MS


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_law_goes_through_its_points_and_falls_all_the_way(law):
    for ms, share in law.outlasting:
        assert law.share_outlasting(ms) == pytest.approx(share)
        assert law.length_ms(share) == pytest.approx(ms)
    shares = [law.share_outlasting(ms) for ms in range(SHORTEST_MS, LONGEST_MS, 50)]
    assert shares == sorted(shares, reverse=True) and len(set(shares)) == len(shares)


def test_between_its_points_a_law_is_a_straight_line_in_log_log():
    middle = ENGLISH.share_outlasting((300 * 600) ** 0.5)
    assert middle == pytest.approx((0.556 * 0.217) ** 0.5)


def test_a_plain_timer_answers_as_many_pauses_as_was_measured():
    # facts: 500/700/1000/1600 ms answer 27/17/10/5 %, and 1620 ms 5 %
    answered = [round(100 * ENGLISH.share_outlasting(ms)) for ms in (500, 700, 1000, 1600, 1620)]
    assert answered == [28, 17, 10, 5, 5]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("seed", range(5))
def test_what_is_drawn_follows_the_law_whatever_the_seed(law, seed):
    drawn = law.draw(200, Random(seed))
    assert min(drawn) >= SHORTEST_MS and max(drawn) <= LONGEST_MS
    for ms, share in law.outlasting:
        assert sum(one > ms for one in drawn) / 200 == pytest.approx(share, abs=0.0101)


def test_a_seed_gives_the_same_pauses_again():
    assert ARABIC.draw(50, Random(3)) == ARABIC.draw(50, Random(3)) != ARABIC.draw(50, Random(4))
