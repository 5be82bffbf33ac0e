"""Frames go on in batches, and none is lost between two."""

import pytest

from stt.streaming.batcher import Batcher

FRAME = b"\x01" * 160


def batches(*at_ms, batch_ms=80):
    sent = []
    batcher = Batcher(batch_ms, sent.append)
    for ms in at_ms:
        batcher.feed(FRAME, ms)
    return batcher, sent


def test_a_full_batch_goes_on():
    _, sent = batches(0, 20, 40, 60, 80)
    assert sent == [(4 * FRAME, 0)]


@pytest.mark.parametrize(("batch_ms", "chunks"), [(20, 6), (40, 3), (100, 1)])
def test_a_batch_is_as_long_as_asked(batch_ms, chunks):
    assert len(batches(*range(0, 120, 20), batch_ms=batch_ms)[1]) == chunks


def test_a_gap_ends_a_batch():
    batcher, sent = batches(0, 20, 500)
    assert sent == [(2 * FRAME, 0)]
    batcher.flush()
    assert sent[1:] == [(FRAME, 500)]


def test_flushing_sends_what_is_there_once():
    batcher, sent = batches(0, 20)
    batcher.flush()
    batcher.flush()
    assert sent == [(2 * FRAME, 0)]


def test_a_shut_one_drops_frames_and_keeps_what_came_before():
    batcher, sent = batches(0, 20)
    batcher.shut = True
    batcher.feed(FRAME, 40)
    batcher.flush()
    assert sent == [(2 * FRAME, 0)]
