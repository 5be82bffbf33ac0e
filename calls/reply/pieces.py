"""PieceCutter: words as they come, cut into pieces that a voice can speak one after the other. Pure.

A piece ends where a sentence does (sentence-stream finds that as the words stream in) or a line; the first one also at
a comma after 25 characters, so that the caller hears something soon; none is longer than 240 characters. Tool calls
that leak into the words are taken out here and not only in calls/reply/markup.py: cut in two they could not be told
from speech. Everything else stands in exactly one piece, in order; only spaces between pieces are lost, what no row
keeps (calls/core/text.py), and the end of a word that is too long to be one.
"""

from __future__ import annotations

import re

from sentence_stream import SentenceBoundaryDetector

from calls.core.text import clean
from calls.reply.markup import open_tool_syntax, without_tool_syntax

PIECE_CHARACTERS = 240
FIRST_PIECE_CHARACTERS = 25
"""After so many the first piece may end at a comma."""
_HELD_CHARACTERS = 4000
"""A tool call that does not end after so many is none, or nobody's loss."""
LONGEST_WORD = 60
"""Letters; a longer one is no speech (calls/reply/speakable.py drops it), and nobody waits for its end."""
TOO_LONG_WORD = re.compile(rf"((?:[^\W\d_][\u0591-\u05c7]*){{{LONGEST_WORD}}}[^\W\d_])(?:[^\W\d_]|[\u0591-\u05c7])*")
"""Its first group is still too long to be spoken."""
_STAR, _DOT = "\ue000", "\ue001"
"""Stand for a star and for the dot of a short form while sentence-stream looks: it takes *2700 for markdown and ת.ז.
for the end of a sentence."""
_TAKEN = str.maketrans({_STAR: None, _DOT: None, "\r": "\n", "\v": "\n", "\f": "\n"})
_HIDDEN = str.maketrans("*", _STAR)
_SHOWN = str.maketrans({_STAR: "*", _DOT: "."})
_INITIAL = re.compile(rf"(?:(?<![א-ת\"'׳״\u0591-\u05c7])|(?<=[א-ת][.{_DOT}]))([א-ת])\.")
_COMMA = re.compile(r"[,;:](?=\s)")
_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"(?<!\d)[.!?…][\"'״׳)]*$")
"""Behind a digit more of the number may have been to come."""
_OF_NUMBER = re.compile(r"[\d₪$€] |.[ ][₪$€%]")


class PieceCutter:
    """One answer's. ``push`` its words as they come, ``finish`` once; each gives the pieces that are whole."""

    def __init__(self) -> None:
        self._boundaries = SentenceBoundaryDetector()
        self._held = ""
        self._first = True

    def push(self, text: str) -> list[str]:
        self._held += clean(text.translate(_TAKEN))
        begin = open_tool_syntax(self._held)
        if begin is None or len(self._held) - begin > _HELD_CHARACTERS:
            begin = len(self._held)
        ready, self._held = self._held[:begin], self._held[begin:]
        return self._cut(without_tool_syntax(ready))

    def words_so_far(self) -> list[str]:
        """Take what has come up to its last whole word, although no sentence ends there: it has been waited for too
        long. Nothing where there is no whole word."""
        pending = self._pending()
        cut = max((one.start() for one in _SPACE.finditer(pending)), default=0)
        pieces = self._whole(pending[:cut])
        if pieces:
            self._restart(pending[cut:])
        return pieces

    def finish(self) -> list[str]:
        rest, self._held = without_tool_syntax(self._held), ""
        pieces = self._cut(rest)
        return pieces + self._whole(self._boundaries.finish())

    def cut_off(self) -> list[str]:
        """In place of ``finish``, where the words end in mid-sentence: what of them is a whole one."""
        rest, self._held = self._pending().rstrip(), ""
        self._restart("")
        return self._whole(rest) if _SENTENCE_END.search(rest) else []

    def _cut(self, text: str) -> list[str]:
        pieces: list[str] = []
        *lines, last = text.split("\n")
        for line in lines:
            pieces += self._feed(line)
            pieces += self._whole(self._boundaries.finish())
        return pieces + self._feed(last)

    def _feed(self, text: str) -> list[str]:
        before = self._pending()
        self._boundaries = SentenceBoundaryDetector()
        text = TOO_LONG_WORD.sub(r"\1", before + text)
        hidden = _INITIAL.sub(rf"\1{_DOT}", text.translate(_HIDDEN))
        pieces: list[str] = []
        for sentence in self._boundaries.add_chunk(hidden):
            pieces += self._whole(sentence)
        pending = self._pending()
        if self._first and (cut := _first_comma(pending)):
            pieces += self._whole(pending[:cut])
            pending = pending[cut:]
            self._restart(pending)
        if len(pending.strip()) > PIECE_CHARACTERS:
            *cut_off, rest = within(pending, PIECE_CHARACTERS)
            for one in cut_off:
                pieces += self._whole(one)
            self._restart(rest)
        return pieces

    def _whole(self, piece: str) -> list[str]:
        found = [one.translate(_SHOWN) for one in within(piece, PIECE_CHARACTERS)]
        self._first = self._first and not found
        return found

    def _pending(self) -> str:
        return self._boundaries.current_sentence + self._boundaries.remaining_text

    def _restart(self, pending: str) -> None:
        self._boundaries = SentenceBoundaryDetector()
        self._boundaries.remaining_text = pending


def within(text: str, limit: int) -> list[str]:
    """The text in parts of at most ``limit`` characters, cut behind a comma, else at a space that parts no number from
    its unit, else at any, else anywhere. Nothing for a text of spaces."""
    parts: list[str] = []
    text = text.strip()
    while len(text) > limit:
        cut = _last_cut(text[: limit + 1], limit)
        parts.append(text[:cut].strip())
        text = text[cut:].strip()
    return [*parts, text] if text else parts


def _last_cut(window: str, limit: int) -> int:
    commas = [one.end() for one in _COMMA.finditer(window) if one.end() <= limit]
    if commas and commas[-1] >= limit // 3:
        return commas[-1]
    spaces = [one.start() for one in _SPACE.finditer(window) if 0 < one.start() <= limit]
    apart = [at for at in spaces if not _OF_NUMBER.match(window[at - 1 : at + 2])]
    return (apart or commas or spaces or [limit])[-1]


def _first_comma(pending: str) -> int | None:
    return next((one.end() for one in re.finditer(r",(?=\s)", pending) if one.start() >= FIRST_PIECE_CHARACTERS), None)
