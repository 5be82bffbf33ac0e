"""One recognition stream: audio in, results out, and what faults make of the results. No sockets, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stt.audio import FRAME_BYTES
from stt.emulator.recordings import Library, Spoken, Tracker
from stt.emulator.speaker import Said, Speaker
from stt.emulator.timing import Faults
from stt.emulator.traces import Trace, TracePlayer

REPEATED_AFTER_S = 0.3
"""A final that comes twice comes again after this time."""


class EmulatedStream:
    """Audio of one stream, as frames, through the tracker into the speaker."""

    def __init__(self, library: Library, speaker: Speaker, traces: Mapping[str, Trace]) -> None:
        self._tracker = Tracker(library)
        self._speaker = speaker
        self._traces = traces
        self._player = TracePlayer()
        self._rest = b""

    @property
    def heard_ms(self) -> int:
        return self._tracker.heard_ms

    def push(self, ulaw: bytes) -> list[Said]:
        said: list[Said] = []
        ulaw = self._rest + ulaw
        for frame in frames_of(ulaw):
            words = self._tracker.push(frame)
            if words:
                self._expect(words)
            said += self._player.hear(self._tracker.heard_ms)
            said += self._speaker.hear(self._tracker.heard_ms)
        self._rest = ulaw[len(ulaw) // FRAME_BYTES * FRAME_BYTES :]
        return said

    def finish_after_ms(self) -> float:
        """The stream is half-closed: how long until ``finish`` is to be called."""
        after_ms, forced = self._speaker.finish_after_ms(self._tracker.heard_ms)
        return after_ms if forced else max(after_ms, self._player.finish_after_ms(self._tracker.heard_ms))

    def finish(self) -> list[Said]:
        heard_ms = self._tracker.heard_ms
        return self._player.finish(heard_ms) + self._speaker.finish(heard_ms)

    def _expect(self, words: Sequence[Spoken]) -> None:
        begun = self._tracker.begun
        if begun is not None and (trace := self._traces.get(begun[0].name)) is not None:
            self._player.expect(trace, begun[1])
        else:
            self._speaker.expect(words)


class FaultyResults:
    """Silences, delays and repeats a stream's results, as its faults say."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._late: deque[tuple[float, Said]] = deque()
        self._last_word: Spoken | None = None

    def due(self, results: Iterable[Said], age_s: float) -> list[Said]:
        """Takes what the stream says at this age of it; returns what is delivered now."""
        faults = self._faults
        now: list[Said] = []
        for said in results:
            if faults.deaf or (faults.deaf_after_s and age_s >= faults.deaf_after_s):
                continue
            if said.spoken is None:
                # What is said of the next segment comes behind the final of this one.
                self._late.append((self._late[-1][0] if self._late else age_s, said))
                continue
            said = self._with_repetition(said, said.spoken)
            for times in range(2 if faults.repeat_finals else 1):
                due_s = age_s + faults.late_finals_ms / 1000 + REPEATED_AFTER_S * times
                self._late.append((due_s, said))
        while self._late and self._late[0][0] <= age_s:
            now.append(self._late.popleft()[1])
        return [replace(said, end_ms=0) for said in now] if faults.no_ends else now

    def remaining_s(self, age_s: float) -> float:
        """How long until everything is delivered."""
        return max(0.0, self._late[-1][0] - age_s) if self._late else 0.0

    def _with_repetition(self, said: Said, spoken: tuple[Spoken, ...]) -> Said:
        before, self._last_word = self._last_word, spoken[-1]
        if not self._faults.finals_repeat_words or before is None:
            return said
        again = (before, *spoken)
        return Said(tuple(word.text for word in again), said.end_ms, spoken=again)


def frames_of(ulaw: bytes) -> list[bytes]:
    """The whole frames that audio begins with."""
    return [ulaw[i : i + FRAME_BYTES] for i in range(0, len(ulaw) - FRAME_BYTES + 1, FRAME_BYTES)]


def spoken_in(library: Library, ulaw: bytes) -> tuple[Spoken, ...] | None:
    """The words of a whole recording; None where somebody may have spoken and it is not known."""
    tracker = Tracker(library)
    spoken = [word for frame in frames_of(ulaw) for word in tracker.push(frame)]
    if tracker.knows_nothing:
        return None
    return tuple(word for word in spoken if word.start_ms + word.end_ms <= 2 * tracker.heard_ms)
