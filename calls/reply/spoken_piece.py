"""SpokenPiece: a piece of an answer and its sound, which may still be growing. Pure."""

from __future__ import annotations

from stt.audio import BYTES_PER_MS, ULAW_SILENCE

MS_PER_CHARACTER = 85
"""Of Hebrew without spaces, spoken at a normal pace: the samples' voices take 70 to 100."""


class SpokenPiece:
    """At most a sentence or two. The voice appends while the playback already reads."""

    __slots__ = ("complete", "interruptible", "is_whole", "sent_bytes", "text", "ulaw", "words", "_begun_bytes")

    def __init__(self, text: str, *, interruptible: bool = True) -> None:
        self.text = text
        """As the responder wrote it; empty of tones and recordings."""
        self.words = text
        """What may come back as words; also of a filler, which is no part of the answer's text."""
        self.interruptible = interruptible
        self.ulaw = bytearray()
        """8 kHz µ-law so far."""
        self.complete = False
        """Nothing more comes."""
        self.is_whole = True
        """The voice has said all of the text, or is still saying it."""
        self.sent_bytes = 0
        """Of its sound, to Twilio."""
        self._begun_bytes = 0
        """Where the sound of the part begins that the voice is saying."""

    @classmethod
    def of(cls, text: str, ulaw: bytes, *, interruptible: bool = True) -> SpokenPiece:
        """One whose sound is all there."""
        piece = cls(text, interruptible=interruptible)
        piece.append(ulaw)
        piece.finish()
        return piece

    @property
    def unsent_ms(self) -> int:
        """Sound that is there and was not sent."""
        return (len(self.ulaw) - self.sent_bytes) // BYTES_PER_MS

    @property
    def ms(self) -> int:
        """How long the sound is so far."""
        return len(self.ulaw) // BYTES_PER_MS

    def append(self, ulaw: bytes) -> None:
        self.ulaw += ulaw

    def begin_again_here(self) -> None:
        """The voice begins the next part: a ``restart`` goes back no further."""
        self._begun_bytes = len(self.ulaw)

    def restart(self) -> None:
        """Another voice says the part from its beginning: what was not sent of the first one's sound is dropped."""
        del self.ulaw[max(self.sent_bytes, self._begun_bytes) :]

    def finish(self, *, is_whole: bool = True) -> None:
        """Nothing more comes. The sound ends on a whole millisecond. Idempotent. ``is_whole``: the voice has come to
        the end of the text."""
        if not self.complete:
            self.ulaw += ULAW_SILENCE * (-len(self.ulaw) % BYTES_PER_MS)
            self.complete, self.is_whole = True, is_whole

    @property
    def said(self) -> str:
        """Its words; of one that was cut off those that its sound holds."""
        return self.text if self.is_whole else self.words_until(self.ms)

    @property
    def unsaid(self) -> str:
        """The words behind these."""
        return "" if self.is_whole else " ".join(self.text.split()[len(self.said.split()) :])

    def words_until(self, at_ms: int) -> str:
        """The words that lie before this moment of the sound, in whole words: by their share of its length, where a
        voice says no more. All of them at its end."""
        if self.complete and self.is_whole and at_ms >= self.ms:
            return self.text
        words, spoken = self.text.split(), 0.0
        characters = sum(map(len, words))
        share = at_ms / self._whole_ms(characters)
        heard: list[str] = []
        for word in words:
            spoken += len(word)
            if spoken > share * characters:
                break
            heard.append(word)
        return " ".join(heard)

    def _whole_ms(self, characters: int) -> int:
        """How long it is or would be; guessed by a reading voice's rate unless the voice has said all."""
        said_all = self.complete and self.is_whole
        return max(1, self.ms if said_all else max(self.ms, characters * MS_PER_CHARACTER))
