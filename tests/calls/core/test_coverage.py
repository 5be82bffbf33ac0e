"""How far the engine has listened."""

import pytest

from calls.core.coverage import UNHEARD_MS, Coverage


@pytest.mark.parametrize(
    ("heard_to_ms", "covers"), [(1000, True), (900, True), (899, False), (0, False), (None, False)]
)
def test_a_result_covers_what_it_reaches_within_the_slack(heard_to_ms, covers):
    assert Coverage(100).reaches(1000, heard_to_ms) is covers


def test_more_can_be_asked_for_than_the_end():
    assert Coverage(100).reaches(1000, 1200, beyond_ms=300)
    assert not Coverage(100).reaches(1000, 1199, beyond_ms=300)


def test_what_has_not_ended_is_not_covered():
    assert not Coverage(100).reaches(None, 5000)


def test_what_a_half_closed_stream_has_heard_out_is_covered_without_a_result():
    coverage = Coverage(100)
    coverage.heard_out_ms = 1000
    assert coverage.reaches(1000, None)
    assert coverage.has_heard_out(1000) and not coverage.has_heard_out(1001)


def test_after_a_stream_has_failed_a_beginning_on_its_edge_was_not_heard():
    coverage = Coverage(100)
    assert not coverage.misses_beginning(0)
    coverage.stream_failed(5000)
    assert coverage.misses_beginning(5000 + UNHEARD_MS - 1)
    assert not coverage.misses_beginning(5000 + UNHEARD_MS)
