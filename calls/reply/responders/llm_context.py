"""What a language model is told: the prompt, the call so far as it was heard, and what to answer. Pure.

The caller's words are the user's, as they stand after revisions; the assistant's are what the caller *heard*: an
answer that was cut off ends where the caller stopped hearing it, and says so. What came of an act is told as the result
of its tool call. Roles alternate (some servers refuse two messages of one), so what follows one another in one role is
joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calls.core.turns import Turn
from calls.reply.items import ActOutcome
from calls.reply.responder import Exchange, Occasion, ReplyCall
from calls.reply.responders.llm_tools import ToolCall, as_tool_call, outcome_text

Message = dict[str, Any]

_NOTES = {
    Occasion.OPENING: "[השיחה התחילה. פתח אותה.]",
    Occasion.SILENCE: "[המתקשר שותק. שאל שוב, בקצרה ובמילים אחרות.]",
    Occasion.GOODBYE: "[המתקשר עדיין שותק. היפרד בקצרה; השיחה תנותק.]",
    Occasion.TRANSFER_FAILED: "[ההעברה לא הצליחה. אמור זאת בקצרה, והמשך בשיחה.]",
    Occasion.TURNS: "",
    Occasion.SUPERVISOR: "[אחראי אנושי אמר למתקשר, בקולך:]",
}
"""Stand for the caller's words where there are none. In Hebrew, so that a model answers in it."""
_INTERRUPTED = "[כאן המתקשר קטע אותך; את ההמשך לא שמע.]"
"""Behind what was heard of an answer that the caller spoke over."""
_GO_ON = "[המתקשר לא אמר דבר. המשך בדיוק מהמקום שבו הפסקת, בלי לחזור על מה שנאמר.]"
"""Asks for the rest of an answer that a noise cut off."""


def messages_of(prompt: str, call: ReplyCall, turns: Sequence[Turn], said: Sequence[Exchange]) -> list[Message]:
    """The messages of a request, oldest first."""
    messages: list[Message] = [{"role": "system", "content": prompt}] if prompt else []
    for one in said:
        _add(messages, "user", _question(one.occasion, one.revised or one.question))
        _add_answer(messages, _heard(one, to_its_end=call.goes_on and one is said[-1]), one.outcomes)
    if call.goes_on:
        _add(messages, "user", _GO_ON)
    else:
        _add(messages, "user", _question(call.occasion, [turn.heard_text for turn in turns]))
    return messages


def _heard(one: Exchange, *, to_its_end: bool) -> str:
    """What the model has said, as far as it matters to what it says next."""
    if to_its_end:
        return one.answer
    return f"{one.heard} {_INTERRUPTED}".strip() if one.interrupted else one.heard


def told_back(answer: str, calls: Sequence[ToolCall], faults: Sequence[str]) -> list[Message]:
    """What the model said and called, and what is wrong with each call ("": nothing): it goes on from there. An act is
    done only when its answer has the floor: until then it is accepted."""
    return [
        _calls(answer, calls),
        *(
            _result(call.id, f"error: {fault}" if fault else "accepted")
            for call, fault in zip(calls, faults, strict=True)
        ),
    ]


def _question(occasion: Occasion, words: Sequence[str]) -> str:
    return "\n".join(one for one in words if one) or _NOTES[occasion]


def _add_answer(messages: list[Message], heard: str, outcomes: Sequence[ActOutcome]) -> None:
    if not outcomes:
        _add(messages, "assistant", heard)
        return
    calls = [as_tool_call(outcome.act) for outcome in outcomes]
    for place, call in enumerate(calls):
        call.id = call.id or f"c{len(messages)}.{place}"
    messages.append(_calls(heard, calls))
    messages += [_result(call.id, outcome_text(outcome)) for call, outcome in zip(calls, outcomes, strict=True)]


def _add(messages: list[Message], role: str, content: str) -> None:
    if not content:
        return
    last = messages[-1] if messages else {}
    if last.get("role") == role and "tool_calls" not in last:
        last["content"] += f"\n{content}"
    else:
        messages.append({"role": role, "content": content})


def _calls(content: str, calls: Sequence[ToolCall]) -> Message:
    asked = [
        {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": one.arguments or "{}"}}
        for one in calls
    ]
    return {"role": "assistant", "content": content or None, "tool_calls": asked}


def _result(id: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": id, "content": content}
