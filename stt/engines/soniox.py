"""Soniox as an Engine: stt-rt-v5 over its real-time socket. Written from its documentation and never tried against the
service: https://soniox.com/docs/api-reference/stt/websocket-api
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, json

from stt.engines.base import RecognitionOptions
from stt.engines.socket_dialogue import Result, SocketDialogue
from stt.engines.socket_engine import SocketEngine
from stt.engines.sockets import Address
from stt.engines.vendor_capabilities import SONIOX
from stt.engines.vendor_errors import error_of_status
from stt.engines.vendor_words import Milliseconds, as_asked, fitting, language
from stt.events import Final, Interim, Word

NAME = "soniox"
CAPABILITIES = SONIOX
MAX_TERMS_LETTERS = 8000
"""Of about 10 000 that a context may have: https://soniox.com/docs/stt/concepts/context"""
ENDPOINT_DELAY_MS = 500
"""The least of 500 to 3000: a turn's end is ours to find, and tokens are final no later than an endpoint."""
ENDS = {"<end>", "<fin>"}
"""Tokens that are no words: an endpoint, and the answer to a finalize."""


def soniox_at(api_key: str, emulator: str = "") -> Callable[[str], SocketEngine]:
    """Makes a process's engines, each for an endpoint; "" is Soniox's own."""
    return lambda endpoint: Soniox(api_key, emulator, endpoint)


class Soniox(SocketEngine):
    vendor, host, model, capabilities = NAME, "stt-rt.soniox.com", "stt-rt-v5", CAPABILITIES

    def address(self, options: RecognitionOptions) -> Address:
        # In the header: in the first message a key is refused from 2027-01-15.
        # https://soniox.com/docs/guides/websocket-authentication
        return Address(f"{self.web()}/transcribe-websocket", {"Authorization": f"Bearer {self.api_key}"})

    def dialogue(self, options: RecognitionOptions) -> SocketDialogue:
        return SonioxDialogue(options, options.model or self.model)


class SonioxDialogue(SocketDialogue):
    """A final token comes once and settles a piece of a word; the segment is everything up to ``<end>`` or ``<fin>``.
    https://soniox.com/docs/stt/real-time-API/real-time-transcription"""

    keep_alive = '{"type":"keepalive"}'

    def __init__(self, options: RecognitionOptions, model: str) -> None:
        super().__init__()
        self._options, self._model = options, model
        self._settled: list[SonioxToken] = []

    def opening(self) -> list[str]:
        config: dict[str, object] = {"model": self._model, "language_hints": [language(self._options)]}
        config |= {"audio_format": "mulaw", "sample_rate": 8000, "num_channels": 1}
        config |= {"enable_endpoint_detection": True, "max_endpoint_delay_ms": ENDPOINT_DELAY_MS}
        if terms := fitting(self._options.hints, MAX_TERMS_LETTERS, len):
            config["context"] = {"terms": terms}
        return [json.encode(config).decode()]

    def ending(self) -> list[str | bytes]:
        return ['{"type":"finalize"}', b""]

    def heard(self, message: str | bytes) -> Iterator[Result]:
        news = json.decode(message, type=SonioxNews)
        open_tokens: list[SonioxToken] = []
        for token in news.tokens:
            if token.text in ENDS:
                yield from self._segment(news)
            else:
                (self._settled if token.is_final else open_tokens).append(token)
        if news.finished or news.error_code is not None:
            yield from self._segment(news)
        if news.error_code is not None:
            raise error_of_status(news.error_code, f"{news.error_type} {news.error_message}")
        self.done = self.done or news.finished
        if words := tuple(as_asked(words_of([*self._settled, *open_tokens]), self._options)):
            stability = 0.0 if open_tokens else 1.0
            yield Interim(tuple(word.text for word in words), round(news.total_audio_proc_ms) or None, stability)

    def _segment(self, news: SonioxNews) -> Iterator[Result]:
        words = tuple(as_asked(words_of(self._settled), self._options))
        if words:
            yield Final(words, round(news.final_audio_proc_ms) or words[-1].end_ms)
        self._settled = []


class SonioxToken(Struct):
    text: str
    is_final: bool = False
    start_ms: Milliseconds | None = None
    end_ms: Milliseconds | None = None


class SonioxNews(Struct):
    tokens: list[SonioxToken] = []
    final_audio_proc_ms: Milliseconds = 0.0
    total_audio_proc_ms: Milliseconds = 0.0
    finished: bool = False
    error_code: int | None = None
    error_type: str = ""
    error_message: str = ""


def words_of(tokens: list[SonioxToken]) -> list[Word]:
    """Tokens are pieces of words; one that begins with a space begins a word."""
    words: list[Word] = []
    goes_on = False
    for token in tokens:
        times = [None if at is None else round(at) for at in (token.start_ms, token.end_ms)]
        for at, piece in enumerate(token.text.split()):
            if at == 0 and goes_on and not token.text[0].isspace():
                words[-1] = Word(words[-1].text + piece, words[-1].start_ms, times[1])
            else:
                words.append(Word(piece, *times))
        goes_on = bool(words) and not token.text[-1:].isspace()
    return words
