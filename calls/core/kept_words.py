"""What a line keeps of its calls: a turn, an answer, a recogniser's event as they are stored, and as they are shown.

The running call has the words as they were said: it answers them. Rows, the journal and the trace get what ``stored``
gives; who watches live is shown ``shown``. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from calls.core.agent_turns import AgentTurn
from calls.core.redaction import redacted, redacted_words
from calls.core.turns import Turn
from stt.events import Final, Interim, OneShotDone, RecognizerEvent


@dataclass(frozen=True, slots=True)
class Keeps:
    """A line's, as a call takes it at its start."""

    recordings: bool = True
    """Audio: the caller's and the line's."""
    words: bool = True
    """Of turns, answers and saved values; and the trace, which holds them as well."""
    redacts: bool = True
    """Identity numbers and cards are masked (calls/core/redaction.py)."""

    @classmethod
    def from_mapping(cls, values: Mapping[str, bool]) -> Keeps:
        """As a record of a call has it; an older version's has nothing of it."""
        return cls(**{one.name: bool(values[one.name]) for one in fields(cls) if one.name in values})

    def to_mapping(self) -> dict[str, bool]:
        """What is not as usual, for a record: empty mostly, and then older versions read the record as well."""
        return {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}

    @property
    def codes(self) -> list[str]:
        """Noted at a call's start: what is missing later was never kept."""
        return [code for code, kept in (("not_recorded", self.recordings), ("words_not_kept", self.words)) if not kept]

    @property
    def anything(self) -> bool:
        """A stream leaves a file."""
        return self.recordings or self.words

    def shown(self, turn: Turn) -> Turn:
        """As whoever watches is shown it."""
        return turn.masked(redacted) if self.redacts else turn

    def stored(self, turn: Turn) -> Turn:
        """As its row has it: without words, all its times and what decided stay."""
        return self.shown(turn) if self.words else replace(turn, text="", revised_text=None)

    def shown_answer(self, turn: AgentTurn) -> AgentTurn:
        """As whoever watches is shown it."""
        return turn.masked(redacted) if self.redacts else turn

    def stored_answer(self, turn: AgentTurn) -> AgentTurn:
        """As its row has it."""
        return self.shown_answer(turn) if self.words else replace(turn, text="", heard=replace(turn.heard, text=""))

    def shown_partial(self, text: str) -> str:
        """Words as they are spoken: digits that may become such a number are masked before it is whole."""
        return redacted(text, growing=True) if self.redacts else text

    def traced(self, event: RecognizerEvent) -> RecognizerEvent:
        """As the trace has it: no word moves."""
        if not self.redacts:
            return event
        if isinstance(event, Interim):
            return replace(event, words=redacted_words(event.words, growing=True))
        if isinstance(event, OneShotDone):
            return replace(event, words=redacted_words(event.words))
        if isinstance(event, Final):
            texts = redacted_words([word.text for word in event.words])
            words = zip(event.words, texts, strict=True)
            return replace(event, words=tuple(replace(word, text=text) for word, text in words))
        return event


EVERYTHING = Keeps(redacts=False)
"""As it was said."""
