"""Every stream of a call numbers from where it believes to stand; its rows have numbers of their own."""

from hypothesis import given
from hypothesis import strategies as st

from calls.core.numbering import NUMBERS_A_STREAM, blocks, give_block, key_of, row_key, row_number


def test_two_streams_that_count_from_one_get_numbers_of_their_own():
    streams = {}
    given_out = [row_number(streams, sid, number) for number in (1, 2) for sid in ("MZ1", "MZ2")]
    assert given_out == [1, 10_001, 2, 10_002]


def test_a_stream_that_is_known_to_be_the_second_keeps_its_place_also_when_it_is_written_first():
    streams = {}
    assert row_number(streams, "MZ2", 10_001) == 10_001
    assert row_number(streams, "MZ1", 1) == 1


def test_a_record_of_an_older_journal_is_numbered_already():
    streams = {}
    assert row_number(streams, "", 10_003) == 10_003
    assert streams == {}


def test_what_is_known_of_a_stream_before_its_first_turn_takes_no_block_from_it():
    streams = {"MZ1": {"hearing": "streaming"}}
    assert row_number(streams, "MZ1", 1) == 1


def test_streams_that_an_older_version_wrote_keep_their_numbers_and_keys():
    streams = {"MZb": {"started_at": "2026-01-01"}, "MZa": {"started_at": "2026-01-02"}, "": {"ended_at": "x"}}
    assert row_number(streams, "MZc", 1) == 20_001
    assert blocks(streams) == {"MZb": 0, "MZa": 1, "MZc": 2}
    assert (row_key(streams, 10_001), row_key(streams, 20_001)) == (":10001", "MZc:1")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 2), st.integers(1, 9_999)), max_size=60))
def test_whatever_comes_first_no_two_turns_share_a_number_and_a_key_is_the_same_live_and_stored(said):
    streams, rows = {}, {}
    wanted = {}
    for sid, block, local in said * 2:  # a journal is read again
        number = wanted.setdefault(sid, block) * NUMBERS_A_STREAM + local
        row = row_number(streams, sid, number)
        assert rows.setdefault(row, (sid, local)) == (sid, local)
        assert row_key(streams, row) == key_of(sid, number)
    assert len(rows) == len({(sid, local) for sid, _, local in said})


def test_a_stream_keeps_its_block():
    streams = {}
    assert [give_block(streams, sid, 0) for sid in ("MZ1", "MZ2", "MZ1", "MZ2")] == [0, 1, 0, 1]
