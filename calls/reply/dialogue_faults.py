"""What can be wrong with a dialogue, and where: a path such as ``steps.address.expect`` and a sentence. Pure.

Sentences are English and stand in one table; pages translate them (voiceapp/locale).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calls.reply.responder import ResponderError

SENTENCES = {
    "syntax": "this is neither YAML nor JSON: %(problem)s",
    "too_large": "%(size)s bytes, at most %(most)s",
    "too_deep": "more than %(most)s levels",
    "alias": "anchors, aliases and tags are not read",
    "duplicate": "stands twice",
    "not_a_mapping": "names and values are expected here",
    "not_a_list": "a list is expected here",
    "not_text": "a text is expected here",
    "unknown_key": "there is no such key; there are: %(known)s",
    "missing": "is missing",
    "bad_name": "letters, digits and _ only, beginning with a letter, at most 40",
    "too_long": "more than %(most)s characters",
    "bad_character": "holds a character that cannot be spoken",
    "no_words": "nothing of it can be spoken",
    "unknown_kind": "there is no kind %(value)s; there are: %(known)s",
    "unknown_check": "there is no check %(value)s; there are: %(known)s",
    "out_of_range": "%(value)s is not from %(low)s to %(high)s",
    "not_a_day": "a day as 2026-12-31 is expected here",
    "not_a_flag": "true or false, not %(value)s",
    "unknown_step": "there is no step %(step)s",
    "unknown_act": "there is no act %(act)s; there are: %(known)s",
    "unknown_value": "the question has no value %(value)s",
    "value_twice": "%(value)s is a word of two values",
    "unknown_person": "the line lists nobody named %(person)s",
    "no_way_on": "nothing follows: name a step, or end the call",
    "after_the_end": "nothing can follow this: name it last",
    "bad_tones": "tones are 0-9 * # A-D",
    "unreachable": "no step leads here",
    "no_way_to_the_end": "from here no way leads to the end of the call",
    "endless": "comes back here without a question",
    "must_end": "leads to a question, but the call ends here",
    "unknown_placeholder": "nothing saves %(name)s",
    "unsaved_placeholder": "%(name)s may not be known yet here",
    "bad_placeholder": "%(text)s is no placeholder: write {name} or {name:%(known)s}",
    "expects_nothing": "expects nothing: a step, a text, a saved value or an end",
    "too_many": "%(count)s, at most %(most)s",
    "one_of": "one of %(known)s is expected here",
}
"""By code."""


@dataclass(frozen=True, slots=True)
class DialogueFault:
    """One fault."""

    path: str
    """Keys and places in lists, joined by dots; empty: the whole document."""
    code: str
    """Of SENTENCES."""
    named: Mapping[str, object] = field(default_factory=dict)
    """What the sentence names."""

    def __str__(self) -> str:
        return f"{self.path or 'dialogue'}: {SENTENCES[self.code] % self.named}"


class DialogueInvalid(ResponderError):
    """A dialogue cannot be used: ``dialogue_invalid``. The message has the path to the first fault."""

    def __init__(self, faults: Iterable[DialogueFault]) -> None:
        self.faults = tuple(faults)
        """At least one, in the order of the document's checks."""
        super().__init__("dialogue_invalid", f"dialogue_invalid: {self.faults[0]}")
