"""The canceller: when it hears a call, and what it is given."""

import pytest

from calls.core.echo_control import RESIDUAL_MARGIN_DB, EchoControl
from stt.audio import FRAME_BYTES, ULAW_SILENCE
from tests.echoes import BEGINS_MS, HeardBesideOurs, line, voice

OURS = voice(1, 4000)
SILENCE = ULAW_SILENCE * FRAME_BYTES


class Toy:
    """A canceller that leaves nothing."""

    def __init__(self):
        self.heard = []

    def clean(self, near, far):
        self.heard.append((near, far))
        return SILENCE


def heard_with(db, make, length_ms=7000):
    return HeardBesideOurs(OURS, line(length_ms, (BEGINS_MS + 200, OURS, db)), make)


def test_it_hears_the_call_from_where_the_echo_was_found_to_be_loud():
    toy = Toy()
    heard = heard_with(-20, lambda: toy)
    cleaned = [feed.at_ms for feed in heard.feeds if feed.line_ulaw]
    assert 1900 < cleaned[0] < 2300
    assert cleaned[-1] == BEGINS_MS + 4000 + 500 - 20
    assert [near for near, _ in toy.heard] == [feed.line_ulaw for feed in heard.feeds if feed.line_ulaw]


def test_it_is_given_ours_of_the_same_instant():
    toy = Toy()
    heard = heard_with(-20, lambda: toy)
    at = 8 * (next(feed.at_ms for feed in heard.feeds if feed.line_ulaw) - BEGINS_MS)
    assert b"".join(far for _, far in toy.heard[:50]) == OURS[at : at + 8000]
    assert toy.heard[-1][1] == SILENCE


def test_voice_detector_and_recogniser_hear_what_it_leaves_and_the_recording_the_line():
    heard = heard_with(-20, Toy)
    (feed,) = [feed for feed in heard.feeds if feed.at_ms == 4000]
    assert (feed.ulaw, feed.voiced, feed.line_ulaw != SILENCE) == (SILENCE, False, True)
    assert heard.audio.buffer.audio(4000, 4020) == SILENCE
    assert all(feed.line_ulaw == b"" for feed in heard.feeds if feed.at_ms < BEGINS_MS)


@pytest.mark.parametrize("db", [-42, -45])
def test_where_the_echo_is_quiet_none_is_made(db):
    made = []
    heard_with(db, lambda: made.append(1))
    assert made == []


def test_callers_are_taken_sooner_over_a_faint_echo_as_well_but_miss_nothing_without():
    assert heard_with(-35, Toy).echo.canceller is not None
    without = heard_with(-35, lambda: None)
    assert (without.counters["canceller_missing"], without.echo.notes) == (0, [])


def test_one_that_is_missing_is_told_once():
    heard = heard_with(-20, lambda: None)
    assert (heard.counters["canceller_missing"], [note.code for note in heard.echo.take_notes()]) == (
        1,
        ["canceller_missing"],
    )
    assert heard.echo.notes == []


def test_where_none_is_wanted_none_is_missed():
    heard = heard_with(-20, None)
    assert (dict(heard.counters), heard.echo.notes) == ({}, [])


def test_the_margin_is_learnt_again_from_what_it_leaves():
    heard = heard_with(-20, Toy)
    assert heard.echo.state.margin_db < -30 and heard.echo.state.cancels
    assert heard.margins_db[-1] == pytest.approx(-14, abs=1.5), "of the line as it is"


def test_a_caller_louder_than_any_echo_is_heard_whatever_the_canceller_takes_away():
    heard = HeardBesideOurs(OURS, line(7000, (BEGINS_MS + 200, OURS, -20), (4000, voice(2, 1500), 0)), Toy)
    assert 4000 <= heard.starts_ms[0] < 4300
    assert not any(feed.voiced and feed.line_ulaw for feed in heard.feeds), "what is voiced is heard as it came"


def test_what_it_leaves_is_judged_by_a_low_margin_once_it_knows_the_echo():
    echo = EchoControl({}, Toy)
    echo.own.sent(0.0, OURS[:8000])
    echo._cancel(Toy, 100.0, needed=True)
    loudest = echo.own.loudest_dbfs(500.0)
    assert echo.least_dbfs(500.0) == loudest + RESIDUAL_MARGIN_DB
    echo._converged_ms = 520.0
    assert echo.least_dbfs(500.0) == echo.gate.least_dbfs(500.0)


@pytest.mark.parametrize("late_ms", [0, 15, 300, -15])
def test_frames_that_come_late_are_given_ours_of_their_place(late_ms):
    echo, toy = EchoControl({}), Toy()
    echo.canceller = toy
    echo.own.sent(1000.0, OURS[:8000])
    echo.clean(SILENCE, 0, 1000.0)
    echo.clean(SILENCE, 20, 1020.0 + late_ms)
    assert toy.heard[1][1] == OURS[160:320]


def test_after_a_stall_its_clock_is_set_anew():
    echo, toy = EchoControl({}), Toy()
    echo.canceller = toy
    echo.own.sent(1000.0, OURS[:8000])
    echo.clean(SILENCE, 0, 1000.0)
    echo.clean(SILENCE, 20, 1620.0)
    assert toy.heard[1][1] == OURS[620 * 8 : 640 * 8]
