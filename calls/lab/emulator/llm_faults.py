"""What goes wrong in the emulated language model's answers, and its habits when nothing does: switches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calls.lab.emulator.llm_script import ScriptedAnswer, ScriptedTool


class LlmFault(StrEnum):
    """What goes wrong in an answer."""

    NONE = "none"
    SLOW_FIRST = "slow-first"
    """``slow_s`` until the first piece; the headers come at once."""
    SLOW_HEADERS = "slow-headers"
    STALL = "stall"
    """Two pieces, then nothing for ``slow_s``."""
    TRICKLE = "trickle"
    """A character each ``trickle_s``, without an end."""
    SIGNS_OF_LIFE = "signs-of-life"
    """Comments instead of pieces, each ``trickle_s``."""
    STATUS_500 = "500"
    STATUS_429 = "429"
    CUT_OFF = "cut-off"
    """Two pieces, then the connection is closed."""
    NO_END = "no-end"
    """Two pieces, then the stream ends in order, without a reason of its end."""
    NOT_JSON = "not-json"
    ERROR_EVENT = "error-event"
    """Two pieces, then an error in the stream."""
    EMPTY = "empty"
    """No words, no tool."""
    MALFORMED_TOOL = "malformed-tool"
    """The arguments are cut off."""
    UNKNOWN_TOOL = "unknown-tool"
    MARKDOWN = "markdown"
    LEAKED_TOOL = "leaked-tool"
    """A tool call written into the words."""
    NO_USAGE = "no-usage"


@dataclass(slots=True)
class EmulatorHabits:
    """How the emulated server behaves when nothing is wrong; times in seconds."""

    first_s: float = 0.0
    """Until the first piece."""
    piece_s: float = 0.0
    """Between pieces."""
    slow_s: float = 30.0
    trickle_s: float = 1.0
    tools_whole: bool = False
    """A tool call's arguments come in one piece."""
    ids_repeat: bool = False
    """Tool calls are numbered from 0 in each answer, as some local servers do."""
    finish: str = ""
    """The reason that is given for the end; empty: what is true."""
    tokens: int | None = None
    """That an answer is said to have taken; None: what is true."""
    odd_chunks: bool = False
    """Each answer begins with events of no use: ODD_CHUNKS."""


ODD_CHUNKS: tuple[Any, ...] = (
    None, 5, [], {}, {"choices": None}, {"choices": {}}, {"choices": []}, {"choices": [None, 5]}, {"choices": [{}]},
    {"choices": [{"index": 0, "delta": None}]},
    {"choices": [{"index": 0, "delta": {"role": None, "content": None, "tool_calls": None}, "finish_reason": None}]},
    {"choices": [{"delta": {"content": 5, "tool_calls": [None, 5, {}, {"index": "x", "function": None}]}}]},
    {"choices": [{"delta": {"content": ["x"], "tool_calls": {}}}], "usage": 5},
    {"choices": [], "usage": {"total_tokens": None}},
)  # fmt: skip
"""Events that some servers send, and that hold neither words nor a call."""


def spoiled(answer: ScriptedAnswer, fault: LlmFault) -> ScriptedAnswer:
    """The answer as a fault makes it."""
    match fault:
        case LlmFault.EMPTY:
            return ScriptedAnswer("")
        case LlmFault.MARKDOWN:
            return ScriptedAnswer(f"## תשובה 😀\n\n- **{answer.text}**\n- [קישור](https://example.com)\n", answer.tools)
        case LlmFault.LEAKED_TOOL:
            return ScriptedAnswer(f'{answer.text} {{"name": "hang_up", "arguments": {{}}}}')
        case LlmFault.UNKNOWN_TOOL:
            return ScriptedAnswer(answer.text, (ScriptedTool("open_door", {"why": "emulated"}),))
        case LlmFault.MALFORMED_TOOL:
            return ScriptedAnswer(answer.text, (ScriptedTool("play_tones", {"digits": "12#"}),))
    return answer
