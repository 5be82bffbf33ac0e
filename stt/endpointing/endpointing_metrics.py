"""How well an endpointer finds human sentences whose words' times are known. Pure; all times are media time in ms."""

from __future__ import annotations

import audioop
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stt.audio import BYTES_PER_MS, pcm_to_ulaw, ulaw_to_pcm
from stt.endpointing.endpointer import Endpointer
from stt.endpointing.recorded import utterances_in

MIN_TORN_MS = 60
"""A word is torn when this much of it stands in each of two utterances: the words' times are good to about as much."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a person said in one go."""

    words: tuple[tuple[int, int], ...]
    """From and to."""

    @property
    def start_ms(self) -> int:
        return self.words[0][0]

    @property
    def end_ms(self) -> int:
        return self.words[-1][1]


@dataclass(frozen=True, slots=True)
class Found:
    """An utterance, and when its end was told."""

    start_ms: int
    end_ms: int
    told_ms: int


@dataclass(slots=True)
class Figures:
    """Sums over many sentences."""

    sentences: int = 0
    words: int = 0
    found: int = 0
    cut: int = 0
    """Sentences of which an end was told while they went on."""
    cuts: int = 0
    """Such ends."""
    cut_words: int = 0
    """Words of those sentences that stand behind the first such end: they reach the answerer as another utterance."""
    torn: int = 0
    false_starts: int = 0
    """Utterances in which nobody spoke."""
    clipped_ms: list[int] = field(default_factory=list)
    """First voiced frame after the speech's start; negative before it."""
    delays_ms: list[int] = field(default_factory=list)
    """The end told after the speech's end. None of a sentence whose last end was told too early."""

    def add(self, sentences: Sequence[Sentence], found: Sequence[Found]) -> None:
        """One recording: what was said in it, and what the endpointer made of it."""
        mine: list[list[Found]] = [[] for _ in sentences]
        for utterance in found:
            shares = [_overlap_ms(utterance, sentence.start_ms, sentence.end_ms) for sentence in sentences]
            if max(shares, default=0) > 0:
                mine[shares.index(max(shares))].append(utterance)
            else:
                self.false_starts += 1
        for sentence, utterances in zip(sentences, mine, strict=True):
            self._add(sentence, utterances)

    def _add(self, sentence: Sentence, utterances: list[Found]) -> None:
        self.sentences += 1
        self.words += len(sentence.words)
        if not utterances:
            return
        self.found += 1
        self.clipped_ms.append(utterances[0].start_ms - sentence.start_ms)
        last = utterances[-1]
        if last.told_ms >= sentence.end_ms:
            self.delays_ms.append(last.told_ms - sentence.end_ms)
        cuts = [utterance for utterance in utterances if utterance.told_ms < sentence.end_ms]
        self.cuts += len(cuts)
        if cuts:
            self.cut += 1
            self.cut_words += sum((start + end) / 2 > cuts[0].end_ms for start, end in sentence.words)
        self.torn += sum(
            sum(_overlap_ms(utterance, start, end) >= MIN_TORN_MS for utterance in utterances) > 1
            for start, end in sentence.words
        )


def hear(endpointer: Endpointer, frames: Iterable[bytes]) -> list[Found]:
    """All utterances of a recording's 20 ms frames, which end in silence enough for the last."""
    return [Found(ended.start_ms, ended.end_ms, told_ms) for ended, told_ms in utterances_in(frames, endpointer)]


def in_noise(ulaw: bytes, sentence: Sentence, noise_pcm: bytes, snr_db: float, from_ms: int) -> bytes:
    """The recording with noise, taken from a place of its own, at so much below the sentence's level."""
    pcm = ulaw_to_pcm(ulaw)
    at = from_ms * 2 * BYTES_PER_MS % len(noise_pcm)
    noise_pcm = noise_pcm[at:] + noise_pcm[:at]
    noise_pcm = (noise_pcm * (len(pcm) // len(noise_pcm) + 1))[: len(pcm)]
    speech_rms = audioop.rms(pcm[sentence.start_ms * 2 * BYTES_PER_MS : sentence.end_ms * 2 * BYTES_PER_MS], 2)
    gain = speech_rms / audioop.rms(noise_pcm, 2) / 10 ** (snr_db / 20)
    return pcm_to_ulaw(audioop.add(pcm, audioop.mul(noise_pcm, 2, gain), 2))


def _overlap_ms(utterance: Found, start_ms: int, end_ms: int) -> int:
    return min(utterance.end_ms, end_ms) - max(utterance.start_ms, start_ms)
