"""What the line plays, and when."""

from calls.core.own_sound import ECHO_TAIL_MS, KEPT_MS, OwnSound, levels_of
from stt.audio import FLOOR_DBFS, ULAW_SILENCE
from tests.sounds import speech

LOUD = b"".join(speech(100))
SILENCE = ULAW_SILENCE * 160


def playing(begins_ms=1000.0, ulaw=LOUD):
    own = OwnSound()
    own.sent(begins_ms, ulaw)
    return own


def test_it_sounds_while_it_is_played_and_half_a_second_after():
    own = playing()
    assert own.comes_back_until_ms == 1100 + ECHO_TAIL_MS
    assert OwnSound().comes_back_until_ms < 0


def test_each_20_ms_has_its_level_at_its_instant():
    own, levels = playing(), levels_of(LOUD)
    assert len(levels) == 5
    assert [own.level_dbfs(1000 + 20 * i) for i in range(5)] == levels
    assert own.level_dbfs(1100) == FLOOR_DBFS


def test_the_loudest_is_of_what_was_played_in_the_last_600_ms():
    own, levels = playing(ulaw=LOUD + SILENCE * 50), levels_of(LOUD)
    assert own.loudest_dbfs(999) == FLOOR_DBFS
    assert own.loudest_dbfs(1000) == levels[0]
    assert own.loudest_dbfs(1090) == max(levels)
    assert own.loudest_dbfs(1100 + 590) >= levels[-1]
    assert own.loudest_dbfs(1100 + 630) == FLOOR_DBFS


def test_what_is_cleared_was_never_played():
    own = playing()
    own.cleared(1040.0)
    assert own.comes_back_until_ms == 1040 + ECHO_TAIL_MS
    assert own.loudest_dbfs(1200) == max(levels_of(LOUD)[:2])
    assert own.frame_at(1020) == LOUD[160:320]
    assert own.frame_at(1040) == SILENCE
    own.sent(1300.0, LOUD)
    assert own.frame_at(1300) == LOUD[:160]


def test_a_frame_is_put_together_of_what_is_played_in_it():
    own = playing(ulaw=LOUD[:400])
    own.sent(1050.0, LOUD[400:])
    assert own.frame_at(1040) == LOUD[320:480]
    assert own.frame_at(990) == SILENCE[:80] + LOUD[:80]
    assert own.frame_at(1090) == LOUD[720:] + SILENCE[:80]


def test_it_keeps_a_few_seconds():
    own = OwnSound()
    for at in range(1000):
        own.sent(at * 100.0, LOUD)
        own.loudest_dbfs(at * 100.0)
    assert own.frame_at(99_900 - KEPT_MS + 200) != SILENCE
    assert own.frame_at(99_900 - KEPT_MS - 200) == SILENCE
    assert sum(map(len, (own._chunks, own._coming, own._loudest))) < 100
