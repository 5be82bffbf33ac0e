"""ElevenLabs as an Engine: scribe_v2_realtime over its socket. Written from its documentation and never tried against
the service: https://elevenlabs.io/docs/api-reference/speech-to-text/v-1-speech-to-text-realtime
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlencode

from msgspec import Struct, json

from stt.audio import duration_ms
from stt.engines.base import RecognitionOptions
from stt.engines.socket_dialogue import Result, SocketDialogue
from stt.engines.socket_engine import SocketEngine
from stt.engines.sockets import Address
from stt.engines.vendor_capabilities import ELEVENLABS
from stt.engines.vendor_errors import PERMANENT
from stt.engines.vendor_words import Seconds, as_asked, language, ms
from stt.events import Final, Interim, RecognizerError, Word
from stt.word_times import timed_words

NAME = "elevenlabs"
CAPABILITIES = ELEVENLABS
SILENCE_S = 0.5
"""After which it commits by itself, of 0.3 to 3 s; its default is 1.5."""
ERRORS = {
    "auth_error": "unauthenticated",
    "quota_exceeded": "resource_exhausted",
    "unaccepted_terms": "permission_denied",
    "rate_limited": "resource_exhausted",
    "queue_overflow": "resource_exhausted",
    "resource_exhausted": "resource_exhausted",
    "session_time_limit_exceeded": "stream_expired",
    "input_error": "invalid_argument",
    "chunk_size_exceeded": "invalid_argument",
    "transcriber_error": "internal",
    "error": "internal",
}
"""https://elevenlabs.io/docs/eleven-api/guides/how-to/speech-to-text/realtime/event-reference"""
NOTHING_TO_COMMIT = {"commit_throttled", "insufficient_audio_activity"}
"""No speech, or under 0.3 s of audio, behind the last commit: https://github.com/elevenlabs/packages/issues/378"""


def elevenlabs_at(api_key: str, emulator: str = "") -> Callable[[str], SocketEngine]:
    """Makes a process's engines, each for an endpoint; "" is ElevenLabs' own."""
    return lambda endpoint: ElevenLabs(api_key, emulator, endpoint)


class ElevenLabs(SocketEngine):
    vendor, host, model, capabilities = NAME, "api.elevenlabs.io", "scribe_v2_realtime", CAPABILITIES

    def address(self, options: RecognitionOptions) -> Address:
        asked = {"model_id": options.model or self.model, "language_code": language(options)}
        asked |= {"audio_format": "ulaw_8000", "include_timestamps": "true"}
        asked |= {"commit_strategy": "vad", "vad_silence_threshold_secs": str(SILENCE_S)}
        return Address(f"{self.web()}/v1/speech-to-text/realtime?{urlencode(asked)}", {"xi-api-key": self.api_key})

    def dialogue(self, options: RecognitionOptions) -> SocketDialogue:
        return ElevenLabsDialogue(options)


class ElevenLabsDialogue(SocketDialogue):
    """Partials grow until a commit, by its own silence detection or by ours at the half-close."""

    linger_s = 0.6
    """A commit of its own may cross ours, and nothing says which of the two a committed transcript answers: twice what
    it takes (p95 348 ms, https://github.com/pipecat-ai/stt-benchmark)."""
    keep_alive = '{"message_type":"input_audio_chunk","audio_base_64":"","commit":false,"sample_rate":8000}'

    def __init__(self, options: RecognitionOptions) -> None:
        super().__init__()
        self._options = options
        self._sent_ms = 0

    def audio(self, ulaw: bytes) -> str:
        self._sent_ms += duration_ms(ulaw)
        return self.keep_alive.replace('""', f'"{b64encode(ulaw).decode()}"', 1)

    def ending(self) -> list[str]:
        return [self.keep_alive.replace("false", "true")]

    def heard(self, message: str | bytes) -> Iterator[Result]:
        news = json.decode(message, type=ScribeEvent)
        kind = news.message_type.removesuffix("_error") if news.message_type not in ERRORS else news.message_type
        if kind in ERRORS:
            code = ERRORS[kind]
            raise RecognizerError(code, f"{kind} {news.error}", permanent=code in PERMANENT)
        if kind == "partial_transcript" and (words := self._asked(Word(text) for text in news.text.split())):
            yield Interim(tuple(word.text for word in words), None)
        if kind == "committed_transcript_with_timestamps":
            listed = [Word(one.text, ms(one.start), ms(one.end)) for one in news.words if one.type == "word"]
            words = self._asked(timed_words(news.text.split(), listed))
            yield Final(words, self._listened_ms(words))
            self.done = self.half_closed
        if kind in NOTHING_TO_COMMIT and self.half_closed:
            self.done, self.linger_s = True, 0.0  # ours is answered

    def _listened_ms(self, words: tuple[Word, ...]) -> int | None:
        """It says no end: a commit of its own heard the silence behind the last word, ours what had been sent."""
        last_ms = words[-1].end_ms if words else None
        return None if last_ms is None else min(self._sent_ms, last_ms + round(SILENCE_S * 1000)) or None

    def _asked(self, words: Iterable[Word]) -> tuple[Word, ...]:
        return tuple(as_asked(words, self._options))


class ScribedWord(Struct):
    text: str = ""
    type: str = "word"
    start: Seconds | None = None
    end: Seconds | None = None


class ScribeEvent(Struct):
    message_type: str
    text: str = ""
    error: str = ""
    words: list[ScribedWord] = []
