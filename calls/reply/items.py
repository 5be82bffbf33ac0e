"""What a responder yields: words to say, what it expects next, acts, and that the caller has not finished. Pure.

Frozen, and nothing else. The agent (calls/reply/agent.py) performs them in order; nothing of an answer that is
withdrawn before its first sound is performed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Say:
    """Words for the caller, in any length: the agent cuts them at sentence ends and makes them speakable."""

    text: str
    interruptible: bool = True
    """The caller may speak over it and be heard at once; else it is played to its end first."""
    cacheable: bool = True
    """The voice may keep its sound on disk: never where it holds a caller's words, unless the line allows it."""
    continues: bool = False
    """The next words belong to the same sentence, and spaces between them are written: a language model's pieces."""


class ExpectationKind(StrEnum):
    """What the next words of the caller should be."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    DIGITS = "digits"
    AMOUNT = "amount"
    DATE = "date"
    TIME = "time"
    OPEN = "open"


class DigitsCheck(StrEnum):
    """What makes digits of the right length whole."""

    NONE = ""
    ISRAELI_ID = "israeli_id"
    """Nine digits (shorter ones are padded) with their check digit."""
    LUHN = "luhn"
    """A card's number."""
    PHONE = "phone"
    """A number of Israel's plan: nine digits on land, ten for mobiles and VoIP."""
    DATE = "date"
    """A real date, written in 6 or 8 digits."""


@dataclass(frozen=True, slots=True)
class Expect:
    """What the responder waits for: decides when a heard text is whole (calls/reply/expect.py)."""

    kind: ExpectationKind = ExpectationKind.OPEN
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of a choice: each value with its synonyms."""
    min_digits: int = 1
    max_digits: int = 20
    check: DigitsCheck = DigitsCheck.NONE


@dataclass(frozen=True, slots=True)
class Wait:
    """The caller has not finished: say nothing yet, and wait for more (``answer_pause_unfinished_ms``). Where the
    responder was not asked by the caller's words, it has nothing to say."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call once the words before it were heard."""

    id: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the call over to one of the line's people, by name."""

    person: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class PlayTones:
    """Keypad tones in the audio: 0-9 * # A-D; a stream has no outward DTMF message."""

    digits: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class PlayRecording:
    """One of the line's recordings, by name."""

    name: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class NoteValue:
    """Keep a value on the call: what the caller said at a question."""

    key: str
    value: str
    secret: bool = False
    """Masked on pages and in exports."""
    id: str = ""


CallEnd = HangUp | Transfer
"""Behind these the call goes on without the line."""
Act = HangUp | Transfer | PlayTones | PlayRecording | NoteValue
Item = Say | Expect | Wait | Act


class ActStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    """``code`` says why."""
    REFUSED = "refused"
    """Not performed: unknown, malformed, or done before."""


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """What came of an act; the next ``answer`` sees it."""

    act: Act
    status: ActStatus
    code: str = ""
    """``act_unknown`` | ``act_failed`` | ``act_twice``; empty when it was done."""
