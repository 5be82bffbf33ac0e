from calls.reply.play_clock import PlayClock

SECOND = bytes(8000)


def test_sound_is_played_behind_what_was_sent_before():
    clock = PlayClock()
    clock.send(SECOND, 100)
    clock.send(SECOND, 200)
    assert clock.plays_until_ms == 2100
    assert clock.ahead_ms(600) == 1500


def test_after_a_pause_it_is_played_at_once():
    clock = PlayClock()
    clock.send(SECOND, 0)
    clock.send(SECOND, 5000)
    assert clock.plays_until_ms == 6000


def test_ten_minutes_in_small_messages_do_not_drift():
    clock = PlayClock()
    for index in range(6000):
        clock.send(bytes(800), index * 100)
    assert clock.plays_until_ms == 600_000


def test_what_was_played_is_told_once():
    clock = PlayClock()
    clock.send(SECOND, 0)
    clock.send(SECOND, 0)
    assert clock.take_played(999) == []
    assert clock.take_played(1500) == [(0, SECOND)]
    assert clock.take_played(2000) == [(1000, SECOND)]


def test_clearing_cuts_the_sound_where_it_is():
    clock = PlayClock()
    clock.send(SECOND, 0)
    clock.send(SECOND, 0)
    assert clock.clear(1250) == [(0, SECOND), (1000, bytes(2000))]
    assert clock.ahead_ms(1250) == 0
    assert clock.take_played(9999) == []
