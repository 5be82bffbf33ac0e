"""How well a call was heard, against what was said: words kept, placed and acted on. Pure.

Words are counted as sequences: repeated words are words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rapidfuzz.distance import Levenshtein

PLACE_SLACK_MS = 300
"""A word counts as placed when its middle is at most this far outside of its turn."""


@dataclass(frozen=True, slots=True)
class TrueWord:
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class ScoredTurn:
    started_ms: int
    ended_ms: int
    text: str
    """As first handed on."""
    heard_text: str
    final_ms: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    words: int
    lost: int
    """Words that were said and not kept."""
    added: int
    """Words that were kept more often than said, or out of order, or not said at all."""
    misplaced: int
    """Kept words whose turn does not hold their time."""
    acted_wrong: int
    """Word errors of the texts as first handed on: substituted, missing and added words."""

    @property
    def kept(self) -> bool:
        return self.lost == 0 and self.added == 0

    @property
    def placed_share(self) -> float:
        return 1 - self.misplaced / self.words if self.words else 1.0

    @property
    def acted_wrong_share(self) -> float:
        return self.acted_wrong / self.words if self.words else 0.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.words + other.words,
            self.lost + other.lost,
            self.added + other.added,
            self.misplaced + other.misplaced,
            self.acted_wrong + other.acted_wrong,
        )


def score(said: Sequence[TrueWord], turns: Sequence[ScoredTurn]) -> Score:
    """Compare what was said with a call's turns."""
    turns = sorted(turns, key=lambda turn: turn.started_ms)
    truth = [word.text for word in said]
    heard = [(word, turn) for turn in turns for word in turn.heard_text.split()]
    matched = misplaced = 0
    matcher = SequenceMatcher(None, truth, [word for word, _ in heard], autojunk=False)
    for block in matcher.get_matching_blocks():
        matched += block.size
        for i in range(block.size):
            word, turn = said[block.a + i], heard[block.b + i][1]
            middle_ms = (word.start_ms + word.end_ms) // 2
            if not turn.started_ms - PLACE_SLACK_MS <= middle_ms <= turn.ended_ms + PLACE_SLACK_MS:
                misplaced += 1
    acted = [word for turn in turns for word in turn.text.split()]
    return Score(len(truth), len(truth) - matched, len(heard) - matched, misplaced, word_errors(truth, acted))


def word_errors(truth: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance in words."""
    return Levenshtein.distance(truth, heard)
