"""What the emulated voices sound like: a tone a letter, or espeak-ng where it is there. 8 kHz µ-law."""

from __future__ import annotations

import array
import csv
import math
import re
from functools import cache
from pathlib import Path

from calls.reply.voice import VoiceError
from calls.reply.voices.espeak import EspeakVoice, EspeakVoices
from calls.reply.voices.pieces import without_points
from stt.audio import SAMPLE_RATE_HZ, ULAW_SILENCE, pcm_to_ulaw

LETTER_MS = 65
"""Hebrew is spoken at about 15 letters a second."""
GAP_MS = 50
"""Between words, and for what is no letter."""
LEVEL = 6000
LOW_HZ, STEP_HZ, TONES = 300, 60, 40


def tones(text: str) -> bytes:
    """A tone for each letter and digit, the same one for the same letter: two texts never sound alike."""
    return b"".join(_tone(character) for character in without_points(text))


@cache
def _tone(character: str) -> bytes:
    if not character.isalnum():
        return ULAW_SILENCE * (GAP_MS * SAMPLE_RATE_HZ // 1000)
    hz = LOW_HZ + STEP_HZ * (ord(character) % TONES)
    count = LETTER_MS * SAMPLE_RATE_HZ // 1000
    # It swells and fades, so that letters are apart and nothing clicks.
    wave = (
        round(LEVEL * math.sin(math.pi * at / count) * math.sin(2 * math.pi * hz * at / SAMPLE_RATE_HZ))
        for at in range(count)
    )
    return pcm_to_ulaw(array.array("h", wave).tobytes())


class SpokenSound:
    """Speech of espeak-ng; a text that it cannot say is said in tones."""

    def __init__(self, folders: list[Path]) -> None:
        """``folders``: with a clips.tsv each, whose pointed words are known. Raises VoiceError without espeak-ng."""
        if why := EspeakVoices().unusable():
            raise VoiceError("voice_raised", why)
        self._voice = EspeakVoice()
        self._points: dict[str, str] = {}
        for folder in folders:
            with (folder / "clips.tsv").open(encoding="utf-8", newline="") as table:
                for row in csv.DictReader(table, delimiter="\t"):
                    plain, pointed = (re.findall(r"[^\s,.?!]+", row[name] or "") for name in ("transcript", "pointed"))
                    if len(plain) == len(pointed):
                        self._points.update(zip(plain, pointed, strict=True))

    async def __call__(self, text: str) -> bytes:
        text = re.sub(r"[^\s,.?!]+", lambda found: self._points.get(found.group(), found.group()), text)
        try:
            return b"".join([ulaw async for ulaw in self._voice.speak(text)])
        except VoiceError:
            return tones(text)


class ToneSound:
    """Tones, whatever the text."""

    async def __call__(self, text: str) -> bytes:
        return tones(text)
