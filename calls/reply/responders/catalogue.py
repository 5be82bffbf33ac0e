"""The responders that there are: what each is called, what a line's page calls it, and how a call makes it.

One row a responder, and the only place where one is added: the page's choices and what answers a call read this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from calls.reply.language_models import LanguageModels
from calls.reply.responder import Responder
from calls.reply.responders.llm import LlmResponder
from calls.reply.responders.model_waits import ModelWaits
from calls.reply.responders.repeat import RepeatResponder
from calls.reply.responders.scripted import ScriptedResponder
from calls.reply.responders.silent import SilentResponder
from calls.reply.settings import AnswerSettings
from stt.tuning import Tuning
from voiceapp.runtime.marked_texts import gettext_noop as _

UNKNOWN = "responder_unknown"
"""The code of a line whose stored name stands in no row: of a later version, or taken out."""


@dataclass(frozen=True, slots=True)
class ResponderInputs:
    """What a call has to make its responder of."""

    settings: AnswerSettings
    """Its line's."""
    tuning: Tuning
    """Its profile's, bounded."""
    models: LanguageModels
    """The process's connections to language models."""
    today: date
    """On which the call began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponderEntry:
    """One responder."""

    name: str
    """As lines, rows and metrics have it, the same as the ``name`` of what is made. Does not change. At most 16
    characters."""
    label: str
    """For people, in English: marked with ``_`` for translation."""
    make: Callable[[ResponderInputs], Responder]
    """One call's, on its loop. Waits for nothing and raises nothing."""
    says_others_words: bool = False
    """It says words that nobody has pointed (a recogniser's, a model's): a voice that needs vowel points cannot."""


def _llm(inputs: ResponderInputs) -> Responder:
    waits = ModelWaits(first_ms=inputs.tuning.responder_first_ms, total_ms=inputs.tuning.responder_total_ms)
    return LlmResponder(inputs.settings, inputs.models, waits)


ENTRIES: tuple[ResponderEntry, ...] = (
    ResponderEntry(name="silent", label=_("nothing: it only transcribes"), make=lambda _: SilentResponder()),
    ResponderEntry(
        name="repeat",
        label=_("says back what it heard (demo)"),
        make=lambda _: RepeatResponder(),
        says_others_words=True,
    ),
    ResponderEntry(
        name="scripted",
        label=_("a dialogue"),
        make=lambda inputs: ScriptedResponder(inputs.settings.dialogue, inputs.today),
    ),
    ResponderEntry(name="llm", label=_("a language model"), make=_llm, says_others_words=True),
)
"""In the order of a line's page; the first is a new line's."""


def entries() -> dict[str, ResponderEntry]:
    """By name."""
    return {entry.name: entry for entry in ENTRIES}
