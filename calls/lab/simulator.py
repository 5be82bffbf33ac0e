"""A faithful Twilio: it calls our number as Twilio would, and plays recordings into the line.

Webhook first (signed), then whatever the TwiML says: the media socket with Twilio's handshake, ``connected``,
``start``, a frame each 20 ms by a monotonic clock, ``stop``, and the action and status callbacks behind it. Numbers are
strings, the first timestamp is never 0, pauses are line noise and not digital silence (as captured).
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import websockets
from twilio.request_validator import RequestValidator

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.twilio_messages import (
    ACCOUNT_SID,
    CONNECTED,
    connect_of,
    media_message,
    start_message,
    stop_message,
)
from stt.audio import FRAME_BYTES, FRAME_MS, LINE_NOISE
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

    async def run(self) -> CallReport:
        """Raises CallRefused, OSError where nobody listens, WavError for a recording that cannot be played."""
        random = Random(f"{self.seed}/{self.from_number}")  # noqa: S311
        call_sid = self.call_sid or "CA" + secrets.token_hex(16)
        report = CallReport(call_sid)
        frames = list(self._frames(random, report))
        twiml = await self.ring(call_sid)
        began_s = time.perf_counter()
        ended = False
        while True:
            stream, action = connect_of(twiml)
            if stream is None:
                break
            spoken = 0 if not report.streams else int((time.perf_counter() - began_s) * 1000 / FRAME_MS * self.speed)
            try:
                before = report.frames_sent
                ended = await self._converse(stream, frames[spoken:], report, random)
                sent = report.frames_sent - before
                report.spans.append((spoken * FRAME_MS, (spoken + sent) * FRAME_MS))
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
        await self._announce_end(call_sid, len(frames) * FRAME_MS // 1000, report)
        return report

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

    def _frames(self, random: Random, report: CallReport) -> Iterator[bytes]:
        """The call's audio: recordings on frame boundaries, line noise between."""
        at = 0

        def noise(seconds: float) -> Iterator[bytes]:
            for _ in range(round(seconds * 1000 / FRAME_MS)):
                yield bytes(random.choices(LINE_NOISE, k=FRAME_BYTES))

        for index, clip in enumerate(self.clips):
            pause_s = self.lead_s if index == 0 else self.pauses_s[min(index, len(self.pauses_s)) - 1]
            for frame in noise(pause_s):
                at += 1
                yield frame
            ulaw = read_ulaw(clip)
            start = at
            for begin in range(0, len(ulaw), FRAME_BYTES):
                at += 1
                yield ulaw[begin : begin + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
            report.played.append((clip.name, start * FRAME_MS, at * FRAME_MS))
        yield from noise(self.tail_s)

    async def _converse(self, stream: Any, frames: list[bytes], report: CallReport, random: Random) -> bool:
        """One stream; True when it was the caller who ended it. Raises CallRefused, OSError."""
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
            listener = asyncio.create_task(self._listen(connection, stream_sid, report))
            try:
                await self._speak(connection, stream, stream_sid, frames, report, random)
                ended = True
                await asyncio.wait({listener}, timeout=0.2)
            except websockets.ConnectionClosed:
                pass
            finally:
                await connection.close()
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)
            report.close_code = connection.close_code
        return ended

    async def _speak(
        self, connection: Any, stream: Any, stream_sid: str, frames: list[bytes], report: CallReport, random: Random
    ) -> None:
        first_ms = random.randint(40, 160)
        await connection.send(CONNECTED)
        await connection.send(start_message(report.call_sid, stream_sid, stream))
        if len(report.streams) == 1:
            # Media time begins with the first frame's timestamp.
            report.played = [(name, start + first_ms, end + first_ms) for name, start, end in report.played]
        began_s = time.perf_counter()
        for index, frame in enumerate(frames):
            due_s = began_s + index * FRAME_MS / 1000 / self.speed
            delay_s = due_s - time.perf_counter()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            report.late_ms.append((time.perf_counter() - due_s) * 1000)
            if index in self.injected:
                await connection.send(self.injected[index])
            report.sent_s.append(time.monotonic())
            stray_ms = -2 if index % 73 == 72 else 0
            await connection.send(media_message(stream_sid, index, first_ms + index * FRAME_MS + stray_ms, frame))
            report.frames_sent += 1
        await connection.send(stop_message(report.call_sid, stream_sid, len(frames)))

    async def _listen(self, connection: Any, stream_sid: str, report: CallReport) -> None:
        """Play what the server says at 8000 bytes a second; send marks back when they are reached, or cleared."""
        plays_until_s = time.perf_counter()
        pending: dict[str, asyncio.Task[None]] = {}

        async def echo(name: str, delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            report.marks.append(name)
            await connection.send(json.dumps({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}}))

        try:
            async for text in connection:
                message = json.loads(text)
                if message["event"] == "media":
                    length = len(base64.b64decode(message["media"]["payload"]))
                    report.heard_bytes += length
                    plays_until_s = max(plays_until_s, time.perf_counter()) + length / 8000
                elif message["event"] == "mark":
                    name = message["mark"]["name"]
                    delay_s = max(0.0, plays_until_s - time.perf_counter())
                    pending[name] = asyncio.create_task(echo(name, delay_s))
                elif message["event"] == "clear":
                    report.clears += 1
                    plays_until_s = time.perf_counter()
                    for name, task in list(pending.items()):
                        if not task.done():
                            task.cancel()
                            pending[name] = asyncio.create_task(echo(name, 0))
        except websockets.ConnectionClosed:
            pass
        finally:
            for task in pending.values():
                task.cancel()
            await asyncio.gather(*pending.values(), return_exceptions=True)

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
