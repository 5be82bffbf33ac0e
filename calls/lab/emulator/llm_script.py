"""What the emulated language model answers: rules of a script, so that conversations can be tested. No model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec


class LlmScriptError(ValueError):
    """The script cannot be used; one sentence."""


class ScriptedTool(msgspec.Struct, forbid_unknown_fields=True):
    """A tool that the answer calls."""

    name: str
    arguments: dict[str, Any] = {}


class ScriptedRule(msgspec.Struct, forbid_unknown_fields=True):
    """``when`` is looked for in the newest message (of the user, or the result of a tool); the first rule that fits
    answers. ``say`` may hold the pattern's groups: ``\\1``."""

    when: str
    say: str = ""
    tools: list[ScriptedTool] = []


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    text: str
    tools: tuple[ScriptedTool, ...] = ()


DEFAULT_RULES = (
    ScriptedRule(r"^error: ", "סליחה, אעשה זאת אחרת."),
    ScriptedRule(r"^accepted$", "רשמתי. במה עוד אפשר לעזור?"),
    ScriptedRule(r"השיחה התחילה", "שלום, הגעתם למרפאה. במה אפשר לעזור?"),
    ScriptedRule(r"היפרד בקצרה", "תודה שהתקשרתם, להתראות."),
    ScriptedRule(r"המתקשר שותק", "אתם עדיין על הקו?"),
    ScriptedRule(r"(?:להתראות|ביי|תודה רבה)", "תודה ולהתראות!", [ScriptedTool("hang_up")]),
    ScriptedRule(r"נציג", "אני מעביר אותך לנציג.", [ScriptedTool("transfer", {"person": "נציג"})]),
    ScriptedRule(r"(?:אני רוצה|אני צריך|בשביל|כי|של|את)$", "", [ScriptedTool("wait")]),
    ScriptedRule(r"תור", "בשמחה. יש תור פנוי מחר בשעה 14:30, המחיר הוא 120 ₪. מתאים לך?"),
    ScriptedRule(r"(\d[\d -]{7,}\d)", r"רשמתי את המספר \1. יש עוד משהו?"),
    ScriptedRule(r"(?s)(.*)", r"שמעתי: \1. במה עוד אפשר לעזור?"),
)


class LlmScript:
    """Rules, the first that fits answers."""

    def __init__(self, rules: Sequence[ScriptedRule] = DEFAULT_RULES) -> None:
        """Raises LlmScriptError for a pattern that is none."""
        try:
            self._rules = [(re.compile(rule.when), rule) for rule in rules]
        except re.error as error:
            raise LlmScriptError(f"A pattern cannot be used: {error}.") from error

    @classmethod
    def from_file(cls, path: Path) -> LlmScript:
        """A JSON list of rules. Raises LlmScriptError."""
        try:
            return cls(msgspec.json.decode(path.read_bytes(), type=list[ScriptedRule]))
        except (OSError, msgspec.DecodeError) as error:
            raise LlmScriptError(f"{path}: {error}.") from error

    def answer(self, messages: Sequence[Mapping[str, Any]]) -> ScriptedAnswer:
        """To the newest message; nothing where no rule fits."""
        newest = str(messages[-1].get("content") or "") if messages else ""
        for pattern, rule in self._rules:
            if found := pattern.search(newest):
                return ScriptedAnswer(found.expand(rule.say), tuple(rule.tools))
        return ScriptedAnswer("")


def in_pieces(answer: ScriptedAnswer, *, tools_whole: bool, ids: str) -> list[dict[str, Any]]:
    """The deltas of an answer as a server streams them: a role, words, then the tool calls, their arguments cut."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word} for word in re.findall(r"\S+\s*|\s+", answer.text)]
    for index, tool in enumerate(answer.tools):
        arguments = json.dumps(tool.arguments, ensure_ascii=False)
        cut = [arguments] if tools_whole else [arguments[at : at + 5] for at in range(0, len(arguments), 5)]
        head = {"index": index, "id": f"{ids}{index}", "type": "function"}
        first = cut[0] if tools_whole else ""
        deltas.append({"tool_calls": [{**head, "function": {"name": tool.name, "arguments": first}}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
            for part in cut[1 if tools_whole else 0 :]
        ]
    return deltas
