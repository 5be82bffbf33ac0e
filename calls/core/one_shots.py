"""What the one-shot recogniser is asked for in one call, and how long its answers are waited for. Pure.

It is asked for utterances of which the stream gave no words, and again for turns that no engine has heard to the end:
one of those at a time, while it owes nothing else, and a last time after the call has ended.
"""

from __future__ import annotations

from dataclasses import replace

from calls.core.actions import Action, AskOneShot, Note
from calls.core.audio_buffer import AudioBuffer
from calls.core.revisions import RevisableTurns
from stt.attribution.ledger import Attribution
from stt.audio import BYTES_PER_MS
from stt.endpointing.endpointer import EndpointOptions
from stt.tuning import Tuning

PRE_ROLL_MS = EndpointOptions().pre_roll_ms
MIN_ONE_SHOT_MS = 200
"""Less voice than this is not worth a request: a click, a breath."""
LAST_TRIES_MS = 10_000
"""For this long beyond the stream's end, and beyond the newest answer, turns that no engine has heard to the end are
still tried after the call."""
MAX_LAST_TRIES_MS = 60_000
"""Beyond the stream's end no such try goes on for longer, however many answers come."""


class OneShots:
    """One call's requests."""

    def __init__(self, tuning: Tuning, ledger: Attribution, turns: RevisableTurns, audio: AudioBuffer) -> None:
        self._patience_ms = tuning.stt_fallback_deadline_ms
        self._ledger = ledger
        self._turns = turns
        self._audio = audio
        self._awaited: dict[int, float] = {}
        """Utterance -> the instant at which its answer is given up."""
        self._in_flight: set[int] = set()
        """Requests without an answer, also those that nobody waits for any more."""
        self._answered_ms = 0.0
        self._drain_until_ms = 0.0

    def ask(self, number: int, start_ms: int, to_ms: int, now_ms: float, avoids: str = "") -> AskOneShot:
        """Ask for an utterance, with its pre-roll and the silence that ended it, and nothing of its neighbours.
        ``avoids``: the engine that is asked last."""
        return replace(self._request(number, self._cut_out(number, start_ms, to_ms), now_ms), avoids=avoids)

    def compare(self, number: int, start_ms: int, end_ms: int, now_ms: float) -> AskOneShot | None:
        """Ask for an utterance whose words are known; None while another answer is owed, or its audio is forgotten."""
        if self._in_flight or start_ms < self._audio.begins_ms:
            return None
        ulaw = self._cut_out(number, start_ms, end_ms + PRE_ROLL_MS)
        return self._request(number, ulaw, now_ms, is_comparison=True)

    def deadline_ms(self, number: int) -> float:
        """When the answer of an utterance that was asked for is given up. Raises KeyError for any other."""
        return self._awaited[number]

    def answered(self, number: int, now_ms: float, *, heard: bool) -> None:
        """An answer has come; ``heard``: the recogniser did not fail."""
        self._awaited.pop(number, None)
        self._in_flight.discard(number)
        if heard:
            self._answered_ms = now_ms
            self._turns.one_shot_answered(number, now_ms)

    def give_up(self, now_ms: float) -> None:
        """Answers whose time has passed are not waited for any more."""
        late = [number for number, until_ms in self._awaited.items() if now_ms >= until_ms]
        for number in late:
            del self._awaited[number]

    def retry(self, now_ms: float, *, drained: bool) -> list[Action]:
        """Ask again for the next turn that no engine has heard to the end. ``drained``: the call has ended, and every
        utterance is a turn."""
        if self._in_flight or (drained and now_ms >= self._last_tries_until_ms):
            return []
        while (turn := self._turns.next_retry(now_ms, last=drained)) is not None:
            if turn.text and turn.started_ms < self._audio.begins_ms:
                continue  # less audio than words: what would be heard again is less than what is there
            ulaw = self._cut_out(turn.number, turn.started_ms, turn.ended_ms + PRE_ROLL_MS)
            if len(ulaw) >= MIN_ONE_SHOT_MS * BYTES_PER_MS:
                return [self._request(turn.number, ulaw, now_ms), Note("rescue", f"utterance {turn.number}")]
        return []

    def drain(self, until_ms: float) -> None:
        """The call has ended; its stream is read until ``until_ms`` at most."""
        self._drain_until_ms = until_ms

    def keep_the_call(self, now_ms: float) -> bool:
        """Whether an answer may still come that a drained call waits for."""
        return bool(self._awaited or (self._in_flight and now_ms < self._last_tries_until_ms))

    def next_deadline_ms(self, now_ms: float, *, drained: bool) -> float | None:
        """The instant at which an answer is given up, or the last tries of a drained call are over."""
        deadlines = list(self._awaited.values())
        if drained and self._in_flight and now_ms < self._last_tries_until_ms:
            deadlines.append(self._last_tries_until_ms)
        return min(deadlines, default=None)

    @property
    def _last_tries_until_ms(self) -> float:
        drained_ms = self._drain_until_ms
        return min(max(drained_ms, self._answered_ms) + LAST_TRIES_MS, drained_ms + MAX_LAST_TRIES_MS)

    def _cut_out(self, number: int, start_ms: int, to_ms: int) -> bytes:
        from_border_ms, to_border_ms = self._ledger.borders(number)
        from_ms, to_ms = max(start_ms - PRE_ROLL_MS, from_border_ms), min(to_ms, to_border_ms)
        self._ledger.asked(number, from_ms, to_ms)
        return self._audio.audio(from_ms, to_ms)

    def _request(self, number: int, ulaw: bytes, now_ms: float, *, is_comparison: bool = False) -> AskOneShot:
        self._awaited[number] = now_ms + self._patience_ms
        self._in_flight.add(number)
        return AskOneShot(number, ulaw, is_comparison)
