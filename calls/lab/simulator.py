"""A faithful Twilio: it calls our number as Twilio would, and plays recordings into the line or converses by a script.

Webhook first (signed), then whatever the TwiML says: the media socket with Twilio's handshake, ``connected``,
``start``, a frame each 20 ms by a monotonic clock, ``stop``, and the action and status callbacks behind it. Numbers are
strings, the first timestamp is never 0, pauses are line noise and not digital silence (as captured). What the caller
says is calls/lab/caller_script.py's, what the caller hears calls/lab/playout.py's.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import websockets
from twilio.request_validator import RequestValidator

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.caller_script import CallerVoice, EndedBy, RecordedCaller, ScriptedCaller, ScriptStep
from calls.lab.echo_path import Echo
from calls.lab.gsm import echo_path
from calls.lab.listener import CallClock, Listener
from calls.lab.playout import Playout, TwilioHabits
from calls.lab.twilio_messages import (
    ACCOUNT_SID,
    CONNECTED,
    connect_of,
    media_message,
    start_message,
    stop_message,
)
from stt.audio import FRAME_BYTES, FRAME_MS
from stt.wavfile import read_ulaw

HTTP_TIMEOUT_S = 10.0
"""A webhook that is not answered within this time has failed."""
FOLLOW_ATTEMPTS, FOLLOW_PAUSE_S = 60, 0.25
"""So often, and this far apart, the server is asked what follows the stream: long enough for it to start again."""


@dataclass(slots=True)
class SimulatedCall:
    """One call. ``run`` plays it to its end."""

    line: Line
    clips: Sequence[Path]
    pauses_s: Sequence[float] = (0.9,)
    """Pause before each recording but the first; the last value repeats."""
    lead_s: float = 1.0
    tail_s: float = 1.5
    seed: int = 1
    from_number: str = "+972501234567"
    call_sid: str = ""
    offers_subprotocol: bool = False
    injected: dict[int, str] = field(default_factory=dict)
    """Raw messages sent before the frame of this index."""
    speed: float = 1.0
    """Times real time; above 1 only where the server's recogniser bears it."""

    script: Sequence[ScriptStep] = ()
    """In place of ``clips``: what the caller says when; after it and the line's last answer it hangs up when nothing
    was heard for ``tail_s``."""
    interruptions: Sequence[ScriptStep] = ()
    """Said over the line's answers, whatever the script waits for."""
    echo: Echo | None = None
    """The caller's phone gives back what it plays."""
    longest_s: float = 120.0
    """Of a scripted call: the caller hangs up then."""
    habits: TwilioHabits = field(default_factory=TwilioHabits)
    """Twilio's own misbehaviour."""
    on_spoken: Callable[[int], object] = lambda _: None
    """Told that the script's first, second... clip begins."""

    async def run(self) -> CallReport:
        """Raises CallRefused, OSError where nobody listens, WavError for a recording that cannot be played,
        GsmMissing."""
        random = Random(f"{self.seed}/{self.from_number}")  # noqa: S311
        call_sid = self.call_sid or "CA" + secrets.token_hex(16)
        report = CallReport(call_sid)
        caller = self._caller(random)
        twiml = await self.ring(call_sid)
        began_s = time.perf_counter()
        ended = False
        while True:
            stream, action = connect_of(twiml)
            if stream is None:
                break
            first = 0 if not report.streams else int((time.perf_counter() - began_s) * 1000 / FRAME_MS * self.speed)
            try:
                before = report.frames_sent
                ended = await self._converse(stream, caller, first, report, random)
                sent = report.frames_sent - before
                report.spans.append((first * FRAME_MS, (first + sent) * FRAME_MS))
            except (CallRefused, OSError) as error:
                report.refusals.append(getattr(error, "code", type(error).__name__))
            if not action:
                break
            status = "completed" if ended else "in-progress"
            twiml = await self._follow(action, {"CallSid": call_sid, "CallStatus": status})
            report.after = twiml
            if ended:
                break
        if not report.streams:
            raise CallRefused(report.refusals[0] if report.refusals else "no_stream")
        report.played = [(name, start + report.first_ms, end + report.first_ms) for name, start, end in caller.spoken]
        report.ended_by = caller.end if ended else EndedBy.LINE
        report.unspoken = caller.unspoken
        seconds = max(end for _, end in report.spans) // 1000 if report.spans else 0
        await self._announce_end(call_sid, seconds, report)
        return report

    def _caller(self, random: Random) -> CallerVoice:
        if self.script or self.interruptions:
            return ScriptedCaller(
                self.script,
                random,
                read=read_ulaw,
                tail_s=self.tail_s,
                longest_s=self.longest_s,
                interruptions=self.interruptions,
                on_spoken=self.on_spoken,
            )
        recordings = [(clip.name, read_ulaw(clip)) for clip in self.clips]
        return RecordedCaller(recordings, random, lead_s=self.lead_s, pauses_s=self.pauses_s, tail_s=self.tail_s)

    async def _announce_end(self, call_sid: str, seconds: int, report: CallReport) -> None:
        """The callbacks behind the call: its stream's and its own status."""
        form = {"CallSid": call_sid, "CallStatus": "in-progress"}
        for path, more in (
            ("/twilio/stream", {"StreamEvent": "stream-stopped"}),
            ("/twilio/status", {"CallStatus": "completed", "CallDuration": str(seconds)}),
        ):
            try:
                await self.post(path, {**form, **more})
            except (CallRefused, urllib.error.URLError, OSError) as error:
                # The call is over all the same.
                report.refusals.append(getattr(error, "code", type(error).__name__))

    async def ring(self, call_sid: str) -> str:
        """The TwiML of a call that comes in. Raises CallRefused, OSError."""
        return await self.post("/twilio/voice", {"CallSid": call_sid, "CallStatus": "ringing", "Direction": "inbound"})

    async def _follow(self, action: str, form: dict[str, str]) -> str:
        """Ask what comes next; a server that is away for a moment is asked again, as a balancer would."""
        parts = urllib.parse.urlsplit(action)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        for attempt in range(FOLLOW_ATTEMPTS):
            try:
                return await self.post(path, form)
            except (urllib.error.URLError, OSError):
                if attempt + 1 == FOLLOW_ATTEMPTS:
                    raise
                await asyncio.sleep(FOLLOW_PAUSE_S)
        return ""

    async def _converse(self, stream: Any, caller: CallerVoice, first: int, report: CallReport, random: Random) -> bool:
        """One stream, from the call's frame of index ``first`` on; True when it was the caller who ended it. Raises
        CallRefused, OSError."""
        public = stream.get("url")
        path = urllib.parse.urlsplit(public).path
        base = urllib.parse.urlsplit(self.line.base_url)
        url = f"{'wss' if base.scheme == 'https' else 'ws'}://{base.netloc}{path}"
        signature = RequestValidator(self.line.auth_token).compute_signature(public, {})
        try:
            connection = await websockets.connect(
                url,
                additional_headers={"X-Twilio-Signature": signature},
                user_agent_header="TwilioMediaStreams/1.0",
                subprotocols=["audio.twilio.com"] if self.offers_subprotocol else None,  # type: ignore[list-item]
                compression=None,
            )
        except websockets.InvalidStatus as error:
            raise CallRefused(f"socket_{error.response.status_code}") from error
        ended = False
        async with connection:
            stream_sid = "MZ" + secrets.token_hex(16)
            report.streams.append(stream_sid)
            playout = Playout(self.habits, first * FRAME_BYTES)
            clock = CallClock(first * FRAME_BYTES, self.speed)
            listener = Listener(connection, stream_sid, playout, clock, report)
            listening = asyncio.create_task(listener.run())
            try:
                await self._speak(listener, stream, caller, first, random)
                ended = True
                await asyncio.wait({listening}, timeout=0.2)
            except websockets.ConnectionClosed:
                pass
            finally:
                await connection.close()
                await listening
                report.add_playout(playout)
            report.close_code = connection.close_code
        return ended

    async def _speak(self, listener: Listener, stream: Any, caller: CallerVoice, first: int, random: Random) -> None:
        connection, stream_sid, report = listener.connection, listener.stream_sid, listener.report
        echo = echo_path(self.echo) if self.echo is not None else None
        first_ms = random.randint(40, 160)
        if len(report.streams) == 1:
            # Media time begins with the first frame's timestamp.
            report.first_ms = first_ms
        await connection.send(CONNECTED)
        await connection.send(start_message(report.call_sid, stream_sid, stream))
        sent = bytearray()
        report.sent_audio.append((first * FRAME_BYTES, sent))
        began_s = listener.clock.start()
        for index in itertools.count():
            due_s = began_s + index * FRAME_MS / 1000 / self.speed
            delay_s = due_s - time.perf_counter()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            late_ms = (time.perf_counter() - due_s) * 1000
            listener.playout.advance(listener.clock.now_samples())
            frame = caller.frame(first + index, listener.playout)
            if frame is None:
                break
            if echo is not None:
                begin = (first + index) * FRAME_BYTES - echo.echo.delay_samples
                frame = echo.mix(frame, listener.playout.sound(begin, begin + FRAME_BYTES))
            report.late_ms.append(late_ms)
            if index in self.injected:
                await connection.send(self.injected[index])
            report.sent_s.append(time.monotonic())
            stray_ms = -2 if index % 73 == 72 else 0
            at_ms = first_ms + index * FRAME_MS + stray_ms
            message = media_message(stream_sid, index, at_ms, frame, listener.marks)
            listener.frames += 1
            await connection.send(message)
            sent += frame
            report.frames_sent += 1
        listener.end()
        await connection.send(stop_message(report.call_sid, stream_sid, listener.frames + listener.marks))

    async def post(self, path: str, form: dict[str, str]) -> str:
        fields = {
            "AccountSid": ACCOUNT_SID,
            "ApiVersion": "2010-04-01",
            "From": self.from_number,
            "To": self.line.to_number,
            **form,
        }
        validator = RequestValidator(self.line.auth_token)
        signature = validator.compute_signature(self.line.public_url.rstrip("/") + path, fields)
        request = urllib.request.Request(  # noqa: S310 - http(s) only
            self.line.base_url.rstrip("/") + path,
            data=urllib.parse.urlencode(fields).encode(),
            headers={"X-Twilio-Signature": signature, "User-Agent": "TwilioProxy/1.1", "X-Forwarded-Proto": "https"},
        )

        def post() -> str:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
                return str(response.read().decode())

        try:
            return await asyncio.to_thread(post)
        except urllib.error.HTTPError as error:
            with error:
                raise CallRefused(f"webhook_{error.code}") from error
