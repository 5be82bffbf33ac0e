"""Scenes for the floor: what a caller says in one go, with pauses whose places and lengths are known.

Sentences pause where their speakers paused, for as long as a law says (calls/lab/pause_law.py): of the recording's own
pause nothing is left but its edges. Numbers are dictated from recordings of single digits. Behind and between the
words is a quiet line, and office noise over all of it where a scene is noisy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from random import Random

from calls.lab.pause_law import PauseLaw
from calls.reply.items import DigitsCheck, Expect, ExpectationKind
from stt.audio import BYTES_PER_MS, FRAME_MS, LINE_NOISE, dbfs, frames_of, ulaw_to_pcm
from stt.emulator.recordings import Clip, Spoken
from stt.endpointing.endpointing_metrics import Sentence, in_noise

LEAD_MS, TAIL_MS = 1000, 4000
EDGE_MS = 40
"""So much of a recording is left around its words: their times are good to about as much."""
VOICE_DB = 40
"""Of a recording, what is so much below its loudest frame is no voice."""
OWN_PAUSE_MS = 100
"""A speaker who was silent for so long between two words has paused there."""
WORDS_A_PLACE = 3
"""Synthetic speech has hardly any pauses: where there are none, one is put behind so many words."""
BETWEEN_DIGITS_MS = 60, 140
BETWEEN_GROUPS_MS = 300, 1500
GROUPS = {10: ((3, 3, 4), (3, 7), (3, 3, 2, 2), (2, 2, 2, 2, 2)), 9: ((2, 3, 4), (2, 7), (2, 3, 2, 2))}
"""How numbers of so many digits are dictated."""
DIGITS = tuple("אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע".split())
PHONE = Expect(ExpectationKind.DIGITS, min_digits=9, max_digits=10, check=DigitsCheck.PHONE)


@dataclass(frozen=True, slots=True)
class Scene:
    """One call."""

    name: str
    expect: Expect
    clip: Clip
    """All that is heard of it, and the words in it."""
    pauses: tuple[tuple[int, int], ...] = ()
    """In mid-turn: from and to, media time in ms."""

    @property
    def end_ms(self) -> int:
        """Of the last word, as aligned."""
        return self.clip.words[-1].end_ms

    def pause_ms(self, at_ms: float) -> int | None:
        """How long the pause at this instant is; None behind the last word, 0 in mid-speech."""
        if at_ms >= self.end_ms:
            return None
        return next((end - begin for begin, end in self.pauses if begin <= at_ms < end), 0)


class SceneBuilder:
    """A scene's audio as it grows."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ulaw = bytearray()
        self._words: list[Spoken] = []
        self._pauses: list[tuple[int, int]] = []
        self.silence(LEAD_MS)

    @property
    def at_ms(self) -> int:
        return len(self._ulaw) // BYTES_PER_MS

    def silence(self, ms: int) -> None:
        """A quiet line."""
        self._ulaw += quiet_line(ms, self._random)

    def pause(self, ms: int) -> None:
        """In mid-turn: from the end of the last word to the beginning of the next, edges and all."""
        begin_ms = self._words[-1].end_ms
        self._pauses.append((begin_ms, begin_ms + ms))
        self.silence(max(0, ms - 2 * EDGE_MS))

    def speech(self, clip: Clip, words: Sequence[Spoken]) -> None:
        """These words of a recording, one behind the other."""
        words = _within_voice(clip, words)
        from_ms = max(0, words[0].start_ms - EDGE_MS)
        shift_ms = self.at_ms - from_ms
        self._ulaw += clip.ulaw[from_ms * BYTES_PER_MS : (words[-1].end_ms + EDGE_MS) * BYTES_PER_MS]
        self._words += [Spoken(word.text, word.start_ms + shift_ms, word.end_ms + shift_ms) for word in words]

    def scene(self, name: str, expect: Expect, noise_pcm: bytes = b"", snr_db: float = 0.0) -> Scene:
        """``noise_pcm``: at so much below the speech, over the whole call."""
        self.silence(TAIL_MS)
        ulaw, words = bytes(self._ulaw), tuple(self._words)
        if noise_pcm:
            spans = Sentence(tuple((word.start_ms, word.end_ms) for word in words))
            ulaw = in_noise(ulaw, spans, noise_pcm, snr_db, self._random.randrange(20_000))
        return Scene(name, expect, Clip(name, ulaw, words), tuple(self._pauses))


@dataclass(frozen=True, slots=True)
class Noise:
    """What is heard behind a caller."""

    name: str = "clean"
    pcm: bytes = b""
    snr_db: float = 0.0


CLEAN = Noise()


def breaths_of(clip: Clip, *, synthetic: bool = False) -> list[list[Spoken]]:
    """A recording's words, cut where its speaker paused."""
    breaths = [[clip.words[0]]]
    for before, word in pairwise(clip.words):
        paused = word.start_ms - before.end_ms >= OWN_PAUSE_MS
        if paused or (synthetic and len(breaths[-1]) == WORDS_A_PLACE):
            breaths.append([])
        breaths[-1].append(word)
    return breaths


def sentence_scenes(
    clips: Sequence[Clip], law: PauseLaw, noise: Noise, seed: int, *, synthetic: bool = False
) -> list[Scene]:
    """Each recording once, as an open turn."""
    random = Random(f"{seed}/{law.name}")  # noqa: S311
    cut = [breaths_of(clip, synthetic=synthetic) for clip in clips]
    lengths_ms = iter(law.draw(sum(len(breaths) - 1 for breaths in cut), random))
    scenes = []
    for clip, breaths in zip(clips, cut, strict=True):
        builder = SceneBuilder(random)
        for number, words in enumerate(breaths):
            if number:
                builder.pause(next(lengths_ms))
            builder.speech(clip, words)
        scenes.append(builder.scene(f"{clip.name} {law.name}", Expect(), noise.pcm, noise.snr_db))
    return scenes


def word_scenes(clips: Sequence[Clip], noise: Noise, seed: int) -> list[Scene]:
    """Single words and short answers, each to a question that expects it."""
    random = Random(f"{seed}/words")  # noqa: S311
    texts = [" ".join(word.text for word in clip.words) for clip in clips]
    choice = Expect(
        ExpectationKind.CHOICE,
        choices=tuple((text, ()) for text in dict.fromkeys(texts) if text not in DIGITS and not _is_yes_no(text)),
    )
    scenes = []
    for clip, text in zip(clips, texts, strict=True):
        digit = Expect(ExpectationKind.DIGITS, min_digits=1, max_digits=1)
        expect = digit if text in DIGITS else Expect(ExpectationKind.YES_NO) if _is_yes_no(text) else choice
        builder = SceneBuilder(random)
        builder.speech(clip, clip.words)
        scenes.append(builder.scene(clip.name, expect, noise.pcm, noise.snr_db))
    return scenes


def number_scenes(
    digits: Mapping[str, Sequence[tuple[Clip, Spoken]]], count: int, noise: Noise, seed: int
) -> list[Scene]:
    """Phone numbers of nine and ten digits, in groups with pauses between. ``digits``: recordings by the word."""
    random = Random(f"{seed}/numbers")  # noqa: S311
    scenes = []
    for number in range(count):
        text = _phone_number(random, spoken=[str(DIGITS.index(word)) for word in digits])
        builder, left = SceneBuilder(random), list(text)
        for index, length in enumerate(random.choice(GROUPS[len(text)])):
            if index:
                builder.pause(random.randint(*BETWEEN_GROUPS_MS))
            for place in range(length):
                if place:
                    builder.silence(random.randint(*BETWEEN_DIGITS_MS))
                clip, word = random.choice(digits[DIGITS[int(left.pop(0))]])
                builder.speech(clip, [word])
        scenes.append(builder.scene(f"number {number + 1}", PHONE, noise.pcm, noise.snr_db))
    return scenes


def _phone_number(random: Random, spoken: Sequence[str]) -> str:
    """A mobile or a land number of Israel's plan, of digits that somebody has recorded."""
    prefixes = [
        one for one in ("050", "052", "053", "054", "058", "02", "03", "04", "08", "09") if set(one) <= set(spoken)
    ]
    prefix = random.choice(prefixes)
    return prefix + random.choice([one for one in spoken if one not in "01"]) + "".join(random.choices(spoken, k=6))


def _within_voice(clip: Clip, words: Sequence[Spoken]) -> list[Spoken]:
    """They begin and end with their voice: times made by machine may reach far into the silence around it."""
    words = list(words)
    begins_ms = [at_ms for at_ms in _voiced_frames_ms(clip.ulaw) if words[0].start_ms <= at_ms < words[0].end_ms]
    words[0] = replace(words[0], start_ms=min(begins_ms, default=words[0].start_ms))
    last = words[-1]
    ends_ms = [at_ms + FRAME_MS for at_ms in _voiced_frames_ms(clip.ulaw)]
    ends_ms = [end_ms for end_ms in ends_ms if last.start_ms < end_ms <= last.end_ms]
    words[-1] = replace(last, end_ms=max(ends_ms, default=last.end_ms))
    return words


@cache
def _voiced_frames_ms(ulaw: bytes) -> tuple[int, ...]:
    """Where each loud frame of a recording begins."""
    levels = [dbfs(ulaw_to_pcm(frame)) for frame in frames_of(ulaw)]
    return tuple(at * FRAME_MS for at, level in enumerate(levels) if level > max(levels) - VOICE_DB)


def quiet_line(ms: int, random: Random) -> bytes:
    """A quiet line for so long, at most a minute."""
    line = _line_noise()
    at = random.randrange(len(line) - ms * BYTES_PER_MS)
    return line[at : at + ms * BYTES_PER_MS]


@cache
def _line_noise() -> bytes:
    """A minute of a quiet line: scenes take pieces of it, for to draw each byte anew takes longer than to hear it."""
    return bytes(Random(7).choices(LINE_NOISE, k=60_000 * BYTES_PER_MS))  # noqa: S311


def _is_yes_no(text: str) -> bool:
    return text.split()[0] in ("כן", "לא")
