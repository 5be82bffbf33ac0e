"""Sequence numbers: what is late is not used twice, and numbers that do not count cost no audio."""

from collections import Counter

import pytest

from calls.core.sequence import MAX_SKIP, MIN_IN_A_ROW, SequenceCheck


def late(numbers, *, new=False):
    """Which messages are late, and what was counted."""
    counted = Counter()
    check = SequenceCheck(counted, lambda timestamp_ms: new)
    found = []
    for number in numbers:
        check.note(number, 0)
        if check.late:
            found.append(number)
    return found, counted


def test_numbers_in_order_are_used():
    assert late(range(1, 100)) == ([], {})


def test_a_message_without_a_number_is_used_and_moves_nothing():
    assert late([1, None, 2, None, 3]) == ([], {})


@pytest.mark.parametrize(("numbers", "code"), [([1, 2, 2], "sequence_repeat"), ([1, 3, 2], "sequence_reordered")])
def test_a_message_that_comes_again_or_too_late_is_not_used(numbers, code):
    found, counted = late(numbers)
    assert found == [2]
    assert counted[code] == 1


def test_audio_that_is_new_by_its_timestamp_is_used_whatever_its_number_says():
    assert late([1, 2, 2], new=True) == ([], {"sequence_wrong": 1})


@pytest.mark.parametrize(
    ("ahead", "code"), [(2, "sequence_gap"), (MAX_SKIP, "sequence_gap"), (MAX_SKIP + 1, "sequence_wrong")]
)
def test_a_gap_is_counted_unless_it_cannot_be_one(ahead, code):
    assert late([1, 1 + ahead]) == ([], {code: 1})


def test_a_sender_that_counts_anew_is_believed_after_a_few():
    far = 10 * MAX_SKIP
    found, counted = late([far, *range(1, 2 * MIN_IN_A_ROW)])
    assert found == []
    assert counted == {"sequence_wrong": MIN_IN_A_ROW - 1}


def test_numbers_that_do_not_count_are_no_sequence_numbers():
    found, counted = late([7] * 100)
    assert len(found) == MIN_IN_A_ROW - 1
    assert counted["sequence_ignored"] == 1


def test_of_messages_that_all_come_twice_each_is_used_once():
    numbers = [number for number in range(1, 5 * MIN_IN_A_ROW) for _ in range(2)]
    found, counted = late(numbers)
    assert found == sorted(set(numbers))
    assert counted == {"sequence_repeat": len(found)}


def test_of_messages_that_come_again_behind_the_next_each_is_used_once():
    numbers = [number for last in range(2, 5 * MIN_IN_A_ROW) for number in (last, last - 1)]
    found, _ = late(numbers)
    assert found == list(range(1, 5 * MIN_IN_A_ROW - 1))
