"""Whether half-closing pays: found out from what calls report, in virtual time."""

from random import Random

import pytest

from stt.emulator.timing import UNKIND
from stt.engines.half_close import (
    LONGEST_TRIAL,
    REST_MS,
    RESUMED,
    TRIAL_PATIENCE_MS,
    FinalChoice,
    HalfClosing,
    RestReason,
    Standing,
)
from stt.engines.kept_finals import Kind

EVERY_MS = 4000
"""An utterance."""
LIMIT = 600


class Line:
    """Utterances of a process, one after the other, with an engine of some habit."""

    def __init__(self, seed=1, *, forced_ms=(270, 470), natural_ms=None, loses=0.0, one_shot_errs=0.0):
        self.memory = HalfClosing(Random(seed))
        self.random = Random(f"{seed}/engine")
        self.forced_ms, self.natural_ms, self.loses = forced_ms, natural_ms, loses
        self.one_shot_errs = one_shot_errs
        self.now_ms = 1000.0
        self.choices, self.changes, self.compared = [], [], 0

    def delay_ms(self, forced):
        """None: as the emulator comes by itself."""
        span = self.forced_ms if forced else self.natural_ms
        return UNKIND.final_ms(self.random) if span is None else self.random.uniform(*span)

    def utter(self, times=1, requests=30, limit=LIMIT):
        for _ in range(times):
            self.now_ms += EVERY_MS
            choice = self.memory.ask(self.now_ms, requests, limit)
            self.choices.append(choice)
            forced = choice is FinalChoice.FORCE
            kind = Kind.FORCED if forced else Kind.NATURAL
            delay_ms = self.delay_ms(forced)
            self.memory.final_came(kind, delay_ms, self.now_ms + delay_ms)
            if self.memory.wants_check(kind, choice):
                self.compared += 1
                lacks = (forced and self.random.random() < self.loses) or self.random.random() < self.one_shot_errs
                self.memory.checked(kind, self.now_ms + delay_ms + 500, lacks=lacks)
            change = self.memory.take_change()
            if change is not None:
                self.changes.append((len(self.choices), change.code))
        return self

    def rest(self):
        """Until the rest is over."""
        while self.memory.status(self.now_ms + EVERY_MS).rests_for_ms > 0:
            self.utter()
        return self

    @property
    def standing(self):
        return self.memory.status(self.now_ms).standing


def test_it_begins_by_forcing_and_leaves_one_of_twenty_natural():
    line = Line().utter(200)
    assert line.choices[:10] == [FinalChoice.FORCE] * 10
    # And two more at once: of one alone there is no median.
    assert line.choices.count(FinalChoice.COMPARE) == 12
    assert FinalChoice.REST not in line.choices


@pytest.mark.parametrize("seed", range(20))
def test_a_good_engine_is_left_alone_for_thousands_of_utterances(seed):
    line = Line(seed, one_shot_errs=0.01).utter(2000)
    assert line.changes == []
    assert line.compared <= 2000 * 0.11


@pytest.mark.parametrize("seed", range(20))
def test_an_engine_that_forces_nothing_is_found_out_within_sixty_utterances(seed):
    line = Line(seed, forced_ms=None).utter(60)
    assert [code for _, code in line.changes] == [RestReason.GAINS_LITTLE]
    status = line.memory.status(line.now_ms)
    assert (status.standing, status.reason) == (Standing.RESTING, RestReason.GAINS_LITTLE)
    assert 0 < status.rests_for_ms <= REST_MS and status.forced.count >= 10


@pytest.mark.parametrize("seed", range(20))
def test_an_engine_that_loses_the_last_word_is_found_out_within_sixty_utterances(seed):
    line = Line(seed, loses=1.0).utter(60)
    assert [code for _, code in line.changes] == [RestReason.LACKS_WORDS]


@pytest.mark.parametrize("habit", [{"forced_ms": None}, {"loses": 1.0}], ids=["forces nothing", "loses a word"])
def test_once_found_out_it_costs_few_requests_and_never_pays_by_chance(habit):
    """A half-close is a request more, and so is a comparison; a call makes some four requests a minute without."""
    for seed in range(10):
        line = Line(seed, **habit).utter(60)
        compared, since = line.compared, len(line.choices)
        line.utter(15 * 60 * 4)
        hours = (len(line.choices) - since) * EVERY_MS / 3_600_000
        more = line.choices[since:].count(FinalChoice.FORCE) + line.compared - compared
        # Two calls at a time: 480 requests an hour.
        assert more / hours <= 0.05 * 480
        assert RESUMED not in [code for _, code in line.changes] or more / hours <= 0.05 * 240


def test_one_that_has_mended_comes_back_after_ten_minutes():
    line = Line(forced_ms=None).utter(60)
    rested_ms = line.memory.status(line.now_ms).rests_for_ms
    line.forced_ms = (270, 470)
    began_ms = line.now_ms
    line.rest()
    assert line.now_ms - began_ms >= rested_ms - 2 * EVERY_MS
    line.utter(3)
    assert line.changes[-1][1] == RESUMED and line.standing is Standing.FORCING
    assert line.memory.status(line.now_ms).reason is None
    line.utter(500)
    assert line.changes[-1][1] == RESUMED


def test_one_that_lost_words_comes_back_only_once_two_of_two_were_whole():
    line = Line(loses=1.0).utter(60).rest()
    line.utter(1)
    assert (line.standing, line.changes[-1][1]) == (Standing.RESTING, RestReason.LACKS_WORDS)
    line.loses = 0.0
    line.rest().utter(1)
    assert line.standing is Standing.TRYING
    line.utter(1)
    assert (line.standing, line.changes[-1][1]) == (Standing.FORCING, RESUMED)


@pytest.mark.parametrize("gain_ms", [120, 150, 175, 200])
def test_an_engine_at_the_edge_does_not_go_back_and_forth(gain_ms):
    """Between two changes lie ten minutes or more: a rest, or hundreds of utterances."""
    for seed in range(5):
        line = Line(seed, forced_ms=(600 - 50, 600 + 50), natural_ms=(600 + gain_ms - 50, 600 + gain_ms + 50))
        line.utter(15 * 60 * 2)
        resumed = [place for place, code in line.changes if code == RESUMED]
        rested = [place for place, code in line.changes if code == RestReason.GAINS_LITTLE]
        assert all(later - one >= REST_MS // EVERY_MS for one, later in zip(rested, rested[1:], strict=False))
        assert len(resumed) <= 4


def test_where_nothing_is_known_of_natural_finals_it_goes_on_forcing():
    memory = HalfClosing(Random(1))
    for place in range(100):
        memory.final_came(Kind.FORCED, 2000.0, place)
    assert memory.status(100.0).standing is Standing.FORCING


def test_a_one_shot_that_always_hears_more_is_not_held_against_forcing():
    line = Line(one_shot_errs=1.0).utter(10)
    for place in range(5):
        line.memory.checked(Kind.NATURAL, line.now_ms + place, lacks=True)
    line.utter(500)
    assert line.changes == []


def test_while_the_quotas_share_is_used_it_rests_for_ten_minutes():
    line = Line().utter(5).utter(1, requests=LIMIT)
    assert line.changes == [(6, RestReason.QUOTA_USED)]
    status = line.memory.status(line.now_ms)
    assert (status.standing, status.reason, status.rests_for_ms) == (
        Standing.RESTING,
        RestReason.QUOTA_USED,
        REST_MS,
    )
    assert status.rests[RestReason.QUOTA_USED] == 1
    line.utter(REST_MS // EVERY_MS - 1)
    assert set(line.choices[5:]) == {FinalChoice.REST}
    line.utter(20)
    assert line.choices[-20:].count(FinalChoice.FORCE) >= 15 and line.standing is Standing.FORCING


def test_a_profile_that_allows_more_does_not_rest_with_one_that_allows_less():
    memory = HalfClosing(Random(1))
    assert memory.ask(0.0, 50, 50) is FinalChoice.REST
    assert memory.ask(1.0, 50, LIMIT) is FinalChoice.FORCE
    assert memory.ask(2.0, 10, 50) is FinalChoice.REST
    assert memory.ask(3.0, LIMIT, LIMIT) is FinalChoice.REST
    assert memory.ask(4.0, 10, 50) is FinalChoice.REST


def test_a_trial_takes_one_utterance_at_a_time_and_ends_where_it_shows_nothing():
    line = Line(forced_ms=None).utter(60).rest()
    now_ms, asked = line.now_ms + EVERY_MS, []
    for _ in range(3 * LONGEST_TRIAL):
        asked.append(line.memory.ask(now_ms, 0, LIMIT))
        asked.append(line.memory.ask(now_ms + 1, 0, LIMIT))
        now_ms += TRIAL_PATIENCE_MS
    assert asked.count(FinalChoice.FORCE) == LONGEST_TRIAL
    assert asked[:4] == [FinalChoice.FORCE, FinalChoice.REST] * 2
    status = line.memory.status(now_ms)
    assert (status.standing, status.reason) == (Standing.RESTING, RestReason.GAINS_LITTLE)


def test_a_change_is_told_once_with_its_figures():
    memory = HalfClosing(Random(1))
    for place in range(2):
        memory.final_came(Kind.NATURAL, 900.0, place)
    for place in range(10):
        memory.final_came(Kind.FORCED, 880.0, place)
    change = memory.take_change()
    assert (change.code, change.detail) == (
        RestReason.GAINS_LITTLE,
        "forced 880 ms over 10, natural 900 ms over 2",
    )
    assert memory.take_change() is None
