"""What a model's server streams, as far as it can be used. Pure.

The official client builds its objects without checking them: any field may be missing, null, or of another type, and
which ones are differs from server to server. What cannot be used is passed over, for a good answer may follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calls.reply.responders.llm_tools import ToolCallPieces


@dataclass(frozen=True, slots=True)
class CallPart:
    """A part of a tool call; what it does not say is empty."""

    index: int | None = None
    """Which of the answer's calls it is part of; None where the server does not count."""
    id: str = ""
    name: str = ""
    arguments: str = ""

    @property
    def says_anything(self) -> bool:
        return bool(self.id or self.name or self.arguments)


@dataclass(frozen=True, slots=True)
class ModelPiece:
    """One event of a stream. Without words and calls it is a sign of life, a role, an end, or a count of tokens."""

    words: str = ""
    calls: tuple[CallPart, ...] = ()
    finish: str = ""
    """Why the answer ends here (``stop``, ``tool_calls``, ``length``, ``content_filter``…); empty: it goes on."""
    tokens: int | None = None
    """Of the request and its answer so far, as the server says."""

    @classmethod
    def of(cls, chunk: Any) -> ModelPiece:
        """Of a ChatCompletionChunk, or whatever stands in its place. Never raises."""
        tokens = _field(_field(chunk, "usage"), "total_tokens")
        choice = next(iter(_list(_field(chunk, "choices"))), None)
        delta = _field(choice, "delta")
        return cls(
            words=_text(_field(delta, "content")),
            calls=tuple(part for part in map(_part, _list(_field(delta, "tool_calls"))) if part.says_anything),
            finish=_text(_field(choice, "finish_reason")),
            tokens=tokens if type(tokens) is int else None,
        )

    @property
    def text(self) -> str:
        """All that the model wrote in it."""
        return self.words + "".join(part.name + part.arguments for part in self.calls)

    def up_to(self, characters: int) -> ModelPiece:
        """Its beginning, where no more of the answer is read. A call that is not whole is none."""
        return ModelPiece(self.words[:characters], finish="length", tokens=self.tokens)

    def add_calls_to(self, pieces: ToolCallPieces) -> None:
        for part in self.calls:
            pieces.add(part.index, part.id, part.name, part.arguments)


def _part(call: Any) -> CallPart:
    index, function = _field(call, "index"), _field(call, "function")
    return CallPart(
        index if type(index) is int else None,
        _text(_field(call, "id")),
        _text(_field(function, "name")),
        _text(_field(function, "arguments")),
    )


def _field(of: Any, name: str) -> Any:
    return getattr(of, name, None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
