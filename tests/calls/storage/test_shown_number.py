import pytest
from django.utils import translation

from calls.storage.shown_number import shown_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [(1, "1"), (4999, "4999"), (5001, "answer 1"), (5012, "answer 12"), (9001, "recovered 1"), (10_003, "2.3"),
     (15_001, "answer 2.1"), (29_002, "recovered 3.2")],
)  # fmt: skip
def test_turns_are_counted_from_one_for_each_speaker(number, shown):
    with translation.override("en"):
        assert shown_number(number) == shown


def test_an_answers_number_is_said_in_hebrew():
    with translation.override("he"):
        assert (shown_number(5001), shown_number(2)) == ("מענה 1", "2")
