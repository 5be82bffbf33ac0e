"""A dialogue's example conversations are its tests: each is held in pure time, and compared with what it expects.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from calls.reply.aloud import without_points
from calls.reply.dialogue import Position, advance, answer, answer_at, position_after
from calls.reply.dialogue_format import DialogueScript, Example, LineKind
from calls.reply.items import (
    ActOutcome,
    ActStatus,
    Expect,
    HangUp,
    Item,
    NoteValue,
    PlayRecording,
    PlayTones,
    Say,
    Transfer,
)
from calls.reply.responder import Exchange, Occasion

_OCCASIONS = {
    LineKind.CALLER: Occasion.TURNS,
    LineKind.SILENCE: Occasion.SILENCE,
    LineKind.TIMEOUT: Occasion.GOODBYE,
}
_ACTS = (HangUp, Transfer, PlayTones, PlayRecording, NoteValue)


class Differs(StrEnum):
    """What an example names."""

    STEP = "step"
    SAYS = "says"
    SAVED = "saved"
    END = "end"
    OPEN = "open"
    """An end that does not come."""
    OVER = "over"
    """It goes on, and the dialogue does not."""


_SENTENCES = {
    Differs.STEP: "the dialogue stood at %(found)s; the example expects %(expected)s",
    Differs.SAYS: "the line said %(found)s; the example expects %(expected)s",
    Differs.SAVED: "%(found)s was saved; the example expects %(expected)s",
    Differs.END: "the call ended with %(found)s; the example expects %(expected)s",
    Differs.OPEN: "the dialogue had not ended, and stood at %(found)s; the example expects %(expected)s",
    Differs.OVER: "the dialogue had ended before it, with %(found)s",
}


@dataclass(frozen=True, slots=True)
class ExampleDifference:
    """Something that an example expects and that is otherwise."""

    path: str
    """Such as ``examples.2.talk.3.step``."""
    expected: str = ""
    found: str = ""
    kind: Differs = Differs.SAYS
    caller: str = ""
    """What the caller said there; empty where they are silent, or where no line of the talk is meant."""

    def __str__(self) -> str:
        values = {"found": self.found or "-", "expected": self.expected or "-"}
        behind = f"after „{self.caller}” " if self.caller else ""
        return f"{self.path}: {behind}{_SENTENCES[self.kind] % values}"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What came of one example."""

    name: str
    differences: tuple[ExampleDifference, ...] = ()
    """In order; of a talk that went to another step nothing after it, as all the rest follows from that."""

    @property
    def passed(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        return "; ".join(map(str, self.differences)) or self.name


def results_of(script: DialogueScript) -> tuple[ExampleResult, ...]:
    """Of each example, in order."""
    return tuple(
        ExampleResult(example.name, tuple(_differences(script, example, f"examples.{place}")))
        for place, example in enumerate(script.examples)
    )


def summary(results: tuple[ExampleResult, ...]) -> str:
    """Such as ``5 of 5``."""
    return f"{sum(one.passed for one in results)} of {len(results)}"


def _differences(script: DialogueScript, example: Example, path: str) -> Iterator[ExampleDifference]:
    today = example.today
    said = [_exchange(Occasion.OPENING, "", "", answer(script, today, Occasion.OPENING, "", []))]
    # Line by line: folding all that was said anew for each takes a time that grows with its square.
    position = position_after(script, today, said)
    revised = {place: line.revised for place, line in enumerate(example.talk) if line.revised}
    for place, line in enumerate(example.talk):
        at = f"{path}.talk.{place}"
        if position.ended:
            yield ExampleDifference(at, "", _name_of(position), Differs.OVER)
            return
        occasion = _OCCASIONS[line.kind]
        items = answer_at(script, today, position, occasion, line.caller, said)
        # Late words come once the answer sounds: the next answer sees them.
        late = revised.get(place, line.caller)
        said.append(_exchange(occasion, line.caller, late, items))
        position = advance(script, today, position, occasion, line.caller, late).position
        if line.step and line.step != position.step:
            yield ExampleDifference(f"{at}.step", line.step, _name_of(position), Differs.STEP, line.caller)
            return
        spoken = " ".join(item.text for item in items if isinstance(item, Say))
        if line.says and without_points(line.says) not in without_points(spoken):
            yield ExampleDifference(f"{at}.says", line.says, spoken, Differs.SAYS, line.caller)
    yield from _end_differences(position, example, path)


def _end_differences(position: Position, example: Example, path: str) -> Iterator[ExampleDifference]:
    kept = {key: one.value for key, one in position.kept.items()}
    for key in sorted({*kept, *(example.saved or {})}) if example.saved is not None else ():
        expected, found = (example.saved or {}).get(key, ""), kept.get(key, "")
        if without_points(expected) != without_points(found):
            yield ExampleDifference(f"{path}.saved.{key}", expected, found, Differs.SAVED)
    if example.ends is not None and _end_name(example.ends) != _end_name(position.ended):
        kind = Differs.END if position.ended else Differs.OPEN
        yield ExampleDifference(f"{path}.ends", _end_name(example.ends), _name_of(position), kind)


def _exchange(occasion: Occasion, words: str, revised: str, items: tuple[Item, ...]) -> Exchange:
    """As the agent keeps it, of a caller who heard everything."""
    text = " ".join(item.text for item in items if isinstance(item, Say))
    return Exchange(
        occasion,
        (words,) if words else (),
        (revised,) if revised else (),
        text,
        text,
        next((item for item in items if isinstance(item, Expect)), None),
        tuple(ActOutcome(item, ActStatus.DONE) for item in items if isinstance(item, _ACTS)),
    )


def _name_of(position: Position) -> str:
    return _end_name(position.ended) if position.ended else position.step


def _end_name(act: HangUp | Transfer | None) -> str:
    if act is None:
        return ""
    return f"transfer: {act.person}" if isinstance(act, Transfer) else "hang_up"
