"""Which words of a text another one has not. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import NamedTuple


class ComparedWords(NamedTuple):
    """Some of a text's words, which stand one behind the other."""

    text: str
    changed: bool
    """The other text has them not, at this place."""


def difference(before: str, after: str) -> tuple[tuple[ComparedWords, ...], tuple[ComparedWords, ...]]:
    """Both texts, each in pieces whose words the other has or has not. Words are told apart as they are written, their
    punctuation too."""
    old, new = before.split(), after.split()
    removed, added = [], []
    # Without its heuristic of frequent elements: in a long text it would take common words for changed.
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if i < j:
            removed.append(ComparedWords(" ".join(old[i:j]), kind != "equal"))
        if k < m:
            added.append(ComparedWords(" ".join(new[k:m]), kind != "equal"))
    return tuple(removed), tuple(added)


def unchanged(text: str) -> tuple[ComparedWords, ...]:
    """A text that is compared with none."""
    return (ComparedWords(text, changed=False),) if text else ()
