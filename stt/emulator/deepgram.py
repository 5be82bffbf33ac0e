"""Deepgram's live socket and its request for recordings, for SocketEmulator.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming
"""

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
from stt.emulator.vendor_results import hypothesis, pieces, seconds

MODELS = {"nova-3", "nova-3-general", "nova-2", "nova-2-general"}
MAX_KEY_TERM_TOKENS = 500
REQUEST_ID = "emulator"


class EmulatedDeepgram:
    path = uploads = "/v1/listen"
    key_header = "Authorization"
    refuses_in_handshake = True
    idle_s, idle_close = 10.0, (1011, "NET-0001")

    def check(self, request: web.Request) -> None:
        asked = request.query
        tokens = sum(len(term.split()) for term in asked.getall("keyterm", []))
        if asked.get("model") not in MODELS:
            raise RefusedError(400, f"No such model/language/tier combination found: {asked.get('model')}.")
        if asked.get("language") != "he":
            raise RefusedError(400, f"This emulator hears Hebrew alone, not {asked.get('language')}.")
        if (asked.get("encoding"), asked.get("sample_rate")) != ("mulaw", "8000"):
            raise RefusedError(400, "Bad Request: unsupported encoding.")
        if tokens > MAX_KEY_TERM_TOKENS:  # a word is at least a token
            raise RefusedError(400, "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500.")

    def tongue(self, request: web.Request, faults: VendorFaults) -> DeepgramTongue:
        return DeepgramTongue(
            punctuate=request.query.get("punctuate") == "true", interims=request.query.get("interim_results") == "true"
        )

    def http_refusal(self, refused: RefusedError) -> web.Response:
        body = {"err_code": f"EMULATED_{refused.status}", "err_msg": str(refused), "request_id": REQUEST_ID}
        return web.json_response(body, status=refused.status)

    def recording(self, spoken: Sequence[Spoken], request: web.Request, faults: VendorFaults) -> web.Response:
        best = alternative(spoken, 0.9, punctuate=request.query.get("punctuate") == "true")
        if faults.no_word_times:
            best["words"] = []
        results = {"channels": [{"alternatives": [best]}]}
        return web.json_response({"metadata": {"request_id": REQUEST_ID}, "results": results})

    def timing(self, base: Timing) -> Timing:
        """Finals at p50 247 and p95 298 ms (English, https://github.com/pipecat-ai/stt-benchmark), after the 300 ms of
        silence that we ask for; the rest, and what a Finalize takes, is assumed."""
        return replace(
            base,
            segment_pause_ms=(300, 300),
            final_median_ms=247.0,
            final_p95_ms=298.0,
            final_p99_ms=400.0,
            half_close_ms=(60, 150),
            p_end_missing=0.0,
            p_end_ahead=0.0,
        )


class DeepgramTongue:
    def __init__(self, punctuate: bool, interims: bool) -> None:
        self._punctuate = punctuate
        self._interims = interims
        self._settled_ms = 0
        """Where the piece under way began."""

    def greeting(self) -> list[str]:
        return []

    def read(self, message: str | bytes) -> ClientOrder:
        if isinstance(message, bytes):
            return ClientOrder(message)
        match json.loads(message).get("type"):
            case "Finalize":
                return ClientOrder(flush=True)
            case "CloseStream":
                return ClientOrder(end=True)
            case "KeepAlive":
                return ClientOrder()
        raise RefusedError(400, "unknown message")

    def say(self, said: Said, heard_ms: int) -> Iterator[str]:
        if said.spoken is None:
            if self._interims:
                until_ms = min(said.end_ms or heard_ms, heard_ms)
                yield self._results(hypothesis(said, self._settled_ms, heard_ms), until_ms, is_final=False)
            return
        for piece in pieces(said.spoken):
            last = piece[-1] == said.spoken[-1]
            until_ms = said.end_ms if last or piece[-1].end_ms < 0 else piece[-1].end_ms
            yield self._results(piece, min(until_ms or heard_ms, heard_ms), is_final=True, speech_final=last)

    def flushed(self, heard_ms: int) -> list[str]:
        return [self._results([], heard_ms, is_final=True, from_finalize=True)]

    def farewell(self, heard_ms: int) -> list[str]:
        metadata = {"type": "Metadata", "transaction_key": "deprecated", "request_id": REQUEST_ID, "channels": 1}
        return [json.dumps(metadata | {"duration": heard_ms / 1000})]

    def refusal(self, refused: RefusedError) -> list[str]:
        return [json.dumps({"type": "Error", "description": str(refused), "message": str(refused), "variant": "x"})]

    def _results(self, spoken: Sequence[Spoken], until_ms: int, *, is_final: bool, **flags: bool) -> str:
        from_ms = self._settled_ms
        if is_final:
            self._settled_ms = until_ms
        result = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": from_ms / 1000,
            "duration": max(0, until_ms - from_ms) / 1000,
            "is_final": is_final,
            "speech_final": False,
            "from_finalize": False,
            "channel": {"alternatives": [alternative(spoken, 0.95 if is_final else 0.6, punctuate=self._punctuate)]},
            "metadata": {"request_id": REQUEST_ID},
        }
        return json.dumps(result | flags, ensure_ascii=False)


def alternative(spoken: Sequence[Spoken], confidence: float, *, punctuate: bool) -> dict[str, Any]:
    shown = [word.text for word in spoken]
    if punctuate and shown:
        shown[-1] += "."
    words: list[dict[str, Any]] = [
        {"word": word.text, **seconds(word), "confidence": confidence}
        | ({"punctuated_word": text} if punctuate else {})
        for word, text in zip(spoken, shown, strict=True)
    ]
    return {"transcript": " ".join(shown), "confidence": confidence if spoken else 0.0, "words": words}
