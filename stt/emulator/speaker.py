"""When the emulated recogniser says what: words with times in, results out, on the audio's own clock. Pure.

Audio comes at real time, so the audio's clock is the wall clock, and a test can run it as fast as it likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from stt.emulator.recordings import Spoken
from stt.emulator.timing import Timing

LETTERS = "אבגדהוזחטיכלמנסעפצקרשת"
"""A misheard word ends in one of these."""


@dataclass(frozen=True, slots=True)
class Said:
    """One result: an interim's words (head stable, tail not), or a final with its times."""

    words: tuple[str, ...]
    end_ms: int
    """0: missing."""
    tail: int = 0
    """So many of the last words come in a second, unstable result."""
    spoken: tuple[Spoken, ...] | None = None
    """A final's words with times."""


class Speaker:
    """One stream's results."""

    def __init__(self, timing: Timing, random: Random, *, finals: bool = True) -> None:
        self._timing = timing
        self._random = random
        self._finals = finals
        self._coming: deque[Spoken] = deque()
        self._words: list[Spoken] = []
        self._due: list[tuple[float, tuple[Spoken, ...]]] = []
        """Segments that have ended, with the instant at which their final is said."""
        self._interim_at = 0.0
        self._hidden_last = False
        self._pause_ms = 0
        self._loses_word = False
        """The final that was forced lacks its last word."""

    @property
    def open_words(self) -> tuple[Spoken, ...]:
        """What has been spoken of the segment under way."""
        return tuple(self._words)

    def expect(self, words: Sequence[Spoken]) -> None:
        """Words that are being spoken, or will be."""
        self._coming.extend(words)

    def hear(self, heard_ms: int) -> list[Said]:
        """The audio has reached a time: what is said now, in order."""
        said: list[Said] = []
        while self._coming and self._coming[0].start_ms < heard_ms:
            word = self._coming[0]
            if self._words and word.start_ms - self._words[-1].end_ms >= self._pause_ms:
                self._close_segment()
            if not self._words:
                self._begin_segment(word)
            self._words.append(self._coming.popleft())
        if self._words and heard_ms - self._words[-1].end_ms >= self._pause_ms:
            self._close_segment()
        while self._due and heard_ms >= self._due[0][0]:
            said += self._final(self._due.pop(0)[1])
        if self._words and not self._due and heard_ms >= self._interim_at:
            said += self._interim(heard_ms)
        return said

    def finish_after_ms(self, heard_ms: int) -> tuple[float, bool]:
        """The stream is half-closed here: how long until ``finish`` is to be called, and whether that was forced."""
        forced_ms = self._random.uniform(*self._timing.half_close_ms)
        if self._chance(self._timing.p_half_close_forces):
            loses = self._timing.p_forced_loses_word
            self._loses_word = bool(loses) and self._chance(loses)
            return forced_ms, True
        self._words = self._spoken_by(heard_ms)
        if self._words:
            self._close_segment()
        return max([forced_ms, *(due_ms - heard_ms for due_ms, _ in self._due)]), False

    def finish(self, heard_ms: int) -> list[Said]:
        """The stream was half-closed: everything that was spoken is said now."""
        segments = [words for _, words in self._due] + [tuple(self._spoken_by(heard_ms))]
        self._due.clear()
        self._words.clear()
        segments = [words for words in segments if words]
        if segments and self._loses_word:
            segments[-1] = segments[-1][:-1]
        return [result for words in segments if words for result in self._final(words)]

    def _spoken_by(self, heard_ms: int) -> list[Spoken]:
        return [word for word in self._words if word.start_ms + word.end_ms <= 2 * heard_ms]

    def _begin_segment(self, first: Spoken) -> None:
        self._interim_at = first.start_ms + self._random.uniform(*self._timing.first_interim_ms)
        self._pause_ms = self._random.randint(*self._timing.segment_pause_ms)
        self._hidden_last = self._chance(self._timing.p_last_word_only_in_final)

    def _close_segment(self) -> None:
        end_ms = self._words[-1].end_ms
        due_ms = end_ms + max(self._pause_ms, self._timing.final_ms(self._random))
        self._due.append((due_ms, tuple(self._words)))
        self._words = []

    def _final(self, words: tuple[Spoken, ...]) -> list[Said]:
        if not self._finals:
            return []
        end_ms = self._end(words[-1].end_ms + 60)
        return [Said(tuple(word.text for word in words), end_ms, spoken=words)]

    def _interim(self, heard_ms: int) -> list[Said]:
        timing = self._timing
        paused = self._chance(timing.p_pause)
        self._interim_at = heard_ms + (timing.pause_ms if paused else self._random.uniform(*timing.interim_every_ms))
        until_ms = heard_ms - self._random.randint(*timing.interim_lag_ms)
        spoken = [word for word in self._words if word.end_ms <= until_ms]
        words = [word.text for word in spoken]
        if self._hidden_last and len(words) == len(self._words):
            words = words[:-1]
        if not words:
            return []
        if until_ms - spoken[len(words) - 1].end_ms < timing.unsettled_ms:
            words = self._unsettle(words)
        tail = 1 if len(words) > 1 and self._chance(timing.p_two_results) else 0
        return [Said(tuple(words), self._end(until_ms), tail=tail)]

    def _unsettle(self, words: list[str]) -> list[str]:
        """The newest words misheard, merged or split, now and then."""
        timing = self._timing
        if self._chance(timing.p_revise):
            words[-1] = self._misheard(words[-1])
        if len(words) > 1 and self._chance(timing.p_merge):
            words[-2:] = ["".join(words[-2:])]
        if len(words[-1]) > 3 and self._chance(timing.p_split):
            words[-1:] = [words[-1][:2], words[-1][2:]]
        return words

    def _end(self, end_ms: int) -> int:
        if self._chance(self._timing.p_end_missing):
            return 0
        return end_ms + (300 if self._chance(self._timing.p_end_ahead) else 0)

    def _misheard(self, word: str) -> str:
        return word[:-1] + self._random.choice(LETTERS) if len(word) > 1 else word + self._random.choice(LETTERS)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability
