"""Our own voice, given back, is no caller; a caller who is loud enough is one."""

import pytest

from calls.core.echo_gate import (
    BLOCK_FRAMES,
    FIRST_MARGIN_DB,
    LEAST_MARGIN_DB,
    MAX_LEARNT,
    MOST_MARGIN_DB,
    EchoGate,
)
from calls.core.own_sound import OwnSound
from stt.audio import FLOOR_DBFS
from tests.echoes import BEGINS_MS, HeardBesideOurs, line, voice

OURS = voice(1, 6000)
CALLER = voice(2, 800)
PATHS = [(db, delay_ms) for db, delay_ms in zip((-20, -25, -30, -35), (400, 290, 210, 150), strict=True)]


@pytest.mark.parametrize(("db", "delay_ms"), PATHS)
def test_our_own_voice_given_back_is_no_speech(db, delay_ms):
    heard = HeardBesideOurs(OURS, line(8000, (BEGINS_MS + delay_ms, OURS, db)))
    assert heard.starts_ms == []


@pytest.mark.parametrize(("db", "delay_ms"), PATHS)
def test_the_margin_is_6_db_above_what_comes_back(db, delay_ms):
    heard = HeardBesideOurs(OURS, line(8000, (BEGINS_MS + delay_ms, OURS, db)))
    assert set(heard.margins_db[: BEGINS_MS // 20 + BLOCK_FRAMES - 1]) == {FIRST_MARGIN_DB}
    assert heard.margins_db[-1] == pytest.approx(db + 6, abs=1.5)


def test_a_line_without_echo_lets_quiet_callers_through():
    heard = HeardBesideOurs(OURS, line(8000))
    assert heard.margins_db[-1] < -30


@pytest.mark.parametrize("db", [-20, -25, -30, -35])
def test_a_caller_as_loud_as_we_are_is_heard_over_the_echo(db):
    caller = voice(2, 1500)
    heard = HeardBesideOurs(OURS, line(8000, (BEGINS_MS + 200, OURS, db), (4000, caller, 0)))
    assert 4000 <= heard.starts_ms[0] < 4700


@pytest.mark.parametrize("db", [0, -6, -12])
@pytest.mark.parametrize("echo_db", [None, -20, -30])
def test_a_caller_who_speaks_over_our_beginning_is_not_taken_for_the_echo(db, echo_db):
    echo = [] if echo_db is None else [(BEGINS_MS + 200, OURS, echo_db)]
    heard = HeardBesideOurs(OURS, line(8000, (500, voice(3, 7000), db), *echo))
    assert max(heard.margins_db) <= max(FIRST_MARGIN_DB, (echo_db or -99) + 8)
    assert heard.starts_ms


def test_before_we_speak_and_half_a_second_after_everybody_is_heard():
    heard = HeardBesideOurs(voice(1, 1000), line(6000, (200, CALLER, -25), (2600, CALLER, -25)))
    assert [at_ms < BEGINS_MS or at_ms > 2500 for at_ms in heard.starts_ms] == [True, True]


def gate_over(levels, *, voiced, ours=-20.0):
    """A gate that has learnt from frames of these levels, while ours are all the same."""
    own = OwnSound()
    own.sent(0.0, b"\x00" * 160 * len(levels))
    gate = EchoGate(own)
    loudest = own.loudest_dbfs(0.0)
    for at, level in enumerate(levels):
        gate.learn(loudest + level, at * 20.0, voiced=voiced)
    return gate


@pytest.mark.parametrize(("level", "margin"), [(-90, LEAST_MARGIN_DB), (-40, -34), (-3, MOST_MARGIN_DB)])
def test_the_margin_has_bounds(level, margin):
    assert gate_over([level] * BLOCK_FRAMES, voiced=False).margin_db == pytest.approx(margin)


def test_a_voice_that_does_not_follow_ours_is_not_learnt_from():
    gate = gate_over([-3, -30] * BLOCK_FRAMES, voiced=True)
    assert (gate.margin_db, gate.echo_db) == (FIRST_MARGIN_DB, None)


def test_while_we_are_quiet_nothing_is_learnt():
    own = OwnSound()
    own.sent(0.0, b"\xff" * 160 * 100)
    gate = EchoGate(own)
    assert not any(gate.learn(-60.0, at * 20.0, voiced=False) for at in range(100))
    assert gate.least_dbfs(1990.0) < FLOOR_DBFS


def test_it_remembers_seconds():
    gate = gate_over([-40] * 40 * BLOCK_FRAMES, voiced=False)
    assert len(gate._learnt) == MAX_LEARNT
    assert (len(gate._line), len(gate._against)) == (0, 0)
