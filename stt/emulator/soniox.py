"""Soniox's real-time socket, for SocketEmulator. https://soniox.com/docs/api-reference/stt/websocket-api"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from stt.emulator.recordings import Spoken
from stt.emulator.socket_service import ClientOrder, RefusedError
from stt.emulator.speaker import Said
from stt.emulator.timing import Timing
from stt.emulator.vendor_faults import VendorFaults
from stt.emulator.vendor_results import NO_TIME, hypothesis, pieces

MODELS = {"stt-rt-v5", "stt-rt-v4"}
MAX_CONTEXT_LETTERS = 10_000
TYPES = {400: "invalid_request", 401: "unauthenticated", 429: "rate_limit_exceeded"}
PIECE_LETTERS = 3
"""A word of more letters comes in two tokens."""


class EmulatedSoniox:
    path, uploads = "/transcribe-websocket", ""
    key_header = "Authorization"
    refuses_in_handshake = False
    idle_s, idle_close = 20.0, (1000, "")

    def check(self, request: web.Request) -> None:
        pass

    def tongue(self, request: web.Request, faults: VendorFaults) -> SonioxTongue:
        return SonioxTongue()

    def http_refusal(self, refused: RefusedError) -> web.Response:
        return web.Response(status=refused.status, text=str(refused))

    def recording(self, spoken: Sequence[Spoken], request: web.Request, faults: VendorFaults) -> web.Response:
        raise NotImplementedError

    def timing(self, base: Timing) -> Timing:
        """Finals at p50 249 and p95 281 ms (English, https://github.com/pipecat-ai/stt-benchmark), endpoints after the
        500 ms that we ask for at the latest; the rest, and what a finalize takes, is assumed."""
        return replace(
            base,
            segment_pause_ms=(300, 500),
            final_median_ms=249.0,
            final_p95_ms=281.0,
            final_p99_ms=400.0,
            half_close_ms=(60, 150),
            p_end_missing=0.0,
            p_end_ahead=0.0,
            p_two_results=0.0,
        )


class SonioxTongue:
    def __init__(self) -> None:
        self._configured = False
        self._settled_ms = 0

    def greeting(self) -> list[str]:
        return []

    def read(self, message: str | bytes) -> ClientOrder:
        if not self._configured:
            self._configure(message)
            return ClientOrder()
        if not message:
            return ClientOrder(end=True)
        if isinstance(message, bytes):
            return ClientOrder(message)
        match json.loads(message).get("type"):
            case "finalize":
                return ClientOrder(flush=True)
            case "keepalive":
                return ClientOrder()
        raise RefusedError(400, "Control request invalid type.")

    def say(self, said: Said, heard_ms: int) -> Iterator[str]:
        if said.spoken is None:
            words = hypothesis(said, self._settled_ms, heard_ms)
            yield self._news([token for word in words for token in tokens(word, is_final=False)], heard_ms)
            return
        # The beginning of a sentence is final before its end, which comes with the endpoint.
        *first, last = pieces(said.spoken)
        for piece in first:
            rest = [token for word in last for token in tokens(word, is_final=False)]
            yield self._news([token for word in piece for token in tokens(word, is_final=True)] + rest, heard_ms)
        final = [token for word in last for token in tokens(word, is_final=True)]
        final[-1:] = [final[-1], final[-1] | {"text": "."}]
        self._settled_ms = max(self._settled_ms, min(said.end_ms or heard_ms, heard_ms))
        yield self._news([*final, {"text": "<end>", "is_final": True}], heard_ms)

    def flushed(self, heard_ms: int) -> list[str]:
        return [self._news([{"text": "<fin>", "is_final": True}], heard_ms)]

    def farewell(self, heard_ms: int) -> list[str]:
        return [self._news([], heard_ms, finished=True)]

    def refusal(self, refused: RefusedError) -> list[str]:
        kind = TYPES.get(refused.status, "internal_error")
        body = {
            "error_code": refused.status,
            "error_type": kind,
            "error_message": str(refused),
            "request_id": "emulator",
        }
        return [json.dumps(body)]

    def _configure(self, message: str | bytes) -> None:
        try:
            config = json.loads(message)
            letters = sum(map(len, config.get("context", {}).get("terms", [])))
        except (ValueError, AttributeError, TypeError) as error:
            raise RefusedError(400, "Start request is malformed.") from error
        if config.get("model") not in MODELS:
            raise RefusedError(400, "Invalid model specified.")
        if (config.get("audio_format"), config.get("sample_rate"), config.get("num_channels")) != ("mulaw", 8000, 1):
            raise RefusedError(400, "Audio format is not known to this emulator.")
        if config.get("language_hints") != ["he"]:
            raise RefusedError(400, "This emulator hears Hebrew alone.")
        if letters > MAX_CONTEXT_LETTERS:
            raise RefusedError(400, "Context is too long (max length 10000).")
        self._configured = True

    def _news(self, found: list[dict[str, Any]], heard_ms: int, **flags: bool) -> str:
        body = {"tokens": found, "final_audio_proc_ms": self._settled_ms, "total_audio_proc_ms": heard_ms}
        return json.dumps(body | flags, ensure_ascii=False)


def tokens(word: Spoken, *, is_final: bool) -> list[dict[str, Any]]:
    """A word as tokens, a space before it; a longer one in two."""
    half_ms = (word.start_ms + word.end_ms) // 2
    cut = PIECE_LETTERS if len(word.text) > PIECE_LETTERS else len(word.text)
    spans = [(f" {word.text[:cut]}", word.start_ms, half_ms), (word.text[cut:], half_ms, word.end_ms)]
    if cut == len(word.text):
        spans = [(f" {word.text}", word.start_ms, word.end_ms)]
    return [
        {"text": text, "confidence": 0.9, "is_final": is_final}
        | ({} if word.start_ms == NO_TIME else {"start_ms": start_ms, "end_ms": end_ms})
        for text, start_ms, end_ms in spans
    ]
