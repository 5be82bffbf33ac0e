"""A call heard again from its hearing trace: the same pure core, at the same settings or at others.

What the recogniser said, and when, stands as it came; only our own decisions are made anew: where speech begins and
ends, whose words they are, when a turn has them. An answer of the one-shot recogniser is used again where about the
same audio is asked about, else it is a guess, and counted as one. Pure: no files, no clock.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from calls.core import actions as act
from calls.core.messages import Media, Start
from calls.core.session import CallSession
from calls.core.turns import Turn
from stt.audio import FRAME_BYTES, FRAME_MS
from stt.endpointing.endpointer import Endpointer, EndpointOptions
from stt.endpointing.replayed import Perceived, ReplayedEndpointer
from stt.endpointing.silero import SileroVad
from stt.events import EVENT_OF, Final, OneShotDone, RecognizerError, RecognizerEvent, StreamingLost, Word
from stt.tuning import Tuning

LIKE_ENOUGH = 0.8
"""Two requests about audio that overlaps this much, of what both hold, get the same answer."""
GUESSED_ANSWER_MS = 500
"""How long an answer takes on a call that has none to go by."""
LAST_WORDS_MS = 60_000
"""After the end of the audio nothing is waited for longer than this."""


@dataclass(frozen=True, slots=True)
class HeardFrame:
    at_ms: int
    """Media time."""
    arrived_ms: int
    perceived: Perceived


@dataclass(frozen=True, slots=True)
class HeardEvent:
    now_ms: int
    event: RecognizerEvent
    after_ms: int | None = None
    """Media time up to which frames had come; None in an older trace."""


@dataclass(slots=True)
class RecordedCall:
    """One stream's trace."""

    frames: list[HeardFrame] = field(default_factory=list)
    events: list[HeardEvent] = field(default_factory=list)
    """By instant."""
    stopped_ms: int = 0
    timed: bool = True
    """The trace says when frames arrived; False: an older one, they are taken to have come evenly."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the one-shot recogniser."""

    from_ms: int
    to_ms: int
    """Media time of its audio."""
    asked_ms: int
    answered_ms: int
    words: tuple[str, ...]
    error: RecognizerError | None = None

    def likeness(self, from_ms: int, to_ms: int) -> float:
        shared = min(self.to_ms, to_ms) - max(self.from_ms, from_ms)
        return max(0.0, shared / (max(self.to_ms, to_ms) - min(self.from_ms, from_ms)))


@dataclass(slots=True)
class Rerun:
    """What the core made of it."""

    turns: dict[int, Turn] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    guessed: set[int] = field(default_factory=set)
    """Turns whose one-shot was never asked about: its words are what the stream said there."""


def heard_of(lines: Iterable[Mapping[str, Any]]) -> RecordedCall:
    """From ``trace.read_trace``. Raises ValueError, KeyError for lines that are none of ours."""
    heard = RecordedCall()
    first_at_ms: int | None = None
    for line in lines:
        if line.get("event") == "Stopped":
            heard.stopped_ms = line["now_ms"]
        elif "event" in line:
            heard.events.append(HeardEvent(line["now_ms"], _event(line), line.get("after_ms")))
        else:
            if first_at_ms is None:
                first_at_ms = line["frames"]
            count = len(line["voiced"])
            heard.timed = heard.timed and "arrived_ms" in line
            even = [line["frames"] - first_at_ms + FRAME_MS * i for i in range(count)]
            rows = zip(
                line.get("arrived_ms", even),
                line["dbfs"],
                line["voiced"],
                line.get("pitchless", [False] * count),
                strict=True,
            )
            for i, (arrived_ms, dbfs, voiced, pitchless) in enumerate(rows):
                at_ms = line["frames"] + FRAME_MS * i
                heard.frames.append(HeardFrame(at_ms, arrived_ms, Perceived(dbfs, voiced, pitchless)))
    if not heard.stopped_ms and heard.frames:
        heard.stopped_ms = heard.frames[-1].arrived_ms
    return heard


def rerun(
    heard: RecordedCall, tuning: Tuning, *, known: Rerun | None = None, audio: Audio | None = None, first: int = 1
) -> Rerun:
    """Hear it again. ``known``: the rerun at the settings that it was heard with, which knows what was asked about;
    without it this is that one. ``audio``: listen anew instead of taking what was perceived.
    """
    return _Call(heard, tuning, known, audio, first).run()


@dataclass(frozen=True, slots=True)
class Audio:
    """A stream's recording."""

    start_ms: int
    ulaw: bytes

    def frame(self, at_ms: int) -> bytes:
        begin = (at_ms - self.start_ms) * (FRAME_BYTES // FRAME_MS)
        return self.ulaw[max(0, begin) : max(0, begin + FRAME_BYTES)].ljust(FRAME_BYTES, b"\xff")


class _Call:
    """The shell's part: it hands on frames, events and deadlines in the order of their instants."""

    def __init__(
        self, heard: RecordedCall, tuning: Tuning, known: Rerun | None, audio: Audio | None, first: int
    ) -> None:
        self._heard = heard
        self._known = known
        self._result = Rerun()
        self._over = False
        self._ulaw = [audio.frame(f.at_ms) if audio else _marked(i) for i, f in enumerate(heard.frames)]
        self._whole = b"".join(self._ulaw)
        options = EndpointOptions.of(tuning)
        perceived = {frame.at_ms: frame.perceived for frame in heard.frames}
        lag_ms = SileroVad.lag_ms if tuning.vad_engine == "silero" else 0
        ear = Endpointer(options) if audio else ReplayedEndpointer(options, perceived, lag_ms)
        # A call's second stream begins where its first one had come to; timestamps count from there.
        self._base_ms = heard.frames[0].at_ms if heard.frames else 0
        self._session = CallSession("CA", tuning, base_ms=self._base_ms, first_number=first, endpointer=ear)
        self._events: list[tuple[float, int, HeardEvent]] = []
        self._order = 0
        self._now_ms = self._ticked_ms = -1.0
        self._answers: dict[int | None, list[tuple[int, OneShotDone]]] = {}
        for one in heard.events:
            if not isinstance(one.event, OneShotDone):
                self._push(one)
            elif known is None:
                self._answers.setdefault(one.event.utterance, []).append((one.now_ms, one.event))

    def run(self) -> Rerun:
        self._perform(self._session.receive(Start("MZ", "CA"), 0), 0)
        for frame, ulaw in zip(self._heard.frames, self._ulaw, strict=True):
            self._run_until(frame.arrived_ms, frame.at_ms)
            media = Media(None, frame.at_ms - self._base_ms, ulaw)
            self._perform(self._session.receive(media, self._now_ms), self._now_ms)
        self._run_until(self._heard.stopped_ms)
        self._perform(self._session.stop(self._heard.stopped_ms), self._heard.stopped_ms)
        self._run_until(self._heard.stopped_ms + LAST_WORDS_MS)
        return self._result

    def _run_until(self, until_ms: float, at_ms: int | None = None) -> None:
        """Events and deadlines that come before an instant, at which the frame of this media time comes."""
        while not self._over:
            deadline_ms = self._session.next_deadline_ms(self._now_ms)
            if deadline_ms is not None and deadline_ms <= self._ticked_ms:
                deadline_ms = None  # it was asked then, and time alone decides nothing more
            event = self._events[0][2] if self._events and _precedes(self._events[0][2], until_ms, at_ms) else None
            if event is not None and (deadline_ms is None or event.now_ms <= deadline_ms):
                heapq.heappop(self._events)
                self._now_ms = max(self._now_ms, event.now_ms)
                self._perform(self._session.heard(event.event, self._now_ms), self._now_ms)
            elif deadline_ms is not None and deadline_ms <= until_ms:
                self._now_ms = self._ticked_ms = max(self._now_ms, deadline_ms)
                self._perform(self._session.tick(self._now_ms), self._now_ms)
            else:
                self._now_ms = max(self._now_ms, until_ms)
                return

    def _perform(self, actions: list[act.Action], now_ms: float) -> None:
        for action in actions:
            if isinstance(action, act.Wake):
                self._perform(self._session.tick(now_ms), now_ms)
            elif isinstance(action, act.AskOneShot):
                self._ask(action, round(now_ms))
            elif isinstance(action, act.TurnAccepted | act.TurnRevised):
                self._result.turns[action.turn.number] = action.turn
            elif isinstance(action, act.CallOver):
                self._over = True

    # The one-shot recogniser

    def _ask(self, action: act.AskOneShot, now_ms: int) -> None:
        if not action.ulaw:
            return
        first = self._whole.find(action.ulaw) // FRAME_BYTES
        from_ms = self._heard.frames[first].at_ms
        to_ms = from_ms + len(action.ulaw) * FRAME_MS // FRAME_BYTES
        if self._known is None:
            answer = self._answer_of(action.utterance, from_ms, to_ms, now_ms)
        else:
            answer = self._answer_like(action.utterance, from_ms, to_ms, now_ms)
        if answer is not None:
            self._result.asks.append(answer)
            done = OneShotDone(action.utterance, answer.words, answer.error)
            self._push(HeardEvent(answer.answered_ms, done))

    def _answer_of(self, utterance: int, from_ms: int, to_ms: int, now_ms: int) -> Ask | None:
        """The recorded answer to this very request; None: none ever came."""
        answers = self._answers.get(utterance)
        if not answers:
            return None
        answered_ms, done = answers.pop(0)
        return Ask(from_ms, to_ms, now_ms, max(now_ms, answered_ms), done.words, done.error)

    def _answer_like(self, utterance: int, from_ms: int, to_ms: int, now_ms: int) -> Ask:
        """The answer to a request much like this one, as late as it was; else the stream's own words for that time."""
        asked = self._known.asks if self._known is not None else []
        like = max(asked, key=lambda ask: ask.likeness(from_ms, to_ms), default=None)
        if like is not None and like.likeness(from_ms, to_ms) >= LIKE_ENOUGH:
            took_ms = like.answered_ms - like.asked_ms
            return Ask(from_ms, to_ms, now_ms, now_ms + took_ms, like.words, like.error)
        self._result.guessed.add(utterance)
        took_ms = round(median([ask.answered_ms - ask.asked_ms for ask in asked] or [GUESSED_ANSWER_MS]))
        return Ask(from_ms, to_ms, now_ms, now_ms + took_ms, self._said(from_ms, to_ms))

    def _said(self, from_ms: int, to_ms: int) -> tuple[str, ...]:
        """What the stream's finals, whenever they came, hold of a time."""
        return tuple(
            word.text
            for one in self._heard.events
            if isinstance(one.event, Final)
            for word in one.event.words
            if word.start_ms is not None and word.end_ms is not None
            if from_ms <= (word.start_ms + word.end_ms) // 2 < to_ms
        )

    def _push(self, event: HeardEvent) -> None:
        self._order += 1
        heapq.heappush(self._events, (event.now_ms, self._order, event))


def _precedes(event: HeardEvent, until_ms: float, at_ms: int | None) -> bool:
    """It was heard before the frame that comes at this instant; within one millisecond the trace must say so."""
    before_frame = at_ms is not None and event.after_ms is not None and event.after_ms <= at_ms
    return event.now_ms < until_ms or (event.now_ms == until_ms and before_frame)


def _marked(index: int) -> bytes:
    """A frame that can be found again in a request."""
    return struct.pack(">I", index + 1) * (FRAME_BYTES // 4)


def _event(line: Mapping[str, Any]) -> RecognizerEvent:
    values = {name: value for name, value in line.items() if name not in ("event", "now_ms", "after_ms")}
    kind = EVENT_OF[line["event"]]
    if "words" in values:
        words = values["words"]
        values["words"] = tuple(Word(**word) for word in words) if kind is Final else tuple(words)
    if values.get("error") is not None:
        values["error"] = RecognizerError(values["error"])
    elif kind is StreamingLost:
        values["error"] = RecognizerError("unknown")
    return kind(**values)
