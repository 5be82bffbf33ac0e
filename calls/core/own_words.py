"""OwnWords: what the line said and when, and whether a turn is no more than that, given back. Pure.

An echo that was taken for the caller gets words, and they are ours. A turn that was heard while we spoke, or began no
later than an echo can come back, and of whose words at least OURS_SHARE are ours in their order, is marked ``echo``: it
is kept and shown, and never answered. One that outlasts our sound by more than an echo does has a caller in it. So have
one or two words on a line whose echo is known to be faint: a yes to "כן או לא?" is a word of ours, and an answer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from calls.core.own_sound import ECHO_TAIL_MS
from calls.core.turns import Turn
from stt.word_times import key

OURS_SHARE = 0.6
FEW_WORDS = 2
"""So few may be ours by chance..."""
MIN_VOICE_MS = 250
"""...and are the caller's where their voice lasts so long: what passes for a voice in a faint echo is shorter."""
_POINTS = re.compile("[\u0591-\u05bd\u05bf-\u05c7]")
"""Hebrew's vowel points and accents: an engine writes none."""
SLACK_MS = 200
"""Of the endpointer's times, and of the instants at which frames arrive."""
MAX_PIECES = 200
"""What was said before these is forgotten: more than two minutes of sentences, beyond which no turn is revised."""


@dataclass(slots=True)
class _OwnPiece:
    words: str
    from_ms: int
    """Media time from which its first sound is played."""
    to_ms: int


class OwnWords:
    """One call's, by media time. Not thread-safe; never raises; bounded memory."""

    def __init__(self) -> None:
        self.echo_is_faint = False
        """What comes back is known, and so much quieter than a caller that a voice that is found is none of it."""
        self._pieces: deque[_OwnPiece] = deque(maxlen=MAX_PIECES)

    def said(self, from_ms: int, to_ms: int, words: str) -> None:
        """A sound that is played from one media time to another is part of what says these words."""
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.words == words and from_ms - last.to_ms <= ECHO_TAIL_MS:
            last.to_ms = to_ms
        else:
            self._pieces.append(_OwnPiece(words, from_ms, to_ms))

    def cleared(self, at_ms: int) -> None:
        """What would be played from this media time on is not."""
        while self._pieces and self._pieces[-1].from_ms >= at_ms:
            self._pieces.pop()
        if self._pieces:
            self._pieces[-1].to_ms = min(self._pieces[-1].to_ms, at_ms)

    def marked(self, turn: Turn) -> Turn:
        """The turn, marked by its words as they are now."""
        echo = self._pieces and self._gives_back(turn)
        return turn if bool(echo) is turn.echo else replace(turn, echo=bool(echo))

    def _gives_back(self, turn: Turn) -> bool:
        heard = [
            piece
            for piece in self._pieces
            if piece.from_ms - SLACK_MS < turn.ended_ms and turn.started_ms < piece.to_ms + ECHO_TAIL_MS + SLACK_MS
        ]
        if not heard or self._is_short_answer(turn):
            return False
        # Nobody knows when words were spoken that the voice detector has missed.
        within = turn.vad_missed or (
            turn.started_ms > heard[0].from_ms - SLACK_MS and turn.ended_ms < heard[-1].to_ms + ECHO_TAIL_MS + SLACK_MS
        )
        return within and are_ours(turn.heard_text, " ".join(piece.words for piece in heard))

    def _is_short_answer(self, turn: Turn) -> bool:
        lasts = not turn.vad_missed and turn.ended_ms - turn.started_ms >= MIN_VOICE_MS
        return self.echo_is_faint and lasts and len(turn.heard_text.split()) <= FEW_WORDS


def are_ours(text: str, said: str) -> bool:
    """Whether enough words of a text are words of what we said, in its order."""
    words = _keys(text)
    return bool(words) and in_order(words, _keys(said)) >= OURS_SHARE * len(words)


def without_ours(text: str, said: str) -> str:
    """The words of a text that are none of what we said, in its order."""
    ours, at, theirs = _keys(said), 0, []
    for word in text.split():
        found = key(_POINTS.sub("", word).lower())
        if found and found in ours[at:]:
            at = ours.index(found, at) + 1
        else:
            theirs.append(word)
    return " ".join(theirs)


def in_order(words: Sequence[str], ours: Sequence[str]) -> int:
    """How many words of the one are words of the other, in its order: their longest common subsequence."""
    row = [0] * (len(ours) + 1)
    for word in words:
        before = 0
        for at, other in enumerate(ours, 1):
            before, row[at] = row[at], before + 1 if word == other else max(row[at], row[at - 1])
    return row[-1]


def _keys(text: str) -> list[str]:
    plain = _POINTS.sub("", text).lower()
    return [found for word in plain.split() if (found := key(word))]
