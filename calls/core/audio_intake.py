"""The caller's audio on its way in: messages become frames, and each frame is perceived once and kept. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from calls.core.actions import Feed
from calls.core.audio_buffer import AudioBuffer
from calls.core.depacketizer import Depacketizer, Frame
from calls.core.echo_control import EchoControl
from calls.core.frame_delays import DelayMeter
from calls.core.messages import Media
from calls.core.status import VoicedRun
from calls.core.voice_meter import VoiceMeter
from stt.audio import duration_ms
from stt.endpointing.endpointer import Boundary, Endpointer, SpeechEnded

NO_FRAMES_MARGIN_MS = 300
"""Beyond the hangover: this long without any frame ends the utterance by wall time."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a call's record says of its frames."""

    frames: int
    lost: int
    delays: DelayMeter
    """How late they came."""


class AudioIntake:
    """One call's frames, on media time."""

    def __init__(
        self,
        endpointer: Endpointer,
        counters: Counter[str],
        echo: EchoControl | None = None,
        *,
        base_ms: int,
        longest_ms: int,
        opened_ms: float,
    ) -> None:
        """``base_ms``, ``longest_ms``: the depacketizer's. ``opened_ms``: when the socket opened."""
        self.endpointer = endpointer
        self.depacketizer = Depacketizer(counters, base_ms, longest_ms)
        self.buffer = AudioBuffer()
        self.delays = DelayMeter()
        self.echo = echo or EchoControl(counters)
        """What the line plays meanwhile, and what comes back of it."""
        self._own = self.echo.own
        self._beside_ours = b""
        """The frame that was perceived last, as it was heard, where our own sound may be in it."""
        self.last_frame_ms = opened_ms
        """Monotonic instant of the last frame's arrival; until the first one, of the stream's start."""
        self._voice = VoiceMeter()
        self.frame_count = 0

    def frames(self, message: Media, now_ms: float) -> Sequence[Frame]:
        """The frames that a message completes. Counts how late it is."""
        frames = self.depacketizer.frames(message, now_ms)
        stamp_ms = self.depacketizer.sender.stamp_ms
        if stamp_ms is not None:
            self.delays.add(stamp_ms, now_ms)
        return frames

    def perceive(self, frame: Frame, now_ms: float) -> Boundary | None:
        """Whether speech begins or ends with this frame."""
        endpointer = self.endpointer
        self.last_frame_ms = now_ms
        if now_ms < self._own.comes_back_until_ms:
            boundary = self._perceive_beside_ours(frame, now_ms)
        elif frame.concealed:
            boundary = endpointer.conceal(frame.at_ms)
        else:
            boundary = endpointer.push(frame.ulaw, frame.at_ms)
        if endpointer.voiced:
            self._voice.voiced(frame.at_ms, now_ms, endpointer.hangover_ms)
        return boundary

    def _perceive_beside_ours(self, frame: Frame, now_ms: float) -> Boundary | None:
        """The same while our own sound may be in it."""
        echo, endpointer = self.echo, self.endpointer
        self._beside_ours = ulaw = echo.clean(frame.ulaw, frame.at_ms, now_ms)
        if frame.concealed:
            return endpointer.conceal(frame.at_ms)
        boundary = endpointer.push(ulaw, frame.at_ms, echo.least_dbfs(now_ms))
        echo.learn(endpointer.level_dbfs, now_ms, voiced=endpointer.voiced or endpointer.echoed)
        return boundary

    @property
    def voiced_run(self) -> VoicedRun | None:
        """The newest voice."""
        return self._voice.run

    @property
    def last_voiced_ms(self) -> float:
        """Monotonic instant of the last voiced frame's arrival; 0 before the first."""
        return self._voice.last_ms

    def plays(self, begins_ms: float, ulaw: bytes, words: str) -> list[float]:
        """Our own sound is sent, and played from that monotonic instant on; it is part of what says these words, and
        may come back. Returns its levels, 20 ms each."""
        at_ms = self.media_ms(begins_ms)
        self.echo.own_words.said(at_ms, at_ms + duration_ms(ulaw), words)
        return self.echo.own.sent(begins_ms, ulaw)

    def cleared(self, now_ms: float) -> None:
        """What of it would be played from now on is not played."""
        self.echo.own_words.cleared(self.media_ms(now_ms))
        self.echo.own.cleared(now_ms)

    def keep(self, frame: Frame) -> Feed:
        """The frame that was perceived last, with what was perceived in it; from now on the buffer holds it."""
        endpointer = self.endpointer
        if self._beside_ours:
            ulaw, self._beside_ours = self._beside_ours, b""
            perceived = endpointer.level_dbfs, endpointer.voiced, endpointer.unvoiced, endpointer.echoed
            feed = Feed(ulaw, frame.at_ms, *perceived, b"" if ulaw is frame.ulaw else frame.ulaw)
        else:
            feed = Feed(frame.ulaw, frame.at_ms, endpointer.level_dbfs, endpointer.voiced, endpointer.unvoiced)
        self.buffer.push(feed)
        self.frame_count += 1
        return feed

    def end(self) -> SpeechEnded | None:
        """The audio ends here; returns the utterance that was spoken."""
        return self.endpointer.end()

    def end_without_frames(self, now_ms: float) -> SpeechEnded | None:
        """The utterance that ends because frames stopped coming in mid-speech."""
        deadline_ms = self.next_deadline_ms()
        return self.endpointer.end() if deadline_ms is not None and now_ms >= deadline_ms else None

    def next_deadline_ms(self) -> float | None:
        """When an utterance that is being spoken ends, unless a frame comes."""
        if not self.endpointer.speaking:
            return None
        return self.last_frame_ms + self.endpointer.hangover_ms + NO_FRAMES_MARGIN_MS

    def media_ms(self, now_ms: float) -> int:
        """Media time at this instant: of the last frame, and what is on its way since."""
        return round(self.next_ms + max(0.0, now_ms - self.last_frame_ms))

    def recent(self, ms: int) -> bytes:
        """The newest µ-law, as far as it is kept."""
        return self.buffer.audio(self.next_ms - ms, self.next_ms)

    @property
    def received(self) -> Received:
        """How the frames came."""
        return Received(self.depacketizer.received, self.depacketizer.lost, self.delays)

    @property
    def next_ms(self) -> int:
        """Media time up to which audio has come."""
        return self.depacketizer.next_ms
