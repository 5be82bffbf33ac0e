"""How late and how unkind the emulated recogniser is: distributions as one frozen value, drawn with a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from stt.emulator.switches import Switches


@dataclass(frozen=True, slots=True)
class Timing:
    """All times in ms, all ``p_`` probabilities from 0 to 1. The defaults are the unkind ones."""

    first_interim_ms: tuple[int, int] = (450, 750)
    interim_every_ms: tuple[int, int] = (50, 300)
    interim_lag_ms: tuple[int, int] = (180, 420)
    p_pause: float = 0.03
    pause_ms: int = 2000
    segment_pause_ms: tuple[int, int] = (500, 1000)
    final_median_ms: float = 880.0
    final_p95_ms: float = 1155.0
    """End of speech to final: median 878, p95 1155, p99 1570 over 1000 samples (pipecat stt-benchmark)."""
    final_p99_ms: float = 1570.0
    half_close_ms: tuple[int, int] = (150, 350)
    """From the half-close to the final that it forces. Assumed, not measured: reports differ."""
    p_half_close_forces: float = 1.0
    """Else a half-close forces nothing, and the final comes as late as ever."""
    p_forced_loses_word: float = 0.0
    """A final that a half-close forces lacks its last word; where it has only one, there is none."""
    recognize_ms: tuple[int, int] = (250, 700)
    unsettled_ms: int = 600
    """A word this recent may be wrong, merged or split in an interim; older ones stand."""
    p_revise: float = 0.25
    """The newest word of an interim is wrong and corrected later."""
    p_merge: float = 0.05
    p_split: float = 0.05
    p_two_results: float = 0.3
    p_last_word_only_in_final: float = 0.08
    p_end_missing: float = 0.03
    p_end_ahead: float = 0.03

    def final_ms(self, random: Random) -> float:
        """Log-normal through the median and p95; one draw in fifty comes from the longer tail that p99 shows."""
        sigma = math.log(self.final_p95_ms / self.final_median_ms) / 1.645
        if random.random() < 0.02:
            return random.uniform(self.final_p95_ms, self.final_p99_ms + (self.final_p99_ms - self.final_p95_ms))
        return self.final_median_ms * math.exp(random.gauss(0.0, sigma))


UNKIND = Timing()
KIND = Timing(
    p_pause=0,
    p_revise=0,
    p_merge=0,
    p_split=0,
    p_two_results=0,
    p_last_word_only_in_final=0,
    p_end_missing=0,
    p_end_ahead=0,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Google's rules, as options so that tests take seconds."""

    longest_stream_s: float = 305.0
    audio_timeout_s: float = 10.0
    longest_message_bytes: int = 15_360
    longest_recognize_s: float = 60.0
    ahead_s: float = 10.0
    """How far a client may run ahead of real time before its replay is too fast."""
    streams_a_connection: int = 100
    phrases: int = 5000
    """Phrase hints a request (https://cloud.google.com/speech-to-text/quotas)."""
    phrase_characters: int = 100
    phrases_characters: int = 100_000
    """Of all hints together."""


@dataclass(slots=True)
class Faults(Switches):
    """What goes wrong on purpose. Counters are used up; times are s of a stream's age, 0 is never."""

    hits: int = 0
    """Only the first so many streams have the faults of streams; 0: all of them."""
    unavailable_opens: int = 0
    """So many further streams fail with UNAVAILABLE."""
    exhausted_opens: int = 0
    """So many further streams fail with RESOURCE_EXHAUSTED."""
    unavailable_after_s: float = 0.0
    """UNAVAILABLE in mid-stream."""
    denied_after_s: float = 0.0
    """PERMISSION_DENIED in mid-stream, and from then on to every request."""
    exhausted_after_s: float = 0.0
    """RESOURCE_EXHAUSTED in mid-stream."""
    end_after_s: float = 0.0
    """A normal end, early."""
    handshake_ms: int = 0
    deaf: bool = False
    """Listens and says nothing."""
    deaf_after_s: float = 0.0
    no_finals: bool = False
    late_finals_ms: int = 0
    """Finals are said so much later than they would be."""
    repeat_finals: bool = False
    """Every final comes twice."""
    no_ends: bool = False
    """No result says how far the engine has listened."""
    finals_repeat_words: bool = False
    """Every final begins with the last word of the one before it."""
    half_close_ignored: bool = False
    """A half-close forces no final."""
    half_close_loses_word: bool = False
    """The final that a half-close forces lacks its last word."""
    error_in_band_after_s: float = 0.0
    """UNAVAILABLE inside of a response; the stream stays open and says nothing more."""
    short_word_lists: bool = False
    """A final's word list holds the first half of its transcript."""
    gaps_in_word_lists: bool = False
    """It holds only the first and the last word."""
    no_word_lists: bool = False
    joined_words: bool = False
    """It holds two words an entry, with a space between."""
    no_transcripts: bool = False
    """Results have word lists alone, interims too."""
    empty_alternatives: bool = False
    """An empty alternative comes before the best one, a worse one behind it."""
    hints_refused: bool = False
    """INVALID_ARGUMENT for a request with phrase hints, whatever they are."""
    hang_recognize: bool = False
    unavailable_recognize: bool = False
