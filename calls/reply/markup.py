"""What a text holds that is not speech: tool calls that leaked, markdown, links, emoji, controls. Pure.

``without_tool_syntax`` works on a whole text; ``open_tool_syntax`` tells a cutter (calls/reply/pieces.py) that what has
come so far ends inside of one, so that no piece is cut there. ``plain`` leaves words, punctuation and numbers;
``has_words`` tells whether there are any.
"""

from __future__ import annotations

import re
import unicodedata

_TAGS = "tool_call|tool_calls|tool_response|function_calls|function|invoke|think|thinking|parameter|tool"
_ACTS = "hang_up|transfer|play_tones|play_recording|note|wait"
_OPENERS = (
    (re.compile(rf"<(?:{_TAGS})\b[^<>]{{0,200}}>", re.I), re.compile(rf"</(?:{_TAGS})\s*>", re.I)),
    (re.compile(r"```"), re.compile(r"```")),
    (re.compile(r"\[TOOL_CALLS?\]"), re.compile(r"\n")),
    (re.compile(rf"\b(?:functions?\.|(?:{_ACTS})\b(?=\()|[a-z]+_[a-z_]+(?=\())[a-z_]*\("), re.compile(r"\)")),
)
"""Where a tool call begins, and where it ends."""
_SPECIAL = re.compile(r"<[|｜][^<>\n]{0,80}[|｜]>")
_JSON = re.compile(r"[{\[]\s*(?:\{\s*)?[\"'][^\"'\n]{0,80}[\"']\s*:")
_JSON_START = re.compile(r"[{\[]\s*(?:\{\s*)?(?:[\"'][^\"'\n]{0,80}(?:[\"']\s*)?)?$")
_PARTIAL_TAG = re.compile(r"<(?:[|｜/](?:[A-Za-z_][^<>\n]{0,60})?|[A-Za-z_][^<>\n]{0,60})?$")
_PARTIAL_CALL = re.compile(r"(?<![A-Za-z_.])[a-z][a-z_.]{0,40}$|`{1,2}$|\[[A-Z_]{0,12}$")

_HTML = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_URL = re.compile(r"(?:\b(?:https?|ftp)://|\bmailto:|\btel:)[^\s<>\"'״)\]]*", re.I)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+", re.M)
_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]*)+", re.M)
_BULLET = re.compile(r"^[ \t]*(?:[-*+•·▪◦–—][ \t]+|\d{1,2}[.)][ \t]+(?=[^\W\d_]|[*_~\"'״(]))(?:\[[ xX]\][ \t]+)?", re.M)
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,}|\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[-: \t]*)[ \t]*$", re.M)
_STRONG = re.compile(r"(\*{1,3}|_{2,3}|~~)(?=\S)([^*\n]{1,400}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<!\w)_(?=\S)([^_\n]{1,400}?)(?<=\S)_(?!\w)")
_STAR_OF_PHONE = re.compile(r"\*(?=\d{3,6}(?![\d*]))")
_STAR_KEY = re.compile(r"((?:הקש|הקישו|הקישי|הקש על|לחץ|לחצו|לחצי|על|או)\s+)\*(?![\w*])")
_QUOTED = re.compile(r"(?<![א-ת])([ובלמהשכ]{1,2})[\"״]([^\"״\n]{2,60})[\"״](?![א-ת])")
_OUTER_BAR = re.compile(r"^[ \t]*\||\|[ \t]*$", re.M)
_TABLE_BAR = re.compile(r"[ \t]*\|[ \t]*")
_EMOTICON = re.compile(r"(?<!\S)[:;=8][-']?[()DPpOo3|/\\\]\[](?!\S)|<3(?!\d)")
_END_OF_LINE = re.compile(r"[ \t]*\n\s*")
_READ = "½⅓⅔¼¾⅕⅛²³"
"""Signs of numbers that calls/reply/amounts.py reads; the others are digits of another shape, or nothing."""
_STAR = "\ue000"
"""Stands for the star of a phone number while stars are taken for markdown; texts hold no private characters."""
_DASHES = dict.fromkeys(map(ord, "‐‑‒−﹣－"), "-") | dict.fromkeys(map(ord, "―⸺"), "—")
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»"), '"') | dict.fromkeys(map(ord, "‘’‚‛´"), "'")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\t\v\f"), " ") | {0x2028: "\n", 0x2029: "\n"}
_FRACTION_SLASH = {0x2044: "/", 0xFF0F: "/", 0xFF05: "%", 0xFF0E: ".", 0xFF0C: ",", 0xFF1A: ":"}
_CHARACTERS = _DASHES | _QUOTES | _SPACES | _FRACTION_SLASH
_DROPPED = {"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"}
"""Unicode's categories that nobody says: controls, surrogates, private and unknown characters, emoji."""
_KEPT = set("\n°×`" + _STAR)


def without_tool_syntax(text: str) -> str:
    """The text without tool calls, code blocks, thoughts and a model's special tokens; one that is not closed takes
    the rest with it."""
    text = _SPECIAL.sub(" ", text)
    found = _next_syntax(text, 0)
    kept, at = [], 0
    while found is not None:
        begin, end = found
        kept.append(text[at:begin])
        if end is None:
            return " ".join(kept)
        at = end
        found = _next_syntax(text, at)
    return " ".join([*kept, text[at:]]) if kept else text


def open_tool_syntax(text: str) -> int | None:
    """Where a tool call begins that this text does not close, or may be about to begin; None where there is none."""
    at = 0
    while found := _next_syntax(text, at):
        begin, end = found
        if end is None:
            return begin
        at = end
    begins = [
        at + one.start() for pattern in (_JSON_START, _PARTIAL_TAG, _PARTIAL_CALL) if (one := pattern.search(text[at:]))
    ]
    return min(begins, default=None)


def plain(text: str) -> str:
    """Words, punctuation and numbers: markdown opened, links, emoji and controls gone, a line a sentence."""
    text = "".join(_character(one) for one in text.replace("\r\n", "\n").replace("\r", "\n"))
    text = without_tool_syntax(text)
    text = _STAR_KEY.sub(rf"\1{_STAR}", _STAR_OF_PHONE.sub(_STAR, text))
    text = _QUOTED.sub(r"\1\2", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _URL.sub(" ", text)
    text = _EMOTICON.sub(" ", text)
    text = _HTML.sub(" ", text)
    for pattern in (_RULE, _QUOTE, _HEADING, _BULLET):
        text = pattern.sub("", text)
    text = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", _STRONG.sub(r"\2", text)))
    text = _TABLE_BAR.sub(", ", _OUTER_BAR.sub("", text))
    return sentences_of_lines(text).replace("*", " ").replace("`", "").replace(_STAR, "*")


def has_words(text: str) -> bool:
    """Something of it can be spoken: a letter or a figure is left."""
    return any(one.isalnum() for one in plain(text))


def sentences_of_lines(text: str) -> str:
    """One line: where a line ends without punctuation, its sentence ends."""
    lines = [line.strip() for line in _END_OF_LINE.split(text)]
    lines = [line for line in lines if line.strip(" ,")]
    ended = [line if line[-1] in ".!?:;…" else f"{line.rstrip(', ')}." for line in lines[:-1]]
    return " ".join([*ended, *lines[-1:]])


def _character(one: str) -> str:
    if one in _KEPT and one != _STAR:
        return one
    one = _CHARACTERS.get(ord(one), one)
    category = unicodedata.category(one)
    if category == "Nd":
        return str(unicodedata.decimal(one))
    if category in ("No", "Nl") and one not in _READ:
        return "".join(part for part in unicodedata.normalize("NFKC", one).replace("⁄", "/") if part in "0123456789/")
    if "\ufe00" <= one <= "\ufe0f" or one == "\u20e3":
        return ""
    if category in _DROPPED:
        # A zero-width or bidi control stands inside of words; an emoji stands between them.
        return "" if category == "Cf" else " "
    return one


def _next_syntax(text: str, at: int) -> tuple[int, int | None] | None:
    """The first tool syntax from here: where it begins, and where it ends (None: it is not closed)."""
    first: tuple[int, int | None] | None = None
    for opener, closer in _OPENERS:
        if begun := opener.search(text, at):
            closed = closer.search(text, begun.end())
            if first is None or begun.start() < first[0]:
                first = (begun.start(), closed.end() if closed else None)
    if (begun := _JSON.search(text, at)) and (first is None or begun.start() < first[0]):
        first = (begun.start(), _end_of_json(text, begun.start()))
    return first


def _end_of_json(text: str, begin: int) -> int | None:
    depth, quoted, escaped = 0, False, False
    for at in range(begin, len(text)):
        one = text[at]
        if escaped:
            escaped = False
        elif one == "\\":
            escaped = quoted
        elif one == '"':
            quoted = not quoted
        elif not quoted and one in "{[":
            depth += 1
        elif not quoted and one in "}]":
            depth -= 1
            if depth == 0:
                return at + 1
    return None
