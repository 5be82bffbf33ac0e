"""What the one-shot recogniser answers when a recorded call is replayed. Pure.

At the call's own settings it is asked what it was asked, and gives the recorded answers. At others an answer is used
again where about the same audio is asked about; else the answer is a guess: what the stream said of that time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from calls.whatif.recorded_call import RecordedCall
from stt.events import Final, OneShotDone, RecognizerError

MIN_LIKENESS = 0.8
"""Two requests get the same answer when they share this much of the audio that either holds."""
ASSUMED_ANSWER_MS = 500
"""An answer is taken to need this long on a call that has none to go by."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the one-shot recogniser."""

    from_ms: int
    to_ms: int
    """Media time of its audio."""
    asked_ms: int
    answered_ms: int
    words: tuple[str, ...]
    error: RecognizerError | None = None
    is_guess: bool = False
    """Nothing like it was ever asked: its words are what the stream said of that time."""

    def likeness(self, from_ms: int, to_ms: int) -> float:
        shared = min(self.to_ms, to_ms) - max(self.from_ms, from_ms)
        return max(0.0, shared / (max(self.to_ms, to_ms) - min(self.from_ms, from_ms)))


class OneShotAnswers(Protocol):
    """Answers what the core asks while a call is replayed."""

    def to(self, utterance: int, from_ms: int, to_ms: int, now_ms: int) -> Ask | None:
        """The request about this audio, in media time, with its answer; None: no answer ever comes."""


class RecordedAnswers:
    """Gives each utterance the answers that it got, in their order."""

    def __init__(self, heard: RecordedCall) -> None:
        self._answers: dict[int | None, list[tuple[int, OneShotDone]]] = {}
        for one in heard.events:
            if isinstance(one.event, OneShotDone):
                self._answers.setdefault(one.event.utterance, []).append((one.now_ms, one.event))

    def to(self, utterance: int, from_ms: int, to_ms: int, now_ms: int) -> Ask | None:
        """The recorded answer to this very request; None: none ever came."""
        answers = self._answers.get(utterance)
        if not answers:
            return None
        answered_ms, done = answers.pop(0)
        return Ask(from_ms, to_ms, now_ms, max(now_ms, answered_ms), done.words, done.error)


class LikeAnswers:
    """Answers from what is known of requests like it."""

    def __init__(self, heard: RecordedCall, asked: Sequence[Ask]) -> None:
        """``asked``: the requests that the core makes at the call's own settings."""
        self._heard = heard
        self._asked = asked

    def to(self, utterance: int, from_ms: int, to_ms: int, now_ms: int) -> Ask | None:
        """The answer to a request much like this one, as late as it was; else a guess."""
        like = max(self._asked, key=lambda ask: ask.likeness(from_ms, to_ms), default=None)
        if like is not None and like.likeness(from_ms, to_ms) >= MIN_LIKENESS:
            took_ms = like.answered_ms - like.asked_ms
            return Ask(from_ms, to_ms, now_ms, now_ms + took_ms, like.words, like.error)
        took_ms = round(median([ask.answered_ms - ask.asked_ms for ask in self._asked] or [ASSUMED_ANSWER_MS]))
        return Ask(from_ms, to_ms, now_ms, now_ms + took_ms, self._said(from_ms, to_ms), is_guess=True)

    def _said(self, from_ms: int, to_ms: int) -> tuple[str, ...]:
        """What the stream's finals, whenever they came, hold of a time."""
        return tuple(
            word.text
            for one in self._heard.events
            if isinstance(one.event, Final)
            for word in one.event.words
            if word.start_ms is not None and word.end_ms is not None
            if from_ms <= (word.start_ms + word.end_ms) // 2 < to_ms
        )
