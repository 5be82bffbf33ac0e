"""A dialogue as it is read and checked: steps, where each leads, and example conversations. Pure.

docs/answering.md and samples/dialogues/ show how people write it; calls/reply/dialogue_reading.py reads that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from calls.reply.items import Expect, HangUp, NoteValue, PlayRecording, PlayTones, Transfer

MAX_BYTES = 100_000
MAX_ATTEMPTS = 5
EXAMPLE_DAY = date(2026, 1, 1)
"""A Thursday."""
PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


class ReadAs(StrEnum):
    """How a value is said: ``{name:shekels}``. Without one, as the question that saved it expects."""

    WORDS = "words"
    """As it stands."""
    DIGITS = "digits"
    """Digit by digit, in threes."""
    PHONE = "phone"
    """Digit by digit, in the groups of Israel's numbers."""
    MASCULINE = "masculine"
    """A number that counts masculine nouns."""
    FEMININE = "feminine"
    """A number that counts feminine nouns."""
    SHEKELS = "shekels"
    """A sum of money."""
    DATE = "date"
    TIME = "time"
    YES_NO = "yes_no"


RouteAct = HangUp | Transfer | PlayTones | PlayRecording | NoteValue


@dataclass(frozen=True, slots=True)
class Route:
    """What follows: acts, then a step or the end."""

    acts: tuple[RouteAct, ...] = ()
    """Without ids. An end (HangUp, Transfer) is the last."""
    step: str = ""
    """Empty: the last act ends the call."""

    @property
    def ends(self) -> bool:
        return not self.step


@dataclass(frozen=True, slots=True)
class StepQuestion:
    """What a step expects of the caller, and where each outcome leads."""

    expect: Expect
    match: Mapping[str, Route]
    """By value, of yes_no and choice; ``""`` is every other value."""
    save: str = ""
    """The key that the value is kept under; empty: it is not kept."""
    secret: bool = False
    """Kept masked."""
    attempts: int = 2
    """How often the question is asked before ``no_match`` or ``silence`` is taken. 1 to 5."""
    no_match: Route | None = None
    """None where every answer matches, and where the question is asked again and again."""
    silence: Route | None = None
    """None: it is asked again for as long as the line reprompts."""
    timeout: Route | None = None
    """Nobody spoke after the last reprompt; None: the dialogue's goodbye, and the line hangs up."""
    spoken: Mapping[str, str] = field(default_factory=dict)
    """A choice's values as they are said back: with their points."""

    def route(self, value: str) -> Route:
        return self.match[value] if value in self.match else self.match[""]


@dataclass(frozen=True, slots=True)
class DialogueStep:
    """Words, and then a question or the next step."""

    name: str
    say: str
    again: str = ""
    """Said where the question is asked again; empty: ``say``."""
    interruptible: bool = True
    question: StepQuestion | None = None
    next: Route | None = None
    """Of a step without a question."""

    def routes(self) -> Iterator[tuple[str, Route]]:
        """Where it leads, with the key's path; without the time-out, after which the line hangs up by itself."""
        if self.next is not None:
            yield "next", self.next
        if self.question is not None:
            for value, route in self.question.match.items():
                yield f"match.{value}" if value else "match", route
            if self.question.no_match is not None:
                yield "no_match", self.question.no_match
            if self.question.silence is not None:
                yield "silence", self.question.silence


class LineKind(StrEnum):
    """What happens in a line of an example."""

    CALLER = "caller"
    SILENCE = "silence"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """One thing that happens in an example, and what should come of it."""

    kind: LineKind
    caller: str = ""
    """The caller's words."""
    revised: str = ""
    """What late words made of them once they were answered; empty: the same."""
    step: str = ""
    """Where the dialogue should wait then; empty: not looked at."""
    says: str = ""
    """What should stand in the answer, whatever its points; empty: not looked at."""


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation that is a test of its dialogue."""

    name: str
    talk: tuple[ExampleLine, ...]
    saved: Mapping[str, str] | None = None
    """All values at its end; None: not looked at."""
    ends: HangUp | Transfer | None = None
    """The act that ends it; None: not looked at."""
    today: date = EXAMPLE_DAY
    """On which it is held, for "tomorrow" and days without a year."""


@dataclass(frozen=True, slots=True)
class DialogueScript:
    """A dialogue that passes its checks."""

    start: str
    steps: Mapping[str, DialogueStep]
    goodbye: str = ""
    """Said where nobody speaks any more."""
    transfer_failed: Route | None = None
    """Where a caller goes on who could not be handed over; None: the call ends."""
    examples: tuple[Example, ...] = ()
