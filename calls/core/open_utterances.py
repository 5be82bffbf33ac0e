"""The utterances of a call whose turns are not handed on yet, in speech order. Pure.

Keeps what the voice and the stream's hypotheses say of each, and which of them no stream has heard whole. When one
becomes a turn is decided elsewhere (calls/core/acceptance.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from calls.core.actions import Partial
from calls.core.coverage import Coverage
from calls.core.status import CallerActivity
from calls.core.turns import Turn
from calls.core.utterances import Ending, Phase, Utterance
from stt.attribution.ledger import Attribution
from stt.endpointing.endpointer import Endpointer
from stt.events import Final, Interim

CONFIRMED_BEYOND_MS = 300
"""A hypothesis confirms an utterance only when it reaches this far beyond the last voiced frame: words fade out behind
what the voice detector hears, and one that ends right there lacks its last word more often (docs/latency.md)."""


class OpenUtterances:
    """The last of them may still be spoken."""

    def __init__(self, ledger: Attribution, coverage: Coverage, endpointer: Endpointer) -> None:
        self._ledger = ledger
        self._coverage = coverage
        self._endpointer = endpointer
        self._open: list[Utterance] = []
        self.speech_ms = 0
        """Voice of all utterances that have ended."""
        self._last_ended = CallerActivity()

    def began(self, start_ms: int, began_ms: float) -> None:
        """The caller speaks since ``start_ms``; that frame arrived at ``began_ms``."""
        number = self._ledger.began(start_ms)
        unheard = self._coverage.misses_beginning(start_ms)
        self._open.append(Utterance(number, start_ms, began_ms, needs_one_shot=unheard))

    def ended(self, ending: Ending, deadline_ms: float) -> None:
        """The one that was spoken has ended."""
        utterance = next((u for u in reversed(self._open) if u.phase is Phase.SPEAKING), None)
        if utterance is not None:
            self._ledger.ended(utterance.number, ending.end_ms)
            self.speech_ms += ending.voiced_ms
            self._last_ended = CallerActivity(False, ending.arrived_ms, utterance.number)
            utterance.end(ending, deadline_ms)

    # The stream

    def covers(self, utterance: Utterance, heard_to_ms: int | None, beyond_ms: int = 0) -> bool:
        """Whether a result that ends at ``heard_to_ms`` reaches the utterance's last voiced frame."""
        speaking = utterance.phase is Phase.SPEAKING
        end_ms = self._endpointer.last_voiced_end_ms if speaking else utterance.ending.end_ms
        return self._coverage.reaches(end_ms, heard_to_ms, beyond_ms)

    def heard(self, result: Interim | Final, now_ms: float) -> None:
        """The stream gave a newer result, which the ledger has."""
        for utterance in self._open:
            if utterance.phase is not Phase.DECIDED:
                covers = self.covers(utterance, result.end_ms, CONFIRMED_BEYOND_MS)
                utterance.hypotheses.add(self._ledger.share(utterance.number).text, now_ms, covers=covers)

    def owed_since_ms(self) -> float | None:
        """When the first began of which the stream owes words; None where there is none."""
        heard_to_ms = self._ledger.heard_to_ms
        return next(
            (
                one.began_ms
                for one in self._open
                if one.phase is not Phase.DECIDED and not self.covers(one, heard_to_ms)
            ),
            None,
        )

    def partials(self) -> list[Partial]:
        """The words so far of those that are spoken or wait."""
        return [
            Partial(utterance.number, utterance.hypotheses.text)
            for utterance in self._open
            if utterance.phase is not Phase.DECIDED and utterance.hypotheses.text
        ]

    def first_unheard(self, from_ms: int) -> tuple[int, int] | None:
        """Number and beginning of the first utterance of which the stream that hears from ``from_ms`` on owes words."""
        return next(
            (
                (utterance.number, utterance.start_ms)
                for utterance in self._open
                if utterance.depends_on_stream
                and not utterance.needs_one_shot
                and (utterance.phase is Phase.SPEAKING or utterance.ending.end_ms > from_ms)
            ),
            None,
        )

    def stream_failed(self) -> None:
        """No stream has heard whole what is being spoken or waits."""
        for utterance in self._open:
            if utterance.depends_on_stream:
                utterance.needs_one_shot = True

    def stream_cut_short(self, at_ms: int) -> None:
        """A half-closed stream has ended without saying all of what came before ``at_ms``."""
        for utterance in self._open:
            heard = self.covers(utterance, self._ledger.heard_to_ms)
            if utterance.depends_on_stream and utterance.start_ms < at_ms and not heard:
                utterance.needs_one_shot = True

    def final_is_missing(self, numbers: Iterable[int]) -> None:
        """The stream of these has ended without the final that it owed: its guess is no text to act on."""
        for utterance in self._open:
            if utterance.number in numbers and utterance.depends_on_stream:
                utterance.needs_one_shot = True

    # Turns

    def waiting(self) -> list[Utterance]:
        """Those that have ended and have no turn yet."""
        return [utterance for utterance in self._open if utterance.waits]

    def numbered(self, number: int) -> Utterance | None:
        return next((utterance for utterance in self._open if utterance.number == number), None)

    def take_decided(self) -> list[tuple[Utterance, Turn]]:
        """Those whose turns can be handed on: one that waits holds the next back."""
        taken: list[tuple[Utterance, Turn]] = []
        while self._open and (turn := self._open[0].turn) is not None:
            taken.append((self._open.pop(0), turn))
        return taken

    def reword(self) -> None:
        """Turns that are held back by an earlier one will be handed on with the words that are known by then."""
        for utterance in self._open:
            if utterance.turn is not None and not self._ledger.waits_for(utterance.number):
                utterance.reword(" ".join(self._ledger.heard_words(utterance.number)))

    @property
    def last_number(self) -> int | None:
        return self._open[-1].number if self._open else None

    @property
    def begin_ms(self) -> int | None:
        """Media time at which the first of them begins."""
        return self._open[0].start_ms if self._open else None

    @property
    def activity(self) -> CallerActivity:
        speaking = bool(self._open) and self._open[-1].phase is Phase.SPEAKING
        return replace(self._last_ended, speaking=True) if speaking else self._last_ended

    @property
    def all_handed_on(self) -> bool:
        return not self._open

    def next_deadline_ms(self) -> float | None:
        """The instant at which time alone decides something of one of them."""
        return min((utterance.look_at_ms for utterance in self._open if utterance.waits), default=None)
