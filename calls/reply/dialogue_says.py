"""What a dialogue says: each of its texts with where it stands, to be heard or rendered before a call. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calls.reply.dialogue import KeptValue, in_words, kept_value
from calls.reply.dialogue_format import PLACEHOLDER, DialogueScript

POINTED_WORD = "שָׁלוֹם"


@dataclass(frozen=True, slots=True)
class DialogueText:
    """One text of a dialogue."""

    path: str
    """As faults name it: ``steps.day.say``."""
    text: str
    """As it is written."""
    example: str
    """As it is said with the values that its examples save; one that none of them saves is left out."""

    @property
    def is_fixed(self) -> bool:
        """It holds no value: it is said in the same words in every call."""
        return PLACEHOLDER.search(self.text) is None

    @property
    def written_words(self) -> str:
        """The words that stand in it, a pointed one in place of each value: whether these can be said does not depend
        on the call."""
        return PLACEHOLDER.sub(POINTED_WORD, self.text)


def texts_of(script: DialogueScript) -> tuple[DialogueText, ...]:
    """In the order of the steps, the goodbye last; each once."""
    kept = _example_values(script)
    found: dict[str, DialogueText] = {}
    for path, text in _texts(script):
        if text.strip():
            found.setdefault(text, DialogueText(path, text, in_words(text, kept)))
    return tuple(found.values())


def _texts(script: DialogueScript) -> Iterator[tuple[str, str]]:
    said_back = _placeholders(script)
    for name, step in script.steps.items():
        yield f"steps.{name}.say", step.say
        yield f"steps.{name}.again", step.again
        if step.question is not None and step.question.save in said_back:
            for value, _ in step.question.expect.choices:
                yield f"steps.{name}.expect.values", step.question.spoken.get(value, value)
    yield "goodbye", script.goodbye


def _placeholders(script: DialogueScript) -> set[str]:
    """Keys whose values are said as the dialogue writes them."""
    texts = [text for step in script.steps.values() for text in (step.say, step.again)]
    return {found[1] for text in (*texts, script.goodbye) for found in PLACEHOLDER.finditer(text) if not found[2]}


def _example_values(script: DialogueScript) -> dict[str, KeptValue]:
    saved = {key: value for example in reversed(script.examples) for key, value in (example.saved or {}).items()}
    questions = {step.question.save: step.question for step in script.steps.values() if step.question is not None}
    return {
        key: kept_value(questions[key], value, key) if key in questions else KeptValue(value, key)
        for key, value in saved.items()
    }
