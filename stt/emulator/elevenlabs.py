"""ElevenLabs' realtime socket, for SocketEmulator.

https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aiohttp import web

from stt.emulator.recordings import Spoken
from stt.emulator.socket_service import ClientOrder, RefusedError
from stt.emulator.speaker import Said
from stt.emulator.timing import Timing
from stt.emulator.vendor_faults import VendorFaults
from stt.emulator.vendor_results import seconds

MIN_COMMIT_MS = 300
"""https://github.com/elevenlabs/packages/issues/378"""
TYPES = {400: "input_error", 401: "auth_error", 429: "rate_limited"}


class EmulatedElevenLabs:
    path, uploads = "/v1/speech-to-text/realtime", ""
    key_header = "xi-api-key"
    refuses_in_handshake = False
    idle_s, idle_close = 20.0, (1000, "")

    def check(self, request: web.Request) -> None:
        asked = request.query
        if asked.get("model_id") != "scribe_v2_realtime":
            raise RefusedError(400, f"Model {asked.get('model_id')} is not supported.")
        if asked.get("language_code") not in ("he", "heb"):
            raise RefusedError(400, "This emulator hears Hebrew alone.")
        if asked.get("audio_format") != "ulaw_8000":
            raise RefusedError(400, "Audio format is not known to this emulator.")

    def tongue(self, request: web.Request, faults: VendorFaults) -> ElevenLabsTongue:
        return ElevenLabsTongue(timestamps=request.query.get("include_timestamps") == "true")

    def http_refusal(self, refused: RefusedError) -> web.Response:
        return web.Response(status=refused.status, text=str(refused))

    def recording(self, spoken: Sequence[Spoken], request: web.Request, faults: VendorFaults) -> web.Response:
        raise NotImplementedError

    def timing(self, base: Timing) -> Timing:
        """Finals at p50 281 and p95 348 ms (English, https://github.com/pipecat-ai/stt-benchmark), after the 500 ms of
        silence that we ask for; the rest is assumed."""
        return replace(
            base,
            segment_pause_ms=(500, 500),
            final_median_ms=500.0 + 281.0,
            final_p95_ms=500.0 + 348.0,
            final_p99_ms=1000.0,
            half_close_ms=(200, 348),
        )


class ElevenLabsTongue:
    def __init__(self, timestamps: bool) -> None:
        self._timestamps = timestamps
        self._committed_ms = 0

    def greeting(self) -> list[str]:
        return [json.dumps({"message_type": "session_started", "session_id": "emulator", "config": {}})]

    def read(self, message: str | bytes) -> ClientOrder:
        try:
            chunk = json.loads(message)
            ulaw = b64decode(chunk["audio_base_64"], validate=True)
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedError(400, "Invalid input message.") from error
        if chunk.get("message_type") != "input_audio_chunk":
            raise RefusedError(400, "Unknown message type.")
        return ClientOrder(ulaw, flush=bool(chunk.get("commit")))

    def say(self, said: Said, heard_ms: int) -> Iterator[str]:
        text = " ".join(said.words)
        if said.spoken is None:
            yield json.dumps({"message_type": "partial_transcript", "text": text}, ensure_ascii=False)
            return
        self._committed_ms = heard_ms
        yield from self._committed(f"{text}.", said.spoken)

    def flushed(self, heard_ms: int) -> Iterator[str]:
        """What follows the words of a commit; nothing does where it had some."""
        if heard_ms == self._committed_ms and heard_ms:
            return
        if heard_ms - self._committed_ms < MIN_COMMIT_MS:
            waiting_s = (heard_ms - self._committed_ms) / 1000
            ignored = f"Commit request ignored: only {waiting_s:.2f}s of uncommitted audio."
            yield json.dumps({"message_type": "commit_throttled", "error": ignored})
            return
        self._committed_ms = heard_ms
        yield from self._committed("", ())

    def farewell(self, heard_ms: int) -> list[str]:
        return []

    def refusal(self, refused: RefusedError) -> list[str]:
        return [json.dumps({"message_type": TYPES.get(refused.status, "error"), "error": str(refused)})]

    def _committed(self, text: str, spoken: Sequence[Spoken]) -> Iterator[str]:
        yield json.dumps({"message_type": "committed_transcript", "text": text}, ensure_ascii=False)
        if self._timestamps:
            words: list[dict[str, object]] = []
            for word in spoken if not spoken or spoken[0].start_ms >= 0 else ():
                if words:
                    words.append({"text": " ", "type": "spacing"})
                words.append({"text": word.text, "type": "word", "logprob": -0.1, **seconds(word)})
            body = {"message_type": "committed_transcript_with_timestamps", "text": text, "language_code": "he"}
            yield json.dumps(body | {"words": words}, ensure_ascii=False)
