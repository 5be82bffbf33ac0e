"""How a call is heard now: by a stream, by the one-shot recogniser alone, or by nobody. Pure.

Read off what the session says (calls/core/actions.py); decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from calls.core.actions import Action, Note, Partial, TurnAccepted
from calls.core.stream_policy import StreamCommand
from calls.core.turns import Source

BY_STREAM = frozenset((Source.FINAL, Source.EARLY, Source.PARTIAL))


class RecognitionStatus(StrEnum):
    """From the best to the worst."""

    STREAMING = "streaming"
    DEGRADED = "degraded"
    """No stream hears: words come behind the utterance, from the one-shot recogniser."""
    DOWN = "down"
    """No stream hears, and the one-shot recogniser did not answer when it was last asked."""


@dataclass(slots=True)
class RecognitionHealth:
    """One call's state. Fed with every action of its session but frames."""

    stream_hears: bool
    one_shot_answers: bool = True
    stream_has_heard: bool = False
    """A word came by a stream at any time of the call: one that is open may still hear nothing."""

    @property
    def state(self) -> RecognitionStatus:
        if self.stream_hears:
            return RecognitionStatus.STREAMING
        return RecognitionStatus.DEGRADED if self.one_shot_answers else RecognitionStatus.DOWN

    def perceive(self, action: Action) -> bool:
        """Take what an action says of the recognisers; True when the state is another one."""
        before = self.state
        if isinstance(action, Partial):
            self.stream_hears = self.stream_has_heard = True
        elif isinstance(action, TurnAccepted):
            self._turn(action)
        elif isinstance(action, Note):
            self._note(action.code)
        return self.state is not before

    def _turn(self, accepted: TurnAccepted) -> None:
        if accepted.turn.source in BY_STREAM:
            self.stream_has_heard = True
        elif accepted.turn.source is Source.FALLBACK:
            self.one_shot_answers = True
            self.stream_hears = self.stream_hears and self.stream_has_heard
        elif accepted.turn.code == "fallback_timeout":
            self.one_shot_answers = False

    def _note(self, code: str) -> None:
        if code in ("streaming_lost", StreamCommand.RENEW_DEAF):
            self.stream_hears = False
        elif code == "streaming_back":
            self.stream_hears = True
        elif code == "fallback_failed":
            self.one_shot_answers = False


def worst(states: Iterable[RecognitionStatus]) -> RecognitionStatus:
    """The worst of these states; STREAMING when there are none."""
    order = list(RecognitionStatus)
    return max(states, key=order.index, default=RecognitionStatus.STREAMING)
