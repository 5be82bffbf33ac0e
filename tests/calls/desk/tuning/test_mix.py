"""When two sets of calls are of another mix: what is told apart, and how seldom chance is taken for it."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest

from calls.desk.tuning import mix
from calls.desk.tuning.mix import LEVEL, Mix, OtherMix, caller_of, day_of, hour_of, other_mixes, words_of


def side(**kinds):
    return {Mix.HOUR: Counter(kinds)}


def test_the_kind_whose_shares_differ_most_is_named_with_both_shares():
    (found,) = other_mixes(side(morning=60, evening=40), side(morning=20, evening=80))
    assert found == OtherMix(Mix.HOUR, pytest.approx(0.4), "evening", 0.4, 0.8)


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        (
            side(morning=200, evening=200),
            side(morning=260, evening=140),
            "15 of 100 apart: borne",
        ),
        (side(morning=6, evening=4), side(morning=3, evening=7), "30 of 100, and of ten calls that is chance"),
        (side(morning=40), side(morning=400), "one kind"),
        (side(morning=40), {}, "one side does not know it"),
        ({Mix.LINE: Counter(map(str, range(40)))}, {Mix.LINE: Counter(map(str, range(40, 80)))}, "a call a line"),
    ],
)
def test_what_is_no_other_mix(a, b, why):
    assert other_mixes(a, b) == []


def test_many_lines_with_few_calls_each_are_told_apart():
    a, b = (Counter({f"+{line}": 5 for line in lines}) for lines in (range(40), range(20, 60)))
    (found,) = other_mixes({Mix.LINE: a}, {Mix.LINE: b})
    assert found.apart == pytest.approx(0.5)


def test_the_widest_apart_stands_first():
    a = {Mix.DAY: Counter(weekday=90, saturday=10), Mix.CALLER: Counter(mobile=90, landline=10)}
    b = {Mix.DAY: Counter(weekday=60, saturday=40), Mix.CALLER: Counter(mobile=10, landline=90)}
    assert [one.mix for one in other_mixes(a, b)] == [Mix.CALLER, Mix.DAY]


@pytest.mark.parametrize(
    ("a", "b", "by_chance"),
    # The table's chi-square: 6.635 at one degree of freedom and 0.01; 13.816 at two and 0.001.
    [((500, 500), (442.4, 557.6), 0.01), ((400, 300, 300), (400, 236, 364), 0.001)],
)
def test_chance_is_that_of_the_table(a, b, by_chance):
    counted = [Counter(dict(enumerate(side))) for side in (a, b)]
    assert mix._by_chance(*counted) == pytest.approx(by_chance, rel=0.2)


@pytest.mark.parametrize("calls", [30, 60, 400])
def test_chance_alone_is_seldom_taken_for_another_mix(calls):
    random, tries, found = Random(calls), 1000, 0
    shares = {Mix.HOUR: [8, 40, 35, 17], Mix.DAY: [80, 15, 5], Mix.CALLER: [70, 15, 5, 2, 8], Mix.LINE: [1] * 25}
    for _ in range(tries):
        drawn = [
            {one: Counter(random.choices(range(len(of)), of, k=calls)) for one, of in shares.items()} for _ in range(2)
        ]
        found += bool(other_mixes(*drawn))
    assert found / tries <= LEVEL


def test_kinds_of_calls():
    hours = [hour_of(datetime(2026, 11, 27, hour)) for hour in (5, 6, 11, 12, 16, 17, 21, 22)]  # noqa: DTZ001 - local
    assert hours == ["night", *["morning"] * 2, *["afternoon"] * 2, *["evening"] * 2, "night"]
    days = [day_of(datetime(2026, 11, day)) for day in (26, 27, 28, 29)]  # noqa: DTZ001 - local
    assert days == ["weekday", "friday", "saturday", "weekday"]
    numbers = ["+972521234567", "+97231234567", "+972771234567", "+4930123456", "client:dana", "", "Anonymous"]
    assert list(map(caller_of, numbers)) == ["mobile", *["landline"] * 2, "abroad", "app", *["withheld"] * 2]
    assert list(map(words_of, (0, 1, 9, 10, 39, 40))) == ["none", "few", "few", "some", "some", "many"]
