"""A caller's line that gives our own sound back: a linear echo path over a noisy µ-law line, and a call on it."""

import audioop
from collections import Counter
from random import Random

from calls.core.audio_intake import AudioIntake
from calls.core.echo_control import EchoControl
from calls.core.messages import Media
from calls.core.sender_clock import MAX_MEDIA_MS
from stt.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, LINE_NOISE, frames_of, pcm_to_ulaw, ulaw_to_pcm
from stt.emulator.recordings import read_ulaw
from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechStarted
from tests.paths import SAMPLES

BEGINS_MS = 1000
"""The line begins to speak, in the calls of ``Heard``."""
CHUNK_MS = 200


def voice(seed, ms):
    """Sample sentences in some order: the same seed is the same voice."""
    names = sorted(SAMPLES.glob("*.wav"))
    Random(seed).shuffle(names)
    ulaw = b"".join(read_ulaw(name) for name in names)
    return ulaw[: ms * BYTES_PER_MS]


def line(length_ms, *sounds, seed=1):
    """The frames that come from a caller: line noise, and sounds ``(at_ms, ulaw, db)`` that are added to it."""
    pcm = ulaw_to_pcm(bytes(Random(seed).choices(LINE_NOISE, k=length_ms * BYTES_PER_MS)))
    for at_ms, ulaw, by_db in sounds:
        part = bytes(2 * BYTES_PER_MS * at_ms) + audioop.mul(ulaw_to_pcm(ulaw), 2, 10 ** (by_db / 20))
        pcm = audioop.add(pcm, part[: len(pcm)].ljust(len(pcm), b"\0"), 2)
    return list(frames_of(pcm_to_ulaw(pcm)))


class HeardBesideOurs:
    """Our sound is played from BEGINS_MS on, sent 400 ms ahead, while these frames come: what is heard in them."""

    def __init__(self, ours, frames, make_canceller=None):
        self.counters = Counter()
        self.echo = EchoControl(self.counters, make_canceller)
        self.audio = AudioIntake(
            Endpointer(EndpointOptions()), self.counters, self.echo, base_ms=0, longest_ms=MAX_MEDIA_MS, opened_ms=0.0
        )
        self.starts_ms, self.feeds, self.margins_db = [], [], []
        self.told_ms = []
        """When each start was told."""
        sent = 0
        for at_ms in range(0, len(frames) * FRAME_MS, FRAME_MS):
            while sent < len(ours) and at_ms >= BEGINS_MS + sent // BYTES_PER_MS - 400:
                chunk = ours[sent : sent + CHUNK_MS * BYTES_PER_MS]
                self.audio.plays(BEGINS_MS + sent / BYTES_PER_MS, chunk, "")
                sent += len(chunk)
            self._receive(at_ms, frames[at_ms // FRAME_MS])
            self.margins_db.append(self.echo.gate.margin_db)

    def _receive(self, at_ms, ulaw):
        assert len(ulaw) == FRAME_BYTES
        for frame in self.audio.frames(Media(None, at_ms, ulaw), at_ms):
            boundary = self.audio.perceive(frame, at_ms)
            if isinstance(boundary, SpeechStarted):
                self.starts_ms.append(boundary.start_ms)
                self.told_ms.append(at_ms + FRAME_MS)
            self.feeds.append(self.audio.keep(frame))
