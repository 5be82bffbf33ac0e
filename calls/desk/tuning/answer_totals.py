"""One call's answers, summed up: what they cost, whom they cut off, and who cut them off. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from calls.core.agent_turns import FALSE_START, NO_INTERRUPTIONS, Outcome

PAUSE_ANSWERED_MS = 1000
"""A caller who goes on within this of the floor taken had only paused, most likely."""
ONSET_MS = 300
"""Speech that began so short a time before the floor was taken was not known yet: it takes some frames to be told."""


class AnyTurn(Protocol):
    """A Turn, or its row by the names of a Turn's fields."""

    @property
    def started_ms(self) -> int: ...
    @property
    def ended_ms(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def revised_text(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def vad_missed(self) -> bool: ...
    @property
    def echo(self) -> bool: ...
    @property
    def partial_ms(self) -> int | None: ...
    @property
    def final_ms(self) -> int | None: ...


class AnyAnswer(Protocol):
    """An agent's turn, by the names of its row's fields."""

    @property
    def started_ms(self) -> int: ...
    @property
    def ended_ms(self) -> int: ...
    @property
    def outcome(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def answers(self) -> int | None: ...
    @property
    def floor_ms(self) -> int | None: ...
    @property
    def first_audio_ms(self) -> int | None: ...
    @property
    def total_ms(self) -> int | None: ...
    @property
    def withdrawals(self) -> int | None: ...
    @property
    def tokens(self) -> int | None: ...
    @property
    def characters(self) -> int | None: ...


@dataclass(slots=True)
class AnswerFigures:
    """One call's answers to what the caller said, summed up; greetings and reprompts are none."""

    answers: int = 0
    into_pauses: int = 0
    """The caller went on at once: within PAUSE_ANSWERED_MS of the floor taken."""
    after_withdrawals: int = 0
    """Answers before which at least one preparation was withdrawn."""
    withdrawals: int = 0
    tokens: int = 0
    """Of a language model, in all that was prepared: greetings and reprompts as well."""
    tokens_withdrawn: int = 0
    """Of these, in what was withdrawn, or never sounded."""
    characters: int = 0
    """Synthesised, likewise."""
    characters_withdrawn: int = 0
    sounded: int = 0
    """All that the line has said: greetings and reprompts as well."""
    interrupted: int = 0
    """Of these, that a caller spoke over and that stopped."""
    resumed: int = 0
    """That stopped for a noise or a backchannel, and went on."""
    false_starts: int = 0
    """That the caller had not finished before."""

    @classmethod
    def of(
        cls, turns: Iterable[AnyTurn], answers: Iterable[AnyAnswer], tokens: int = 0, characters: int = 0
    ) -> AnswerFigures:
        """``tokens``, ``characters``: of all that the call prepared, as it was charged."""
        figures = cls()
        began_ms = sorted(turn.started_ms for turn in turns if not turn.vad_missed and heard_text(turn))
        kept_tokens = kept_characters = 0
        for answer in answers:
            kept_tokens += answer.tokens or 0
            kept_characters += answer.characters or 0
            figures._take_ending(answer, began_ms)
            if answer.answers is None or answer.floor_ms is None:
                continue
            figures.answers += 1
            figures.withdrawals += answer.withdrawals or 0
            figures.after_withdrawals += bool(answer.withdrawals)
            floor_at_ms = answer.started_ms - (answer.first_audio_ms or 0)
            first = bisect_right(began_ms, floor_at_ms - ONSET_MS)
            figures.into_pauses += first < len(began_ms) and began_ms[first] <= floor_at_ms + PAUSE_ANSWERED_MS
        # A process that died has kept its answers' rows and not the sum.
        figures.tokens, figures.characters = max(tokens, kept_tokens), max(characters, kept_characters)
        figures.tokens_withdrawn = figures.tokens - kept_tokens
        figures.characters_withdrawn = figures.characters - kept_characters
        return figures

    def _take_ending(self, answer: AnyAnswer, began_ms: Sequence[int]) -> None:
        """``began_ms``: when the caller began to say something."""
        self.sounded += 1
        self.resumed += answer.outcome == Outcome.RESUMED
        self.false_starts += answer.code == FALSE_START
        first = bisect_right(began_ms, answer.started_ms)
        spoken_over = first < len(began_ms) and began_ms[first] <= answer.ended_ms
        self.interrupted += (
            answer.outcome == Outcome.INTERRUPTED and answer.code not in NO_INTERRUPTIONS and spoken_over
        )


def heard_text(turn: AnyTurn) -> str:
    return turn.text if turn.revised_text is None else turn.revised_text
