"""The voice that more than one stream was fed: only there can two of them have heard the same word.

Rule 9 of attribution. A stream that takes over is replayed the audio around the border, and the streams before it have
heard that too. How much of it was voice bounds the words that can be there twice; where the border lies in silence, a
word that is said again was said twice, however alike.

Pure. Knows no words. All times are ms of media time.
"""

from __future__ import annotations

from dataclasses import dataclass

from stt.attribution.spans import Spans


@dataclass(frozen=True, slots=True)
class Replay:
    """Audio that a stream was fed although a stream before it had been fed it."""

    from_ms: int
    to_ms: int


class SharedVoice:
    """A call's replays, by the numbers of the streams that were given them."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._fed_to_ms = 0
        """Up to here streams that have ended were fed."""
        self._replays: dict[int, Replay] = {}

    def ended(self, fed_to_ms: int) -> None:
        """A stream has ended that was fed up to here."""
        self._fed_to_ms = max(self._fed_to_ms, fed_to_ms)

    def began(self, stream: int, fed_from_ms: int) -> None:
        """A stream is fed from here on."""
        self._replays[stream] = Replay(fed_from_ms, self._fed_to_ms)

    def replay(self, stream: int) -> Replay | None:
        """What the stream was fed again; None where nobody has said from where on it was fed."""
        return self._replays.get(stream)

    def voiced_ms(self, stream: int) -> int:
        """How much of it was voice, by the utterances that are known by now."""
        replay = self._replays.get(stream)
        return self._spans.voiced_ms(replay.from_ms, replay.to_ms) if replay is not None else 0

    def forget_before(self, stream: int) -> None:
        """Drop what older streams than this one were given."""
        self._replays = {number: replay for number, replay in self._replays.items() if number >= stream}

    def __len__(self) -> int:
        return len(self._replays)
