"""An event's detail in words: of which turn or stream it is, and with which figures.

Whoever notes an event writes its detail in English (calls/core, stt/engines), for the log and the export. What a form
of FORMS says is said again in the page's language, here and by the console's script (static/console/call.js), which is
given the same table; of anything else the codes in it alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from calls.desk.codes import ACTIONS, ACTS, EVENTS, shown_code

WORDS: Mapping[str, Any] = {
    **ACTS,
    **{code: meaning for code, meaning in {**EVENTS, **ACTIONS}.items() if "_" in code},
}
"""Words that a detail may hold beside a reason's own; none of them is a word of a sentence."""
FORMS: Mapping[str, Any] = {
    r"(?:utterance|turn) (?<number>\d+)": _("turn %(number)s"),
    r"stream (?<number>\d+)": _("stream %(number)s"),
    r"utterance (?<number>\d+), (?<ms>\d+) ms after its end": _("turn %(number)s, %(ms)s milliseconds after its end"),
    r"utterance (?<number>\d+), forced": _("turn %(number)s, a final that was asked for"),
    r"utterance (?<number>\d+), natural": _("turn %(number)s, a final that came by itself"),
    r"forced (?<forced>\d+) ms over (?<asked>\d+), natural (?<natural>\d+) ms over (?<others>\d+)": _(
        "finals that were asked for came after %(forced)s milliseconds (%(asked)s of them), others after %(natural)s "
        "(%(others)s of them)"
    ),
    r"lacked words: forced (?<forced>\d+) of (?<asked>\d+), natural (?<natural>\d+) of (?<others>\d+)": _(
        "of finals that were asked for %(forced)s of %(asked)s lacked words, of others %(natural)s of %(others)s"
    ),
    r"(?<requests>\d+) requests in a minute, (?<allowed>\d+) allowed": _(
        "%(requests)s requests in a minute, %(allowed)s are allowed"
    ),
    r"the trial has shown nothing": _("the trial has shown nothing"),
    r"The line has no voice\.": _("The line has no voice."),
    r"Nothing of the answer can be spoken\.": _("Nothing of the answer can be spoken."),
    r"The responder kept the caller waiting\.": _("What answers kept the caller waiting."),
    r"The caller would have heard nothing for too long\.": _("The caller would have heard nothing for too long."),
    r"The model kept the caller waiting\.": _("The model kept the caller waiting."),
    r"The model said nothing\.": _("The model said nothing."),
    r"The line names no model\.": _("The line names no model."),
    r"(?<voice>\S+): The voice made no sound\.": _("%(voice)s: The voice made no sound."),
    r"(?<voice>\S+): No sound came within (?<s>[\d.]+) s\.": _("%(voice)s: No sound came within %(s)s seconds."),
}
"""Patterns of a whole detail, in JavaScript's notation, and what each says."""
_FORMS = [(re.compile(pattern.replace("(?<", "(?P<")), said) for pattern, said in FORMS.items()]
_WORD = re.compile(r"[A-Za-z]\w*")


def shown_detail(detail: str) -> str:
    """In the page's language; the reason of a later version, or of an engine's library, as it was written."""
    for pattern, said in _FORMS:
        if found := pattern.fullmatch(detail):
            return str(said) % found.groupdict()
    if detail in EVENTS:
        return shown_code(detail)
    return _WORD.sub(lambda word: str(WORDS.get(word[0], word[0])), detail)


def detail_texts() -> dict[str, Any]:
    """What the script says details with."""
    return {
        "words": {word: str(meaning) for word, meaning in WORDS.items()},
        "forms": [[pattern, str(said)] for pattern, said in FORMS.items()],
    }
