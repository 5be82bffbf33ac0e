"""PlayClock: what Twilio has played by now of the sound that was sent, as far as a clock can know. Pure.

Twilio plays what it is sent in order and at once when it holds nothing
(https://www.twilio.com/docs/voice/media-streams/websocket-messages#send-a-media-message). Time is monotonic, in ms, and
nothing is added up but lengths: the pacing does not drift.
"""

from __future__ import annotations

from stt.audio import BYTES_PER_MS


class PlayClock:
    """One call's."""

    def __init__(self) -> None:
        self.plays_until_ms = 0.0
        """The instant at which everything sent will have been played."""
        self._unplayed: list[tuple[float, bytes]] = []
        """What may still be cleared: from which instant it is played, and its sound."""

    def ahead_ms(self, now_ms: float) -> float:
        """Sound that Twilio holds and has not played."""
        return max(0.0, self.plays_until_ms - now_ms)

    def send(self, ulaw: bytes, now_ms: float) -> float:
        """This is sent now, and played behind everything before it: from the instant on that is returned."""
        begins_ms = max(self.plays_until_ms, now_ms)
        self.plays_until_ms = begins_ms + len(ulaw) / BYTES_PER_MS
        self._unplayed.append((begins_ms, ulaw))
        return begins_ms

    def clear(self, now_ms: float) -> list[tuple[float, bytes]]:
        """Twilio is told to drop what it holds. Returns what was played until now and not yet taken."""
        played = self.take_played(now_ms)
        if self._unplayed and self._unplayed[0][0] < now_ms:
            begins_ms, ulaw = self._unplayed[0]
            played.append((begins_ms, ulaw[: int(now_ms - begins_ms) * BYTES_PER_MS]))
        self._unplayed.clear()
        self.plays_until_ms = min(self.plays_until_ms, now_ms)
        return played

    def take_played(self, now_ms: float) -> list[tuple[float, bytes]]:
        """What was played to its end since the last time: the instant at which each began, and its sound."""
        played = []
        while self._unplayed and self._unplayed[0][0] + len(self._unplayed[0][1]) / BYTES_PER_MS <= now_ms:
            played.append(self._unplayed.pop(0))
        return played
