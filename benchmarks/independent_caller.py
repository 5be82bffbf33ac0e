"""A caller that streamdouble plays: an independent client of Twilio's media protocol (requirements-referee.txt).

streamdouble knows the socket alone. The webhooks around it are the simulator's, and a relay signs the handshake, which
streamdouble does not. What it heard becomes a CallReport, so that it is compared with the rows as any call is.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from twilio.request_validator import RequestValidator

from calls.lab.call_report import CallRefused, CallReport, Line
from calls.lab.caller_script import ScriptedCaller, ScriptStep
from calls.lab.playout import MarkFate, Playout
from calls.lab.server_messages import ServerAudio, ServerClear, ServerMark
from calls.lab.simulator import SimulatedCall
from calls.lab.twilio_messages import ACCOUNT_SID, connect_of
from stt.audio import FRAME_BYTES, SAMPLE_RATE_HZ, ULAW_SILENCE
from stt.wavfile import read_ulaw

TAIL_S, LONGEST_S = 1.5, 120.0
"""The caller hangs up when it has heard nothing for so long after its last words; and in any case after so long."""


class SigningRelay:
    """Forwards connections to ``target`` (host:port), with Twilio's signature in their handshake. Loopback only."""

    def __init__(self, target: str, public_url: str, auth_token: str) -> None:
        self._host, _, self._port = target.rpartition(":")
        self._public_url = public_url.replace("http", "ws", 1).rstrip("/")
        self._validator = RequestValidator(auth_token)
        self._server: asyncio.Server | None = None
        self._joined: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> SigningRelay:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101 - entered
        self._server.close()
        for task in self._joined:
            task.cancel()
        await asyncio.gather(*self._joined, return_exceptions=True)

    @property
    def address(self) -> str:
        assert self._server is not None  # noqa: S101 - entered
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def _accept(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(near, to_near))
        self._joined.add(task)
        task.add_done_callback(self._joined.discard)

    async def _join(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        head = await near.readuntil(b"\r\n\r\n")
        request, _, rest = head.partition(b"\r\n")
        path = request.split()[1].decode("ascii")
        signature = self._validator.compute_signature(self._public_url + path, {})
        far, to_far = await asyncio.open_connection(self._host, int(self._port))
        try:
            to_far.write(request + f"\r\nX-Twilio-Signature: {signature}\r\n".encode("ascii") + rest)
            await asyncio.gather(_pump(near, to_far), _pump(far, to_near))
        finally:
            to_far.close()
            to_near.close()


def _path(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
        sink.write_eof()


@dataclass(slots=True)
class IndependentCall:
    """One call. ``run`` plays it to its end."""

    line: Line
    relay: SigningRelay
    script: Sequence[ScriptStep]
    jitter_ms: float = 0.0
    loss: float = 0.0
    """Share of the caller's frames that are never sent."""
    seed: int = 1
    from_number: str = "+972501234567"
    call_sid: str = field(default_factory=lambda: "CA" + secrets.token_hex(16))
    complaints: list[str] = field(default_factory=list)
    """What streamdouble says against the server; empty: nothing."""

    async def run(self) -> CallReport:
        """Raises CallRefused, OSError."""
        from streamdouble.chaos import Impairments
        from streamdouble.protocol import StreamIdentity
        from streamdouble.scenario import Say, Scenario
        from streamdouble.session import Session, SessionConfig

        twilio = SimulatedCall(self.line, (), from_number=self.from_number)
        stream, action = connect_of(await twilio.ring(self.call_sid))
        if stream is None:
            raise CallRefused("no_stream")
        session = Session(
            f"ws://{self.relay.address}{_path(stream.get('url'))}",
            [],
            identity=StreamIdentity(account_sid=ACCOUNT_SID, call_sid=self.call_sid),
            config=SessionConfig(
                max_call_s=LONGEST_S,
                custom_parameters={one.get("name"): one.get("value") for one in stream.iter("Parameter")},
                impairments=Impairments(loss=self.loss, jitter_ms=self.jitter_ms),
                chaos_seed=self.seed,
            ),
        )
        sent = bytearray()
        random = Random(self.seed)  # noqa: S311
        caller = ScriptedCaller(self.script, random, read=read_ulaw, tail_s=TAIL_S, longest_s=LONGEST_S)
        # A step's frames are read one by one, so that the caller may listen before each.
        session.scenario = Scenario("caller", [Say(Path("caller"), _frames(caller, session.result, sent))])
        result = await session.run()
        report = CallReport(self.call_sid, streams=[result.identity.stream_sid], sent_audio=[(0, sent)])
        report.played, report.unspoken = list(caller.spoken), caller.unspoken
        report.frames_sent = result.frames_sent
        report.marks, report.heard_bytes = list(result.marks_echoed), len(result.audio_received)
        ear = StreamEar()
        ear.follow(result, result.audio_received)
        report.add_playout(ear.playout)
        self.complaints += complaints_of(result, report)
        ended = {"CallSid": self.call_sid, "CallStatus": "completed"}
        report.after = await twilio.post(_path(action), ended)
        await twilio.post("/twilio/status", {**ended, "CallDuration": str(len(sent) // SAMPLE_RATE_HZ)})
        return report


class StreamEar:
    """streamdouble's log, as the line's audio is played of which it tells."""

    def __init__(self) -> None:
        self.playout = Playout()
        self._events = 0
        self._bytes = 0

    def follow(self, result: Any, ulaw: bytes = b"") -> None:
        """Take what is new in the log. ``ulaw``: all that was received; without it silence stands in its place."""
        new = result.events[self._events :]
        self._events += len(new)
        for event in new:
            samples = round((event.at - result.started_at) * SAMPLE_RATE_HZ)
            self.playout.advance(samples)
            self.playout.due_marks(samples)
            match event.kind:
                case "media_received":
                    until = self._bytes + event.detail["bytes"]
                    audio = ulaw[self._bytes : until] or ULAW_SILENCE * event.detail["bytes"]
                    self.playout.receive(ServerAudio(audio), samples)
                    self._bytes = until
                case "mark_received":
                    self.playout.receive(ServerMark(event.detail["name"]), samples)
                case "clear_received":
                    self.playout.receive(ServerClear(), samples)
                case "sent_stop" | "connection_closed":
                    self.playout.end(samples)


def _frames(caller: ScriptedCaller, result: Any, sent: bytearray) -> Iterator[bytes]:
    """What the caller says, frame by frame, as it listens; all of it goes into ``sent``."""
    ear = StreamEar()
    for index in itertools.count():
        ear.follow(result)
        ear.playout.advance(index * FRAME_BYTES)
        frame = caller.frame(index, ear.playout)
        if frame is None:
            return
        sent += frame
        yield frame


def complaints_of(result: Any, report: CallReport) -> list[str]:
    """What streamdouble found wrong with the server; and marks that it gave back otherwise than the simulator would."""
    complaints = [f"violation {one.code}: {one}" for one in result.violations]
    complaints += [f"unknown event {one}" for one in result.unknown_events]
    complaints += [f"warning: {one}" for one in result.warnings]
    if result.timed_out or result.closed_before_audio:
        complaints.append("the line never spoke")
    reached = [echo.name for echo in report.mark_fates if echo.fate is MarkFate.REACHED]
    if result.marks_echoed != reached:
        complaints.append(f"it gave back the marks {result.marks_echoed}, and {reached} were reached")
    return complaints
