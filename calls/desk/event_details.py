"""An event's detail in words: of which turn or stream it is, and with which figures.

Whoever notes an event writes its detail in English (calls/core, calls/reply, stt/engines), for the log and the export.
What SENTENCES knows is said again in the page's language, here and by the console's script (static/console/call.js),
which is given the same table; behind a voice's name likewise. Any other sentence is a vendor's, its library's, or that
of a responder that is none of ours: it stands as it is, apart, and is said to be theirs. Of the rest the codes in it
alone are said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.desk.codes import ACTIONS, ACTS, EVENTS, shown_code
from calls.desk.event_sentences import SENTENCES

WORDS: Mapping[str, Any] = {
    **ACTS,
    **{code: meaning for code, meaning in {**EVENTS, **ACTIONS}.items() if "_" in code},
}
"""Words that a detail may hold beside a reason's own; none of them is a word of a sentence."""
NAMED = r"(?<name>[a-z]\w*:[^\s:]+|[a-z]\w*-[^\s:]+): (?<said>[\s\S]+)"
"""A voice's or a program's name, and what is said of it."""
FOREIGN = rf"(?!(?:{'|'.join(ACTS)})\b)(?:[\s\S]*[A-Za-z.,]{{2,}} [A-Za-z]{{2,}}[\s\S]*|[A-Z]\w+: [\s\S]+)"
"""A sentence, or an exception's name and what it says; but not an act with a person's name."""
THEIRS = _("the vendor's words: %(words)s")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("(?<", "(?P<"))


_SENTENCES = [(_compiled(pattern), said) for pattern, said in SENTENCES.items()]
_NAMED, _FOREIGN = _compiled(NAMED), _compiled(FOREIGN)
_WORD = re.compile(r"[A-Za-z]\w*")


def shown_detail(detail: str) -> str:
    """In the page's language, as far as it is known."""
    for pattern, said in _SENTENCES:
        if found := pattern.fullmatch(detail):
            return str(said) % {name: isolated(value) for name, value in found.groupdict().items()}
    if detail in EVENTS:
        return shown_code(detail)
    if named := _NAMED.fullmatch(detail):
        return f"{isolated(named['name'])}: {shown_detail(named['said'])}"
    if _FOREIGN.fullmatch(detail):
        return str(THEIRS) % {"words": isolated(detail)}
    return _WORD.sub(lambda word: str(WORDS.get(word[0], word[0])), detail)


def isolated(words: str) -> str:
    """In a direction of their own, whatever stands around them; figures need none."""
    return f"\u2068{words}\u2069" if re.search("[^\\W\\d_]", words) else words


def detail_texts() -> dict[str, Any]:
    """What the script says details with."""
    return {
        "words": {word: str(meaning) for word, meaning in WORDS.items()},
        "forms": [[pattern, str(said)] for pattern, said in SENTENCES.items()],
        "named": NAMED,
        "foreign": FOREIGN,
        "theirs": str(THEIRS),
    }
