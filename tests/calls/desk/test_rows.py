"""What stands in a cell."""

import pytest

from calls.desk.rows import direction, percent


@pytest.mark.parametrize(
    ("said", "reads"),
    [("שלום", "rtl"), ("Wi-Fi לא עובד", "rtl"), ("050 זה המספר", "rtl"), ("hello there", "auto"), ("", "auto")],
)
def test_a_hebrew_sentence_reads_right_to_left_whatever_it_begins_with(said, reads):
    assert direction(said) == reads


def test_nothing_stands_between_a_share_and_its_sign():
    assert [percent(share) for share in (0.0, 0.9871, 1.0)] == ["0.0%", "98.7%", "100.0%"]
