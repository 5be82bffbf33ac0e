"""What goes wrong on purpose at a vendor that is asked over WebSockets."""

from __future__ import annotations

from dataclasses import dataclass

from stt.emulator.switches import Switches
from stt.emulator.timing import Faults


@dataclass(slots=True)
class VendorFaults(Switches):
    """Of streams, but for the last two."""

    hits: int = 0
    """Only the first so many streams have the faults; 0: all of them."""
    unauthorized: bool = False
    """The key is refused, as the vendor says 401."""
    too_many: bool = False
    """The stream is one too many, as the vendor says 429."""
    refused: bool = False
    """The connection is dropped in its handshake."""
    silent: bool = False
    """Takes audio and says nothing, not even at the end."""
    broken_in_mid_word: bool = False
    """Closes with 1011 behind the first hypothesis of an utterance."""
    late_finals_ms: int = 0
    """Finals are said so much later than they would be."""
    half_json: bool = False
    """The second half of the first result is missing."""
    close_without_final: bool = False
    """Half-closed, it closes without another word."""
    no_word_times: bool = False
    """Finals do not say when their words were spoken."""
    hang_recognize: bool = False
    unavailable_recognize: bool = False

    @property
    def of_results(self) -> Faults:
        """What delays a stream's results, for FaultyResults."""
        return Faults(late_finals_ms=self.late_finals_ms)
