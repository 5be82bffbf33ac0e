"""Compares an independent analyzer's turns of a recording with our rows of the same call. Pure.

The analyzer, of openbenchmarks-labs's voice-agent-latency, measures from the caller's last sound in a stereo recording
to the line's first; our ``total_ms`` is from the last voiced frame's arrival to the answer's first frame sent. Which of
the two is right the simulator knows: it has said the caller's words, and has the sound that it was sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from voiceapp.runtime.percentile import percentile

WITHIN_MS = 60
"""Two measurements of one turn agree when they differ by no more."""
WANTED_SHARE = 0.95
DOUBT = "vad_onset_conservative"
"""The analyzer's flag of a turn whose onset its second detector puts earlier."""
UTTERANCE_GAP_MS = 700
"""From so much silence on the analyzer counts two utterances of the caller (its TURN_MERGE_GAP_MS)."""


@dataclass(frozen=True, slots=True)
class RefereeTurn:
    """One turn as the analyzer found it, in ms of the call's media time."""

    began_ms: float
    """The caller's first sound."""
    ended_ms: float
    """The caller's last sound: its t1."""
    onset_ms: float | None
    """The line's first sound: its t2. None: it found none."""
    discarded: str = ""
    """Its own reason not to count the turn."""
    doubted: bool = False
    """Its second detector (webrtcvad) puts the onset over 40 ms earlier; it counts such a turn all the same."""


@dataclass(frozen=True, slots=True)
class OurAnswer:
    """An answer as its row has it."""

    started_ms: int
    """Media time of the first frame sent."""
    total_ms: int
    quiet_ms: float = 0
    """The voice's own quiet before its first sound, by the recording."""
    sounds_ms: float = 0
    """Media time of that sound, as it reached the caller."""


class TurnPair(NamedTuple):
    """One turn, measured twice. Differences are the analyzer's figure less ours, ms."""

    referee_ms: float
    our_ms: int
    end_ms: float
    """Of the end of the caller's speech: positive makes the analyzer's gap shorter."""
    onset_ms: float
    """Of the line's first sound: positive makes the analyzer's gap longer."""
    quiet_ms: float
    """The part of ``onset_ms`` that is the voice's own quiet beginning."""
    doubted: bool
    """By the analyzer's second detector."""
    true_ms: float = 0
    """From the end of the caller's last word to the answer's first sound, as the simulator knows them."""

    @property
    def differs_ms(self) -> float:
        return self.referee_ms - self.our_ms


def read_turns(result: dict[str, Any], first_ms: float, expected: int) -> list[RefereeTurn]:
    """One call of the analyzer's JSON.

    ``first_ms``: media time of the recording's first sample. ``expected``: the caller's turns; a call that the analyzer
    discards whole counts as so many discarded ones. Raises KeyError for a result of another form."""
    if reason := result["discard_reason"]:
        return [RefereeTurn(0, 0, None, reason)] * expected
    return [
        RefereeTurn(
            turn["stimulus_start_ms"] + first_ms,
            turn["t1_ms"] + first_ms,
            None if turn["t2_ms"] is None else turn["t2_ms"] + first_ms,
            turn["discard_reason"] or "",
            any(flag.startswith(DOUBT) for flag in turn["flags"]),
        )
        for turn in result["turns"]
    ]


def utterance_ends_ms(clips: Iterable[tuple[float, Sequence[Any]]]) -> list[float]:
    """Where the caller of these clips stops speaking, by the analyzer's rule. Each clip: when it begins, and its words
    with their times in it."""
    return [
        begins_ms + word.end_ms
        for begins_ms, words in clips
        for word, after in [*pairwise(words), (words[-1], None)]
        if after is None or after.start_ms - word.end_ms >= UTTERANCE_GAP_MS
    ]


@dataclass(slots=True)
class RefereeComparison:
    """Calls of one kind, summed up."""

    pairs: list[TurnPair] = field(default_factory=list)
    discarded: Counter[str] = field(default_factory=Counter)
    """Turns that the analyzer did not count, by its reasons."""
    unanswered: int = 0
    """Turns that the analyzer measured and of which we have no row."""

    def add(self, turns: Sequence[RefereeTurn], answers: Sequence[OurAnswer], ends_ms: Sequence[float] = ()) -> None:
        """One call's. A turn's answer is the first that began after the caller's turn did and before the next: the
        analyzer's own rule. ``ends_ms``: where the caller stopped speaking, turn by turn; empty where nobody knows."""
        nexts_ms = [*(turn.began_ms for turn in turns[1:]), float("inf")]
        for turn, until_ms, end_ms in zip(turns, nexts_ms, ends_ms or [turn.ended_ms for turn in turns], strict=True):
            if turn.discarded or turn.onset_ms is None:
                self.discarded[turn.discarded or "no_response"] += 1
                continue
            found = [one for one in answers if turn.began_ms <= one.started_ms < until_ms]
            if not found:
                self.unanswered += 1
                continue
            ours = min(found, key=lambda one: one.started_ms)
            self.pairs.append(
                TurnPair(
                    turn.onset_ms - turn.ended_ms,
                    ours.total_ms,
                    turn.ended_ms - (ours.started_ms - ours.total_ms),
                    turn.onset_ms - ours.started_ms,
                    ours.quiet_ms,
                    turn.doubted,
                    ours.sounds_ms - end_ms,
                )
            )

    @property
    def within_share(self) -> float:
        """Of the turns that the analyzer counted: those of which we have a figure that agrees."""
        counted = len(self.pairs) + self.unanswered
        return sum(abs(pair.differs_ms) <= WITHIN_MS for pair in self.pairs) / counted if counted else 0.0

    @property
    def agrees(self) -> bool:
        return self.within_share >= WANTED_SHARE

    def lines(self) -> list[str]:
        """The report, in sentences."""
        if not self.pairs:
            return [f"no turn was measured twice; {self._uncounted()}"]
        referee, ours = [pair.referee_ms for pair in self.pairs], [pair.our_ms for pair in self.pairs]
        differences = [pair.differs_ms for pair in self.pairs]
        return [
            f"{len(self.pairs)} turns measured twice; {self._uncounted()}",
            f"analyzer p50 {percentile(referee, 0.5):.0f}, p95 {percentile(referee, 0.95):.0f} ms; "
            f"total_ms p50 {percentile(ours, 0.5)}, p95 {percentile(ours, 0.95)} ms",
            f"within {WITHIN_MS} ms: {self.within_share:.1%} (wanted {WANTED_SHARE:.0%})",
            f"analyzer less ours, ms: median {median(differences):+.0f}, {min(differences):+.0f} to "
            f"{max(differences):+.0f}; its end of speech {_spread([pair.end_ms for pair in self.pairs])}, "
            f"its onset {_spread([pair.onset_ms for pair in self.pairs])}",
            self._explained(),
            self._truth(),
        ]

    def _truth(self) -> str:
        """Each against the simulator, and the turns on which they do not agree."""
        theirs = [pair.referee_ms - pair.true_ms for pair in self.pairs]
        ours = [pair.our_ms - pair.true_ms for pair in self.pairs]
        far = [
            f"{pair.true_ms:.0f}/{pair.referee_ms:.0f}/{pair.our_ms}{' doubted' if pair.doubted else ''}"
            for pair in self.pairs
            if abs(pair.differs_ms) > WITHIN_MS
        ]
        return (
            f"against the simulator's own gap, within {WITHIN_MS} ms: "
            f"the analyzer {_within(theirs)}, {_spread(theirs)}; total_ms {_within(ours)}, {_spread(ours)}; "
            f"where the two differ by more (true/analyzer/ours): {', '.join(far) or 'nowhere'}"
        )

    def _explained(self) -> str:
        sure = [pair for pair in self.pairs if not pair.doubted]
        within = sum(abs(pair.differs_ms - pair.quiet_ms) <= WITHIN_MS for pair in sure)
        return (
            f"the voice is quiet before its first sound for {_spread([pair.quiet_ms for pair in self.pairs])} ms; "
            f"{len(self.pairs) - len(sure)} onsets are put over 40 ms earlier by its second detector; without "
            f"those turns, and less that quiet, within {WITHIN_MS} ms: {within} of {len(sure)}"
        )

    def _uncounted(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.discarded.most_common())
        return f"{self.discarded.total()} discarded by the analyzer{f' ({reasons})' if reasons else ''}, " + (
            f"{self.unanswered} without a row of ours"
        )


def _within(differences_ms: Sequence[float]) -> str:
    return f"{sum(abs(one) <= WITHIN_MS for one in differences_ms)} of {len(differences_ms)}"


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):+.0f} ({percentile(values, 0.05):+.0f} to {percentile(values, 0.95):+.0f})"
