"""Deepgram as an Engine: nova-3 over its live socket, single utterances by its request for recordings. Written from its
documentation and never tried against the service: https://developers.deepgram.com/reference/speech-to-text/listen-streaming
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta, Struct, json

from stt.audio import pcm_to_ulaw
from stt.engines.base import RecognitionOptions
from stt.engines.errors import recognizer_errors
from stt.engines.http_post import post
from stt.engines.socket_dialogue import Result, SocketDialogue
from stt.engines.socket_engine import SocketEngine
from stt.engines.sockets import Address, translate
from stt.engines.vendor_capabilities import DEEPGRAM
from stt.engines.vendor_words import Seconds, fitting, language, ms
from stt.events import Final, Interim, RecognizerError, Word
from stt.word_times import timed_words

NAME = "deepgram"
CAPABILITIES = DEEPGRAM
ENDPOINTING_MS = 300
"""Its default of 10 ms cuts within sentences: https://developers.deepgram.com/docs/endpointing"""
MAX_KEY_TERM_TOKENS = 400
"""Of 500 (https://developers.deepgram.com/docs/keyterm#key-term-limits), beyond which a stream was silent until it was
closed (https://developers.deepgram.com/changelog/2026/10/8). The tokeniser is not published: each UTF-8 byte counts as
a token and each term as one more; a byte-level tokeniser has no more than that."""


def deepgram_at(api_key: str, emulator: str = "") -> Callable[[str], SocketEngine]:
    """Makes a process's engines, each for an endpoint; "" is Deepgram's own."""
    return lambda endpoint: Deepgram(api_key, emulator, endpoint)


class Deepgram(SocketEngine):
    vendor, host, model, capabilities = NAME, "api.deepgram.com", "nova-3", CAPABILITIES

    def address(self, options: RecognitionOptions, scheme: str = "wss") -> Address:
        terms = fitting(options.hints, MAX_KEY_TERM_TOKENS, lambda hint: len(hint.encode()) + 1)
        asked: dict[str, object] = {
            "model": options.model or self.model,
            "language": language(options),
            "keyterm": terms,
        }
        asked |= {"encoding": "mulaw", "sample_rate": 8000, "punctuate": str(options.punctuation).lower()}
        asked |= {"keyterm": terms}
        if scheme == "wss":
            asked |= {"channels": 1, "interim_results": "true", "endpointing": ENDPOINTING_MS}
        url = f"{self.web(scheme)}/v1/listen?{urlencode(asked, doseq=True)}"
        return Address(url, {"Authorization": f"Token {self.api_key}"})

    def dialogue(self, options: RecognitionOptions) -> SocketDialogue:
        return DeepgramDialogue()

    @recognizer_errors(translate)
    def recognize(self, pcm: bytes, options: RecognitionOptions, timeout_ms: int) -> Final:
        answer = post(self.address(options, "https"), pcm_to_ulaw(pcm), timeout_ms)
        return Final(tuple(json.decode(answer, type=DeepgramAnswer).results.channels[0].alternatives[0].spoken), None)


class DeepgramDialogue(SocketDialogue):
    """``is_final`` settles a piece, and the next hypothesis begins behind it: each piece is a Final.
    https://developers.deepgram.com/docs/understand-endpointing-interim-results"""

    keep_alive = '{"type":"KeepAlive"}'

    def ending(self) -> list[str]:
        return ['{"type":"Finalize"}', '{"type":"CloseStream"}']

    def heard(self, message: str | bytes) -> Iterator[Result]:
        kind = json.decode(message, type=DeepgramMessage).type
        if kind == "Error":
            raise RecognizerError("internal", str(json.decode(message)))
        if kind == "Metadata":  # the last word: https://developers.deepgram.com/docs/close-stream
            self.done = self.half_closed
        if kind == "Results":
            result = json.decode(message, type=Results)
            best, end_ms = result.channel.alternatives[0], ms(result.start + result.duration) or None
            if result.is_final:
                yield Final(tuple(best.spoken), end_ms, best.confidence)
            elif best.spoken:
                yield Interim(tuple(word.text for word in best.spoken), end_ms)


class DeepgramMessage(Struct):
    type: str = ""


class DeepgramWord(Struct):
    word: str
    start: Seconds | None = None
    end: Seconds | None = None
    punctuated_word: str = ""


class Alternative(Struct):
    transcript: str
    confidence: float | None = None
    words: list[DeepgramWord] = []

    @property
    def spoken(self) -> list[Word]:
        listed = [Word(word.punctuated_word or word.word, ms(word.start), ms(word.end)) for word in self.words]
        return timed_words(self.transcript.split(), listed)


class Channel(Struct):
    alternatives: Annotated[list[Alternative], Meta(min_length=1)]


class Results(Struct):
    channel: Channel
    is_final: bool
    start: Seconds = 0.0
    duration: Seconds = 0.0


class DeepgramRecording(Struct):
    channels: Annotated[list[Channel], Meta(min_length=1)]


class DeepgramAnswer(Struct):
    results: DeepgramRecording
