"""CallDriver: the one place where a session's action becomes a deed.

A session (calls/core/session.py) decides and returns actions; whoever runs it gives the driver its hands: the live call
(calls/live/live_call.py), what-if (calls/whatif/trace_replay.py), the simulation (calls/lab/simulation.py) and the
tests' virtual call. Messages, events and instants go in through the driver; each action that comes out is one call of
one method of the hands. A deed that fails takes no other along: those behind it are done, then it is raised. Pure: no
I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from calls.core import actions as act
from calls.core.messages import Message
from calls.core.session import CallSession
from stt.events import RecognizerEvent


class Hands:
    """One method an action; what is not overridden is not done. ``CallDriver.now_ms`` says at which instant."""

    def feed(self, action: act.Feed) -> None:
        """A frame for the recogniser. On the media path: nothing here may wait."""

    def wake(self, action: act.Wake) -> None:
        """Ask the session again soon: ``CallDriver.tick``."""

    def renew(self, action: act.RenewStream) -> None: ...

    def pause(self, action: act.PauseStream) -> None: ...

    def resume(self, action: act.ResumeStream) -> None: ...

    def replace_stream(self, action: act.ReplaceStream) -> None: ...

    def replay(self, action: act.ReplayStream) -> None: ...

    def begin(self, action: act.CallBegun) -> None: ...

    def ask_one_shot(self, action: act.AskOneShot) -> None: ...

    def show_partial(self, action: act.Partial) -> None: ...

    def accept(self, action: act.TurnAccepted) -> None: ...

    def revise(self, action: act.TurnRevised) -> None: ...

    def save_answered(self, action: act.TurnAnswered) -> None: ...

    def reach_mark(self, action: act.MarkReached) -> None: ...

    def note(self, action: act.Note) -> None: ...

    def finish(self, action: act.FinishStream) -> None: ...

    def close_socket(self, action: act.CloseSocket) -> None: ...

    def end(self, action: act.CallOver) -> None: ...


Frames = Iterable[tuple[int, bytes]]
"""Media times, ms, with their audio: mu-law."""


class StreamHolder(Protocol):
    """What holds a call's streams: the Transcriber (stt/streaming/transcriber.py)."""

    def renew(self, at_ms: int, frames: Frames) -> None: ...

    def pause(self, at_ms: int) -> None: ...

    def resume(self, frames: Frames, at_ms: int | None = None) -> None: ...

    def replace(self, code: str) -> None: ...

    def replay(self, frames: Frames) -> None: ...


class StreamHands(Hands):
    """Hands that leave streams to what holds them."""

    def __init__(self, transcriber: StreamHolder) -> None:
        self.transcriber = transcriber

    def renew(self, action: act.RenewStream) -> None:
        self.transcriber.renew(action.at_ms, action.frames)

    def pause(self, action: act.PauseStream) -> None:
        self.transcriber.pause(action.at_ms)

    def resume(self, action: act.ResumeStream) -> None:
        self.transcriber.resume(action.frames, action.at_ms)

    def replace_stream(self, action: act.ReplaceStream) -> None:
        self.transcriber.replace(action.code)

    def replay(self, action: act.ReplayStream) -> None:
        self.transcriber.replay(action.frames)


class CallDriver:
    """Runs one session with these hands."""

    __slots__ = ("_at_once", "_deeds", "_defer", "now_ms", "session")

    def __init__(
        self, session: CallSession, hands: Hands, *, defer: Callable[[act.Action], None] | None = None
    ) -> None:
        """``defer`` takes what a message brings but need not be done on the media path, to be given to ``perform``
        later, in order; without it everything is performed at once."""
        self.session = session
        self.now_ms = 0.0
        """The instant of what is being performed."""
        self._at_once: dict[type, Callable[[Any], None]] = {
            act.Feed: hands.feed,
            act.Wake: hands.wake,
            act.RenewStream: hands.renew,
            act.PauseStream: hands.pause,
            act.ResumeStream: hands.resume,
            act.ReplaceStream: hands.replace_stream,
            act.ReplayStream: hands.replay,
        }
        """At once on the media path too: a moment later the next frame would go to the wrong stream."""
        self._deeds: dict[type, Callable[[Any], None]] = {
            **self._at_once,
            act.CallBegun: hands.begin,
            act.AskOneShot: hands.ask_one_shot,
            act.Partial: hands.show_partial,
            act.TurnAccepted: hands.accept,
            act.TurnRevised: hands.revise,
            act.TurnAnswered: hands.save_answered,
            act.MarkReached: hands.reach_mark,
            act.Note: hands.note,
            act.FinishStream: hands.finish,
            act.CloseSocket: hands.close_socket,
            act.CallOver: hands.end,
        }
        self._defer = defer

    def receive(self, message: Message, now_ms: float) -> None:
        """One message from Twilio. The media path: never waits."""
        self._from_the_line(self.session.receive(message, now_ms), now_ms)

    def stop(self, now_ms: float) -> None:
        """The caller's audio is over, whoever ended it."""
        self._from_the_line(self.session.stop(now_ms), now_ms)

    def heard(self, event: RecognizerEvent, now_ms: float) -> list[act.Action]:
        """A recogniser spoke. Returns what was performed."""
        return self._perform_all(self.session.heard(event, now_ms), now_ms)

    def answered(self, number: int, total_ms: int, now_ms: float) -> None:
        """The line's answer to a turn has begun."""
        self._perform_all(self.session.answered(number, total_ms), now_ms)

    def tick(self, now_ms: float) -> None:
        """What time has decided."""
        self._perform_all(self.session.tick(now_ms), now_ms)

    def perform(self, action: act.Action, now_ms: float) -> None:
        """One action that was deferred."""
        self.now_ms = now_ms
        self._deeds[type(action)](action)

    def _from_the_line(self, actions: Iterable[act.Action], now_ms: float) -> None:
        self.now_ms = now_ms
        rest = iter(actions)
        for action in rest:
            try:
                deed = self._at_once.get(type(action))
                if deed is not None:
                    deed(action)
                elif self._defer is not None:
                    self._defer(action)
                else:
                    self._deeds[type(action)](action)
            except Exception:
                self._from_the_line(rest, now_ms)
                raise

    def _perform_all(self, actions: list[act.Action], now_ms: float) -> list[act.Action]:
        self.now_ms = now_ms
        rest = iter(actions)
        for action in rest:
            try:
                self._deeds[type(action)](action)
            except Exception:
                self._perform_all(list(rest), now_ms)
                raise
        return actions
