"""What can be wrong with a dialogue, and where: a path such as ``steps.address.expect`` and a sentence. Pure.

Sentences are English and stand in one table; pages translate them (voiceapp/locale).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calls.reply.responder import ResponderError
from voiceapp.runtime.marked_texts import gettext_noop as _

SENTENCES = {
    "syntax": _("this is neither YAML nor JSON: %(problem)s"),
    "too_large": _("%(size)s bytes, at most %(most)s"),
    "too_deep": _("more than %(most)s levels"),
    "alias": _("anchors, aliases and tags are not read"),
    "duplicate": _("stands twice"),
    "not_a_mapping": _("names and values are expected here"),
    "not_a_list": _("a list is expected here"),
    "not_text": _("a text is expected here"),
    "unknown_key": _("there is no such key; there are: %(known)s"),
    "missing": _("is missing"),
    "bad_name": _("letters, digits and _ only, beginning with a letter, at most 40"),
    "too_long": _("more than %(most)s characters"),
    "bad_character": _("holds a character that cannot be spoken"),
    "no_words": _("nothing of it can be spoken"),
    "unknown_kind": _("there is no kind %(value)s; there are: %(known)s"),
    "unknown_check": _("there is no check %(value)s; there are: %(known)s"),
    "out_of_range": _("%(value)s is not from %(low)s to %(high)s"),
    "not_a_day": _("a day as 2026-12-31 is expected here"),
    "not_a_flag": _("true or false, not %(value)s"),
    "unknown_step": _("there is no step %(step)s"),
    "unknown_act": _("there is no act %(act)s; there are: %(known)s"),
    "unknown_value": _("the question has no value %(value)s"),
    "value_twice": _("%(value)s is a word of two values"),
    "unknown_person": _("the line lists nobody named %(person)s"),
    "no_way_on": _("nothing follows: name a step, or end the call"),
    "after_the_end": _("nothing can follow this: name it last"),
    "bad_tones": _("tones are 0-9 * # A-D"),
    "unreachable": _("no step leads here"),
    "no_way_to_the_end": _("from here no way leads to the end of the call"),
    "endless": _("comes back here without a question"),
    "must_end": _("leads to a question, but the call ends here"),
    "unknown_placeholder": _("nothing saves %(name)s"),
    "unsaved_placeholder": _("%(name)s may not be known yet here"),
    "bad_placeholder": _("%(text)s is no placeholder: write {name} or {name:%(known)s}"),
    "expects_nothing": _("expects nothing: a step, a text, a saved value or an end"),
    "too_many": _("%(count)s, at most %(most)s"),
    "one_of": _("one of %(known)s is expected here"),
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
