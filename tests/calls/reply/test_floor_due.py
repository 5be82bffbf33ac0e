import pytest

from calls.reply.floor_due import AskAgain


def test_what_is_due_is_compared_by_what_it_says():
    assert AskAgain(1) == AskAgain(1) != AskAgain(2)
    with pytest.raises(AttributeError):
        AskAgain(1).number = 2
