"""What a model's server streams: what can be used of it, whatever it is."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from calls.reply.responders.llm_pieces import CallPart, ModelPiece
from calls.reply.responders.llm_tools import ToolCall, ToolCallPieces

NAMES = ["choices", "delta", "content", "tool_calls", "index", "id", "function", "name", "arguments", "finish_reason"]


def made(value):
    """As the official client gives it: objects for JSON's objects."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: made(one) for name, one in value.items()})
    return [made(one) for one in value] if isinstance(value, list) else value


def piece_of(delta, **more):
    return ModelPiece.of(made({"choices": [{"index": 0, "delta": delta, **more}]}))


def test_words_and_the_reason_of_the_end_are_read():
    assert piece_of({"content": "שלום"}) == ModelPiece("שלום")
    assert piece_of({}, finish_reason="stop") == ModelPiece(finish="stop")


def test_parts_of_tool_calls_are_put_together():
    pieces = ToolCallPieces()
    for part in (
        {"index": 0, "id": "a", "function": {"name": "note", "arguments": ""}},
        {"index": 0, "id": None, "function": {"name": None, "arguments": "{"}},
        {"function": {"arguments": "}"}},
    ):
        piece_of({"tool_calls": [part]}).add_calls_to(pieces)
    assert pieces.calls == [ToolCall("a", "note", "{}")]


def test_what_a_call_does_not_say_is_empty_and_a_call_that_says_nothing_is_none():
    calls = [{"index": "x", "id": 7, "function": {"name": "wait", "arguments": {}}}, {"index": 0, "function": None}, 5]
    assert piece_of({"tool_calls": calls}) == ModelPiece(calls=(CallPart(name="wait"),))


def test_tokens_are_a_whole_number_or_none():
    for said, tokens in ((12, 12), (None, None), ("12", None), (1.5, None), (True, None)):
        assert ModelPiece.of(made({"choices": [], "usage": {"total_tokens": said}})) == ModelPiece(tokens=tokens)


def test_only_the_first_choice_is_read():
    two = [{"delta": {"content": "א"}}, {"delta": {"content": "ב"}}]
    assert ModelPiece.of(made({"choices": two})).words == "א"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@given(json, json, json)
def test_anything_is_a_piece_of_texts(whole, choice, delta):
    for chunk in (whole, {"choices": [choice]}, {"choices": [{"delta": delta}], "usage": whole}):
        piece = ModelPiece.of(made(chunk))
        assert isinstance(piece.text, str) and isinstance(piece.finish, str)
        assert piece.tokens is None or isinstance(piece.tokens, int)
