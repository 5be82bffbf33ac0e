"""When an utterance that has ended becomes a turn, and with whose words: a table.

Two engines give words. The stream has listened all along: it guesses, its guess settles, and at last it says a final.
The one-shot recogniser is asked for what the stream does not give, hears the utterance's own audio, and answers once.
A caller waits, so the first text that can be acted on becomes the turn; what comes later revises it (revisions.py).

Four questions decide. Has the engine listened to the utterance's end (is it *covered*)? Have its words *settled*? Has
the time passed that a caller is made to wait? And what can the stream still say: is it open, is it ending (half-closed,
its last word to come), has it been heard out, or is it gone?

The table is read from the top, and the first row whose conditions all hold decides; a condition that a row does not
name does not matter. The last row has no condition, so that every situation has its row. The rows know no audio, clock
or ledger: Acceptance (calls/core/acceptance.py) describes the situation and performs what the row says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from calls.core.turns import Source


class Answer(Enum):
    """What the one-shot recogniser has said of the utterance."""

    PENDING = "none yet"
    WORDS = "words"
    EMPTY = "no words"
    """It heard none, or failed."""


class Words(Enum):
    """What the stream has given of the utterance so far."""

    NONE = "none"
    CHANGING = "changing"
    """A hypothesis whose newest words are often wrong."""
    SETTLED = "settled"
    """Successive hypotheses that cover the utterance agree."""
    FINAL = "final"


class Clock(Enum):
    """How long the utterance has waited."""

    EARLY = "early"
    """Its deadline has not come: STT_TIMEOUT_MS after its end, or the one-shot's own."""
    DUE = "due"
    """The deadline has passed, and words that may still change are given ``settle_ms`` more; twice that where the
    engine has not listened to the end."""
    OVERDUE = "overdue"


class StreamOutlook(Enum):
    """What the stream can still say of the utterance."""

    OPEN = "open"
    ENDING = "ending"
    """It was half-closed and has not covered the utterance: its last word comes soon."""
    HEARD_OUT = "heard out"
    """The half-closed stream that heard the utterance has said its last word."""
    GONE = "gone"
    """No stream is open, and none is being opened."""
    SUSPECT = "suspect"
    """It was open or ending, and has said nothing for longer than is its engine's habit; the one-shot recogniser was
    not asked yet for that, and can be."""


class Situation(NamedTuple):
    """An utterance that has ended and has no turn yet, at one moment."""

    answer: Answer
    needs_one_shot: bool
    """A stream failed under it: only the one-shot recogniser has heard all of it."""
    asked: bool
    """The one-shot recogniser was asked, and its deadline is the utterance's."""
    words: Words
    covered: bool
    strong: bool
    """The words are many, or end as a sentence does."""
    clock: Clock
    stream: StreamOutlook
    draining: bool
    """The call has ended, and its stream is read to its end."""
    long_enough: bool
    """It has voice enough for a one-shot request."""


class Step(Enum):
    """What happens to an utterance that does not become a turn yet."""

    WAIT_TO_DEADLINE = "wait until the deadline"
    WAIT_TO_SETTLE = "wait `settle_ms` longer"
    WAIT_FOR_STREAM_END = "wait until the stream has ended"
    ASK_ONE_SHOT = "ask the one-shot recogniser"
    HEDGE = "ask the one-shot recogniser beside the stream"
    """Nothing else changes: the first covering text is the turn's, and the utterance keeps its deadline."""


@dataclass(frozen=True, slots=True)
class Accept:
    """It becomes a turn."""

    source: Source
    rule: str
    """As stored on the turn."""
    code: str = ""
    """Of a turn without words; where it is empty, the answer's own."""


YES, NO, EITHER = (True,), (False,), (True, False)
SOME = (Words.CHANGING, Words.SETTLED, Words.FINAL)
STILL_SAYS = (StreamOutlook.OPEN, StreamOutlook.ENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """Conditions, what follows from them, and why."""

    answer: tuple[Answer, ...] = tuple(Answer)
    needs_one_shot: tuple[bool, ...] = EITHER
    asked: tuple[bool, ...] = EITHER
    words: tuple[Words, ...] = tuple(Words)
    covered: tuple[bool, ...] = EITHER
    strong: tuple[bool, ...] = EITHER
    clock: tuple[Clock, ...] = tuple(Clock)
    stream: tuple[StreamOutlook, ...] = tuple(StreamOutlook)
    draining: tuple[bool, ...] = EITHER
    long_enough: tuple[bool, ...] = EITHER
    then: Accept | Step
    because: str

    def holds(self, now: Situation) -> bool:
        return (
            now.answer in self.answer
            and now.needs_one_shot in self.needs_one_shot
            and now.asked in self.asked
            and now.words in self.words
            and now.covered in self.covered
            and now.strong in self.strong
            and now.clock in self.clock
            and now.stream in self.stream
            and now.draining in self.draining
            and now.long_enough in self.long_enough
        )


TABLE = (
    # The one-shot recogniser has answered.
    DecisionRow(
        answer=(Answer.WORDS,),
        then=Accept(Source.FALLBACK, "one_shot"),
        because="It heard the whole utterance: of the two engines it is the first to cover it.",
    ),
    DecisionRow(
        answer=(Answer.EMPTY,),
        words=SOME,
        then=Accept(Source.PARTIAL, "one_shot_empty"),
        because="It gave no words, so the stream's are all there are.",
    ),
    DecisionRow(
        answer=(Answer.EMPTY,),
        then=Accept(Source.NONE, "one_shot_empty"),
        because="No engine gave words; the answer's code says why.",
    ),
    # A stream failed under the utterance.
    DecisionRow(
        needs_one_shot=YES,
        asked=NO,
        long_enough=YES,
        then=Step.ASK_ONE_SHOT,
        because="No stream has heard it whole, so no time is lost with waiting for one.",
    ),
    DecisionRow(
        needs_one_shot=YES,
        asked=YES,
        clock=(Clock.EARLY,),
        then=Step.WAIT_TO_DEADLINE,
        because="Whatever a stream says of it may lack words that the one-shot recogniser will have.",
    ),
    # The stream's words can be acted on.
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.FINAL,),
        covered=YES,
        then=Accept(Source.FINAL, "covering_final"),
        because="The engine has listened to the end, and changes these words no more.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.FINAL,),
        clock=(Clock.DUE, Clock.OVERDUE),
        stream=(StreamOutlook.OPEN, StreamOutlook.HEARD_OUT, StreamOutlook.GONE),
        then=Accept(Source.FINAL, "held_final"),
        because="Words may follow, but the caller has waited long enough for them.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.FINAL,),
        stream=(StreamOutlook.GONE,),
        then=Accept(Source.FINAL, "held_final"),
        because="Nothing follows them.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.SETTLED,),
        covered=YES,
        strong=YES,
        then=Accept(Source.EARLY, "strong_partial"),
        because="The final will hardly differ, and may come a second later.",
    ),
    # The stream may be deaf.
    DecisionRow(
        stream=(StreamOutlook.SUSPECT,),
        then=Step.HEDGE,
        because="An engine that has been silent for longer than is its habit may hear nothing: another is asked too.",
    ),
    # There is time left.
    DecisionRow(
        needs_one_shot=NO,
        words=SOME,
        clock=(Clock.EARLY,),
        then=Step.WAIT_TO_DEADLINE,
        because="Better words may come before the time-out.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        clock=(Clock.EARLY,),
        stream=STILL_SAYS,
        then=Step.WAIT_TO_DEADLINE,
        because="There are no words yet: the stream may be late. One that can say no more is not waited for.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.CHANGING,),
        clock=(Clock.DUE,),
        stream=(StreamOutlook.OPEN, StreamOutlook.ENDING, StreamOutlook.HEARD_OUT),
        then=Step.WAIT_TO_SETTLE,
        because="Its newest words may be wrong; not heard to its end, it lacks words more often than not.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        words=(Words.SETTLED, Words.FINAL),
        clock=(Clock.DUE,),
        stream=(StreamOutlook.ENDING,),
        then=Step.WAIT_TO_SETTLE,
        because="A half-closed stream says its last word soon, and holds the next stream's words back until then.",
    ),
    DecisionRow(
        needs_one_shot=NO,
        asked=NO,
        stream=(StreamOutlook.OPEN, StreamOutlook.ENDING, StreamOutlook.HEARD_OUT),
        draining=YES,
        then=Step.WAIT_FOR_STREAM_END,
        because="Nobody waits for an answer any more, and the half-closed stream still has its say.",
    ),
    # The time is over.
    DecisionRow(
        words=SOME,
        then=Accept(Source.PARTIAL, "timeout"),
        because="The last guess is better than a caller who waits.",
    ),
    DecisionRow(
        asked=YES,
        clock=(Clock.EARLY,),
        then=Step.WAIT_TO_DEADLINE,
        because="The one-shot recogniser has its own time.",
    ),
    DecisionRow(
        asked=YES,
        then=Accept(Source.NONE, "deadline", "fallback_timeout"),
        because="It has not answered; its words can still revise the turn.",
    ),
    DecisionRow(
        long_enough=NO,
        then=Accept(Source.NONE, "timeout", "too_short"),
        because="A click or a breath is not worth a request.",
    ),
    DecisionRow(
        then=Step.ASK_ONE_SHOT,
        because="There was speech, and the stream said nothing of it.",
    ),
)


def row_for(situation: Situation) -> DecisionRow:
    """The first row of the table that holds."""
    return next(row for row in TABLE if row.holds(situation))
