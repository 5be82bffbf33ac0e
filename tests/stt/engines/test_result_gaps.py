"""What an engine's silences usually are."""

from stt.engines.result_gaps import FACTOR, KEPT, LEAST_MS, MIN_KEPT, READ_EVERY, ResultGaps


def after(*gaps_ms):
    gaps = ResultGaps()
    for gap_ms in gaps_ms:
        gaps.add(gap_ms)
    return gaps


def test_of_few_results_nothing_is_concluded():
    assert after(*[200.0] * (MIN_KEPT - 1)).suspect_ms is None


def test_a_silence_is_suspect_that_is_longer_than_the_longest_usual_one():
    assert after(*[200.0] * 90, *[1000.0] * 10).suspect_ms == FACTOR * 1000
    assert after(*[1000.0] * 99, 8000.0).suspect_ms == FACTOR * 1000  # once in a hundred is no habit


def test_no_silence_is_suspect_that_ends_before_the_time_out():
    assert after(*[100.0] * 50).suspect_ms == LEAST_MS


def test_an_engine_that_becomes_slow_is_soon_as_slow_as_usual():
    gaps = after(*[200.0] * KEPT)
    assert gaps.suspect_ms == LEAST_MS
    for _ in range(2 * READ_EVERY):
        gaps.add(3000.0)
    assert gaps.suspect_ms == FACTOR * 3000
