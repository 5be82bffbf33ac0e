"""Decoders: a process that decodes utterances, from this side. Its places, its queue, deadlines, and its end.

A process, and not threads of this one: decoding takes a second of a core and more, and must never make the event loop
wait, neither for the processor (the process has a low priority) nor for the interpreter's lock; what a native library
does to its process it does not do to calls; and 300 MB are given back when it ends.

A decode cannot be stopped. When its deadline passes, whoever asked is told so and goes on; the decode itself goes on to
its end, its place stays taken until then, and what it says is thrown away. An utterance that still waits is taken out
of the queue instead. A process in which a decode takes longer than STUCK_S is killed, and the next request starts a
new one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from stt.engines.errors import ENGINE_ERROR
from stt.events import REFUSED, RecognizerError
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

DECODERS = 2
"""Utterances that are decoded at the same time."""
MOST_WAITING = 4
"""Utterances that wait for a decoder. With one more the queue would be longer than a turn waits (4 s)."""
STUCK_S = 60.0
"""The longest utterance, 60 s of speech, takes a quarter of this alone on a core."""
START_AGAIN_S = 5.0
"""A process that ended before it was ready is not started again for so long."""
END_S = 2.0
"""A process that was told to end is killed after so long."""
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1"}
"""All that the process is told: no keys, and not to ask a hub for what a folder lacks."""


@dataclass(slots=True, eq=False)
class _Request:
    pcm: bytes
    language: str
    before: bytes
    words: Future[list[str]] = field(default_factory=Future)
    begun_s: float = 0.0


class _Child:
    """One process. Its two threads end with it."""

    def __init__(self, owner: Decoders, command: Sequence[str], folder: Path) -> None:
        self.begun_s = time.monotonic()
        self.ready = False
        self.error: RecognizerError | None = None
        """Why it could not begin."""
        self.decoding: dict[int, _Request] = {}
        self._owner = owner
        self._requests: SimpleQueue[tuple[int, _Request] | None] = SimpleQueue()
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C and a service's stop are the server's to take: it drains, and still needs its words.
            start_new_session=True,
        )
        threading.Thread(name="whisper-requests", target=self._write, daemon=True).start()
        threading.Thread(name="whisper-answers", target=self._read, daemon=True).start()

    def send(self, number: int, request: _Request) -> None:
        request.begun_s = time.monotonic()
        self.decoding[number] = request
        self._requests.put((number, request))

    def finish(self) -> None:
        """No more requests: the process ends."""
        self._requests.put(None)

    @property
    def stuck(self) -> bool:
        """It loads, or decodes one utterance, for longer than that can take."""
        begun_s = [request.begun_s for request in self.decoding.values()]
        return time.monotonic() - min([self.begun_s] if not self.ready else begun_s, default=time.monotonic()) > STUCK_S

    def _write(self) -> None:
        # Here, for a process that takes nothing must not hold whoever asks.
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        with contextlib.suppress(OSError), stdin:  # it has ended: the other thread says so
            while (one := self._requests.get()) is not None:
                number, request = one
                header = {"id": number, "bytes": len(request.pcm), "language": request.language}
                header |= {"before": len(request.before)}
                stdin.write(json.dumps(header).encode() + b"\n" + request.before + request.pcm)
                stdin.flush()

    def _read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        with stdout:
            for line in stdout:
                self._owner.said(self, json.loads(line))
        self.finish()
        self.process.wait()
        self._owner.ended(self)


class Decoders:
    """The process of one engine, started by the first request. Any thread."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """``command`` speaks the protocol of stt/engines/whisper_decoder.py; ``folder``: where it is started."""
        self._command = command
        self._folder = folder
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._waiting: deque[_Request] = deque()
        self._sent = 0
        self._failed: tuple[float, RecognizerError] | None = None
        """When a process ended before it was ready, and why."""

    @property
    def process_id(self) -> int | None:
        """Of the process, while there is one."""
        child = self._child
        return None if child is None else child.process.pid

    @property
    def decoding(self) -> int:
        """Places that are taken, those of decodes that nobody waits for any more too."""
        child = self._child
        return 0 if child is None else len(child.decoding)

    @property
    def taken(self) -> int:
        """Places and places of the queue that are taken."""
        return self.decoding + len(self._waiting)

    def decode(self, pcm: bytes, language: str, timeout_ms: int, before: bytes = b"") -> list[str]:
        """The words of 8 kHz PCM16; ``before`` is heard with it, and its words are not given. Blocking.

        Raises RecognizerError: ``fallback_busy`` where every place is taken, ``deadline_exceeded``, or why the process
        could not answer."""
        request = _Request(pcm, language, before)
        with self._lock:
            child = self._running()
            if self.taken >= DECODERS + MOST_WAITING:
                raise RecognizerError("fallback_busy", f"{DECODERS} utterances are decoded, {MOST_WAITING} wait")
            self._waiting.append(request)
            self._send_next(child)
        try:
            return request.words.result(timeout_ms / 1000)
        except TimeoutError:
            with self._lock:
                if request in self._waiting:
                    self._waiting.remove(request)
            raise RecognizerError("deadline_exceeded", f"no words within {timeout_ms} ms") from None

    def end(self) -> None:
        """End the process; who waits for words is told that it is gone. Blocking, END_S at most and a moment."""
        with self._lock:
            child = self._child
        if child is None:
            return
        child.finish()
        try:
            child.process.wait(END_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        self.ended(child)

    def said(self, child: _Child, answer: dict[str, Any]) -> None:
        """By the process's thread: it is ready, cannot begin, or has decoded an utterance."""
        with self._lock:
            request = child.decoding.pop(answer.get("id", 0), None)
            if "ready" in answer:
                child.ready, self._failed = True, None
                took_s = time.monotonic() - child.begun_s
                logger.info("[STT] whisper: ready after %.1f s, %s MB", took_s, answer["ready"])
            elif request is None:
                child.error = RecognizerError(answer["error"], answer["message"])
            if child is self._child:
                self._send_next(child)
        if request is None:
            return
        if "error" in answer:
            code, message = answer["error"], answer["message"]
            if code == ENGINE_ERROR:
                metrics.ENGINE_ERRORS.labels(code).inc()
                logger.error("[STT] %s: %s", code, message)
            request.words.set_exception(RecognizerError(code, message, permanent=code in REFUSED))
        else:
            request.words.set_result(answer["words"])

    def ended(self, child: _Child) -> None:
        """By the process's thread, or by ``end``: whoever waits is told, once."""
        with self._lock:
            if child is not self._child:
                return
            error = child.error or RecognizerError("unavailable", f"the decoder ended ({child.process.returncode})")
            if not child.ready:
                self._failed = time.monotonic(), error
            self._child = None
            left = [*child.decoding.values(), *self._waiting]
            self._waiting.clear()
            child.decoding.clear()
        for request in left:
            request.words.set_exception(RecognizerError(error.code, error.message))

    def _running(self) -> _Child:
        if self._child is not None and self._child.stuck:
            logger.error("[STT] whisper: a decode takes over %.0f s; its process is killed", STUCK_S)
            self._child.process.kill()  # its thread says so to who waits
            raise RecognizerError("unavailable", "the decoder was stuck")
        if self._child is None:
            if self._failed is not None and time.monotonic() - self._failed[0] < START_AGAIN_S:
                raise RecognizerError(self._failed[1].code, self._failed[1].message)
            self._child = _Child(self, self._command, self._folder)
        return self._child

    def _send_next(self, child: _Child) -> None:
        while child.ready and self._waiting and len(child.decoding) < DECODERS:
            self._sent += 1
            child.send(self._sent, self._waiting.popleft())
