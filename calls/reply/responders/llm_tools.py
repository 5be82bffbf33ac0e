"""The acts as a language model's tools: what it is offered, and what it asked for, checked. Pure.

A tool's arguments are a msgspec Struct: its schema is what the model is told, and what it sends is decoded by it. Who
a call may be handed to and which recordings there are is put in as an enumeration.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from calls.reply.items import Act, ActOutcome, HangUp, NoteValue, PlayRecording, PlayTones, Transfer, Wait
from calls.reply.responder import Occasion, ReplyCall

_LONGEST_ID = 40
"""OpenAI refuses longer ids of tool calls."""


class ToolCallFault(Exception):
    """The model called a tool that there is not, or with arguments that are none; one sentence, to be told to it."""


class HangUpTool(Struct, forbid_unknown_fields=True):
    """End the call, after the words before it were heard. Say goodbye first."""


class TransferTool(Struct, forbid_unknown_fields=True):
    """Hand the call over to a person. Say so first."""

    person: Annotated[str, Meta(description="Whom to hand the call to.")]


class PlayTonesTool(Struct, forbid_unknown_fields=True):
    """Play keypad tones to the other side."""

    digits: Annotated[str, Meta(description="The keys to press.", pattern="^[0-9*#A-D]{1,32}$")]


class PlayRecordingTool(Struct, forbid_unknown_fields=True):
    """Play a recording to the caller."""

    name: Annotated[str, Meta(description="Which recording.")]


class NoteTool(Struct, forbid_unknown_fields=True):
    """Keep a value that the caller gave, for the people who read the call later."""

    key: Annotated[str, Meta(description="What it is, in a word.", min_length=1, max_length=64)]
    value: Annotated[str, Meta(description="As the caller gave it.", max_length=500)]
    secret: Annotated[bool, Meta(description="True for an ID, a card's number and the like.")] = False


class WaitTool(Struct, forbid_unknown_fields=True):
    """The caller has not finished the sentence: say nothing yet and listen on. Call it alone, without words."""


_TOOLS: Mapping[str, type[Struct]] = {
    "hang_up": HangUpTool,
    "transfer": TransferTool,
    "play_tones": PlayTonesTool,
    "play_recording": PlayRecordingTool,
    "note": NoteTool,
    "wait": WaitTool,
}


@dataclass(slots=True)
class ToolCall:
    """One call of a tool, as the model asked for it."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    """JSON, as it came."""


@dataclass(slots=True)
class ToolCallPieces:
    """Tool calls put together: they stream in pieces, each with its index; some servers give none, or always 0."""

    calls: list[ToolCall] = field(default_factory=list)
    _by_index: dict[int, ToolCall] = field(default_factory=dict)

    def add(self, index: int | None, id: str | None, name: str | None, arguments: str | None) -> None:
        key = index or 0
        call = self._by_index.get(key)
        if call is None or (id and call.id and id != call.id):
            call = self._by_index[key] = ToolCall()
            self.calls.append(call)
        call.id = id or call.id
        call.name = name or call.name
        call.arguments += arguments or ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What one call offers."""

    people: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    wait: bool = True
    """The caller has said something, and may not have finished."""

    @classmethod
    def of(cls, call: ReplyCall, recordings: Sequence[str]) -> Tools:
        return cls(call.people, tuple(recordings), call.occasion is Occasion.TURNS)

    def offered(self) -> list[dict[str, Any]]:
        """As the request says it. Without people there is no transfer, without recordings nothing to play."""
        return [
            {
                "type": "function",
                "function": {"name": name, "description": tool.__doc__, "parameters": self._schema(tool)},
            }
            for name, tool in _TOOLS.items()
            if self._offers(tool)
        ]

    def read(self, call: ToolCall, id: str) -> Act | Wait:
        """The act that this call asks for; ``id`` becomes the act's. Raises ToolCallFault."""
        tool = _TOOLS.get(call.name)
        # A model waits where it was not offered to, too: then it has nothing to say.
        if tool is None or (tool is not WaitTool and not self._offers(tool)):
            raise ToolCallFault(f"There is no tool {call.name[:64]!r}.")
        try:
            given = msgspec.json.decode(call.arguments or "{}", type=tool)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ToolCallFault(f"The arguments of {call.name} are wrong: {error}.") from error
        match given:
            case HangUpTool():
                return HangUp(id)
            case TransferTool(person=person):
                return Transfer(self._one_of(person, self.people), id)
            case PlayTonesTool(digits=digits):
                return PlayTones(digits, id)
            case PlayRecordingTool(name=name):
                return PlayRecording(self._one_of(name, self.recordings), id)
            case NoteTool():
                return NoteValue(given.key, given.value, given.secret, id)
        return Wait()

    def _schema(self, tool: type[Struct]) -> dict[str, Any]:
        schema: dict[str, Any] = msgspec.json.schema(tool)["$defs"][tool.__name__]
        schema = {key: value for key, value in schema.items() if key not in ("title", "description")}
        if (values := self._values(tool)) is not None:
            name = next(iter(schema["properties"]))
            schema["properties"][name]["enum"] = list(values)
        return schema

    def _offers(self, tool: type[Struct]) -> bool:
        return self.wait if tool is WaitTool else self._values(tool) != ()

    def _values(self, tool: type[Struct]) -> tuple[str, ...] | None:
        """What its one argument may be; None where it is free."""
        return {TransferTool: self.people, PlayRecordingTool: self.recordings}.get(tool)

    @staticmethod
    def _one_of(value: str, values: tuple[str, ...]) -> str:
        if value not in values:
            raise ToolCallFault(f"{value[:64]!r} is none of: {', '.join(values)}.")
        return value


def act_id(answer: int, call: ToolCall, place: int, taken: Collection[str] = ()) -> str:
    """Stable: the same tool call of the same answer has the same id, and no two calls share one, although some servers
    count theirs from 0 in each response. ``taken``: ids of the answer's calls before it."""
    id = wanted = f"a{answer}.{call.id or place}"[:_LONGEST_ID]
    again = 1
    while id in taken:
        again += 1
        id = f"{wanted[: _LONGEST_ID - 5]}.{again}"
    return id


def as_tool_call(act: Act) -> ToolCall:
    """An act as the model asked for it: for telling it what came of it."""
    match act:
        case HangUp():
            name, given = "hang_up", {}
        case Transfer(person=person):
            name, given = "transfer", {"person": person}
        case PlayTones(digits=digits):
            name, given = "play_tones", {"digits": digits}
        case PlayRecording(name=recording):
            name, given = "play_recording", {"name": recording}
        case NoteValue(key=key, value=value):
            name, given = "note", {"key": key, "value": value}
    return ToolCall(act.id, name, msgspec.json.encode(given).decode())


def outcome_text(outcome: ActOutcome) -> str:
    """What came of an act, as the model is told."""
    return f"{outcome.status}: {outcome.code}" if outcome.code else str(outcome.status)
