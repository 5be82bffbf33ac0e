"""OwnSound: what the line plays to the caller and when, as far as a clock can know. Pure.

Twilio plays what it is sent in order (calls/reply/play_clock.py): the instant of each chunk is known when it is sent.
Whoever tells our own voice from the caller's asks here what was audible at an instant. Instants are monotonic, in ms.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from stt.audio import BYTES_PER_MS, FLOOR_DBFS, FRAME_BYTES, FRAME_MS, ULAW_SILENCE, dbfs, ulaw_to_pcm

ECHO_TAIL_MS = 500
"""What was played is taken to come back for so long: loudspeaker, air and two ways through the network take 150 to 400
ms, and the room a little more."""
LOUDEST_OF_MS = 600
"""An echo is compared with our loudest sound of the last so many ms, whatever its delay is."""
KEPT_MS = 3000
"""Sound is forgotten so long after it was played."""
MAX_CHUNKS = 400
"""Chunks that are kept at most; Twilio holds 2 s, in chunks of 50 to 200 ms."""


def levels_of(ulaw: bytes) -> list[float]:
    """The level of each 20 ms of a chunk, in dBFS; the last one may be shorter."""
    return [dbfs(ulaw_to_pcm(ulaw[at : at + FRAME_BYTES])) for at in range(0, len(ulaw), FRAME_BYTES)]


class OwnSound:
    """One call's. Not thread-safe; never raises; bounded memory.

    The instants that are asked for (``level_dbfs``, ``loudest_dbfs``) never go back.
    """

    def __init__(self) -> None:
        self.comes_back_until_ms = -1.0
        """Until this instant an echo of what was sent may come; before the first sound, long past."""
        self._plays_until_ms = -1.0
        self._chunks: deque[tuple[float, bytes]] = deque(maxlen=MAX_CHUNKS)
        self._coming: deque[tuple[float, float]] = deque(maxlen=MAX_CHUNKS * 10)
        """When each 20 ms begins that is not played yet, and its level."""
        self._loudest: deque[tuple[float, float]] = deque()
        """Of those that were played: each that is louder than all behind it."""
        self._last = (-1.0, FLOOR_DBFS)
        """The 20 ms that was played last."""

    def sent(self, begins_ms: float, ulaw: bytes) -> list[float]:
        """This is played from that instant on, behind what was sent before. Returns its levels, 20 ms each."""
        levels = levels_of(ulaw)
        self._chunks.append((begins_ms, ulaw))
        self.sounds(begins_ms, levels)
        self._until(begins_ms + len(ulaw) / BYTES_PER_MS)
        while _ends_ms(self._chunks[0]) < begins_ms - KEPT_MS:
            self._chunks.popleft()
        return levels

    def sounds(self, begins_ms: float, levels_dbfs: Sequence[float]) -> None:
        """The same of a sound of which no more is kept than the level of each 20 ms."""
        self._coming.extend((begins_ms + FRAME_MS * at, level) for at, level in enumerate(levels_dbfs))
        self._until(begins_ms + FRAME_MS * len(levels_dbfs))

    def cleared(self, now_ms: float) -> None:
        """What would be played later is not played."""
        while self._chunks and self._chunks[-1][0] >= now_ms:
            self._chunks.pop()
        if self._chunks and _ends_ms(self._chunks[-1]) > now_ms:
            begins_ms, ulaw = self._chunks.pop()
            self._chunks.append((begins_ms, ulaw[: int(now_ms - begins_ms) * BYTES_PER_MS]))
        while self._coming and self._coming[-1][0] >= now_ms:
            self._coming.pop()
        self._until(min(self._plays_until_ms, now_ms))

    def level_dbfs(self, now_ms: float) -> float:
        """Of the 20 ms that are played at this instant."""
        self._play(now_ms)
        begins_ms, level = self._last
        return level if now_ms < begins_ms + FRAME_MS else FLOOR_DBFS

    def loudest_dbfs(self, now_ms: float) -> float:
        """Of the 20 ms pieces that were played in the last 600 ms."""
        self._play(now_ms)
        return self._loudest[0][1] if self._loudest else FLOOR_DBFS

    def frame_at(self, instant_ms: float) -> bytes:
        """20 ms of µ-law that are played from this instant on; silence where nothing is."""
        frame = bytearray(ULAW_SILENCE * FRAME_BYTES)
        for begins_ms, ulaw in self._chunks:
            at = round((instant_ms - begins_ms) * BYTES_PER_MS)
            if -FRAME_BYTES < at < len(ulaw):
                part = ulaw[max(0, at) : at + FRAME_BYTES]
                frame[max(0, -at) : max(0, -at) + len(part)] = part
        return bytes(frame)

    def _until(self, plays_until_ms: float) -> None:
        self._plays_until_ms, self.comes_back_until_ms = plays_until_ms, plays_until_ms + ECHO_TAIL_MS

    def _play(self, now_ms: float) -> None:
        """The clock has come so far."""
        coming, loudest = self._coming, self._loudest
        while coming and coming[0][0] <= now_ms:
            self._last = one = coming.popleft()
            while loudest and loudest[-1][1] <= one[1]:
                loudest.pop()
            loudest.append(one)
        while loudest and loudest[0][0] + FRAME_MS < now_ms - LOUDEST_OF_MS:
            loudest.popleft()


def _ends_ms(chunk: tuple[float, bytes]) -> float:
    return chunk[0] + len(chunk[1]) / BYTES_PER_MS
