"""The acts as tools: offered, put together, checked."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.reply.items import ActOutcome, ActStatus, HangUp, NoteValue, PlayRecording, PlayTones, Transfer, Wait
from calls.reply.responder import Occasion, ReplyCall
from calls.reply.responders.llm_tools import (
    ToolCall,
    ToolCallFault,
    ToolCallPieces,
    Tools,
    act_id,
    as_tool_call,
    outcome_text,
)

TOOLS = Tools(people=("דנה", "יוסי"), recordings=("שעות פתיחה",))


def read(tool, /, tools=TOOLS, **arguments):
    return tools.read(ToolCall("x", tool, json.dumps(arguments, ensure_ascii=False)), "a1.x")


def test_each_act_is_a_tool():
    assert read("hang_up") == HangUp("a1.x")
    assert read("transfer", person="דנה") == Transfer("דנה", "a1.x")
    assert read("play_tones", digits="12#") == PlayTones("12#", "a1.x")
    assert read("play_recording", name="שעות פתיחה") == PlayRecording("שעות פתיחה", "a1.x")
    assert read("note", key="id", value="123", secret=True) == NoteValue("id", "123", True, "a1.x")
    assert read("wait") == Wait()


def test_a_tool_without_arguments_needs_none():
    assert TOOLS.read(ToolCall("x", "hang_up", ""), "a1.x") == HangUp("a1.x")


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("x", "open_door", "{}"),
        ToolCall("x", "", ""),
        ToolCall("x", "transfer", "{}"),
        ToolCall("x", "transfer", '{"person": "רון"}'),
        ToolCall("x", "transfer", '{"person": "דנ'),
        ToolCall("x", "play_tones", '{"digits": "12a"}'),
        ToolCall("x", "play_tones", '{"digits": ""}'),
        ToolCall("x", "note", '{"key": "", "value": "x"}'),
        ToolCall("x", "note", '{"key": "k", "value": 5}'),
        ToolCall("x", "hang_up", '{"why": "x"}'),
        ToolCall("x", "play_recording", '{"name": "\\ud800"}'),
        ToolCall("x", "note", "[]"),
    ],
)
def test_what_is_no_act_is_told_in_a_sentence(call):
    with pytest.raises(ToolCallFault, match=r".+\."):
        TOOLS.read(call, "a1.x")


@given(st.sampled_from(["hang_up", "transfer", "play_tones", "note", "wait", "x"]), st.text())
def test_any_arguments_are_read_or_refused(name, arguments):
    with contextlib.suppress(ToolCallFault):
        TOOLS.read(ToolCall("x", name, arguments), "a1.x")


def test_what_cannot_be_done_is_not_offered():
    offered = {one["function"]["name"] for one in Tools().offered()}
    assert offered == {"hang_up", "play_tones", "note", "wait"}
    with pytest.raises(ToolCallFault):
        read("transfer", tools=Tools(), person="דנה")


def test_into_a_silence_there_is_nothing_to_wait_for():
    for occasion in Occasion:
        tools = Tools.of(ReplyCall("CA1", "", "", occasion), ())
        offered = "wait" in {one["function"]["name"] for one in tools.offered()}
        assert offered is tools.wait is (occasion is Occasion.TURNS)
    assert read("wait", tools=Tools(wait=False)) == Wait(), "who waits all the same has nothing to say"


def test_the_schema_says_who_there_is():
    functions = {one["function"]["name"]: one["function"] for one in TOOLS.offered()}
    assert functions["transfer"]["parameters"]["properties"]["person"]["enum"] == ["דנה", "יוסי"]
    assert functions["transfer"]["parameters"]["required"] == ["person"]
    assert functions["play_tones"]["parameters"]["properties"]["digits"]["pattern"] == "^[0-9*#A-D]{1,32}$"
    assert all(one["description"].endswith(".") for one in functions.values())
    assert functions["hang_up"]["parameters"]["additionalProperties"] is False


def test_tool_calls_are_put_together_from_pieces():
    pieces = ToolCallPieces()
    pieces.add(0, "a", "transfer", "")
    pieces.add(0, None, None, '{"per')
    pieces.add(1, "b", "hang_up", "{}")
    pieces.add(0, None, None, 'son": "דנה"}')
    assert pieces.calls == [ToolCall("a", "transfer", '{"person": "דנה"}'), ToolCall("b", "hang_up", "{}")]


def test_a_server_that_counts_no_calls_is_told_by_its_ids():
    pieces = ToolCallPieces()
    pieces.add(None, "a", "hang_up", "{}")
    pieces.add(None, "b", "wait", "{}")
    assert [one.name for one in pieces.calls] == ["hang_up", "wait"]


def test_ids_are_stable_and_of_one_answer():
    call = ToolCall("call_0", "hang_up", "{}")
    assert act_id(3, call, 0) == act_id(3, call, 0) != act_id(4, call, 0)
    assert act_id(3, ToolCall("", "hang_up", "{}"), 1) == "a3.1"
    assert len(act_id(3, ToolCall("x" * 99), 0)) <= 40


def test_no_two_calls_of_an_answer_share_an_id():
    for call in (ToolCall("call_0"), ToolCall("x" * 99)):
        taken = []
        for place in range(30):
            taken.append(act_id(3, call, place, taken))
        assert len(set(taken)) == 30 and max(map(len, taken)) <= 40


@pytest.mark.parametrize(
    "act",
    [
        HangUp("i"),
        Transfer("דנה", "i"),
        PlayTones("1", "i"),
        PlayRecording("שעות פתיחה", "i"),
        NoteValue("k", "v", False, "i"),
    ],
)
def test_an_act_is_told_back_as_it_was_called(act):
    assert TOOLS.read(as_tool_call(act), act.id) == act


def test_an_outcome_is_told_with_its_code():
    assert outcome_text(ActOutcome(HangUp(), ActStatus.DONE)) == "done"
    assert outcome_text(ActOutcome(HangUp(), ActStatus.FAILED, "act_failed")) == "failed: act_failed"
