"""What a process that serves lets the garbage collector look at."""

import gc

import pytest

from voiceapp.runtime.garbage import collect_seldom


@pytest.fixture
def collections():
    """How often there was a collection; the collector is afterwards as before."""
    before = gc.get_threshold()
    yield lambda: sum(generation["collections"] for generation in gc.get_stats())
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_calls_allocate_in_a_second_is_not_collected(collections):
    collect_seldom()
    assert gc.get_freeze_count() > 10_000
    before = collections()
    kept = [[] for _ in range(4_000)]
    assert collections() == before
    kept += [[] for _ in range(4_000)]
    assert collections() == before + 1
