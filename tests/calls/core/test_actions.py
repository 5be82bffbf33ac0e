"""What a session asks of its shell."""

from typing import get_args

import msgspec
import pytest

from calls.core.actions import Action, Feed


@pytest.mark.parametrize("kind", get_args(Action), ids=lambda kind: kind.__name__)
def test_an_action_is_frozen(kind):
    assert kind is Feed or kind.__dataclass_params__.frozen


def test_a_frame_is_frozen():
    with pytest.raises(AttributeError):
        Feed(b"", 0).at_ms = 20


def test_a_frame_is_compared_by_what_it_holds():
    assert Feed(b"", 0) == Feed(b"", 0) != Feed(b"", 20)
    assert msgspec.structs.asdict(Feed(b"", 0, -40.0, True))["voiced"]
