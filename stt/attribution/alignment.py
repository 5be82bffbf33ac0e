"""Words of one hypothesis matched with those of another, so that evidence survives every revision. Pure.

Knows words and what is known of them; no utterances, no streams (stt/attribution/ledger.py), no clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import accumulate

from stt.events import Word
from stt.word_times import key

MIN_LIKENESS = 0.5
"""Two texts are taken for two hearings of the same speech when this share of their letters agrees."""
MIN_LETTER_MS = 50
"""No faster than this does anybody speak several words: 50 ms a letter is the fastest of 316 times three words of human
Hebrew, 57 of 193 times six."""
MIN_REPEAT_LIKENESS = 0.7
"""Words that two streams heard in the same voice agree in this share of their letters."""
MIN_SAME_LIKENESS = 0.75
"""A hypothesis continues the one before when this share of the letters that had settled comes back."""


@dataclass(slots=True)
class Entry:
    """One word of a segment with the evidence of whose it is."""

    text: str
    seen_ms: int
    """End of the earliest hypothesis that held it: it was spoken before this."""
    lacked_ms: int
    """End of the last hypothesis that lacked it."""
    owner: int | None = None
    """Number of the turn that took it."""
    start_ms: int | None = None
    end_ms: int | None = None
    parts: tuple[Entry, ...] = ()
    """The words that it was merged from, where a hypothesis wrote several as one: the next one may split them again."""

    @property
    def middle_ms(self) -> int | None:
        return None if self.start_ms is None or self.end_ms is None else (self.start_ms + self.end_ms) // 2


def alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Two hypotheses begin alike: as far as the shorter goes most letters agree, whatever the words are cut into."""
    before, after = "".join(map(key, one)), "".join(map(key, other))
    shorter = min(len(before), len(after))
    return SequenceMatcher(None, before[:shorter], after[:shorter], autojunk=False).ratio() > MIN_LIKENESS


def repeated(before: Sequence[str], words: Sequence[str], voiced_ms: int) -> tuple[int, int]:
    """How many of these words, which a stream says first, are those that streams before it said last, and how many of
    those are then said again.

    By letters: either may have misheard, merged or split some, and the words may end in the middle of the others.
    ``voiced_ms``: the voice that both heard, in which the words must have been spoken; half of the last one, which can
    have been cut, is enough.
    """
    most_letters = voiced_ms / MIN_LETTER_MS
    best, found = MIN_REPEAT_LIKENESS, (0, 0)
    said, again = [key(word) for word in words], [key(word) for word in before]
    for count in range(1, len(said) + 1):
        head = "".join(said[:count])
        if len(head) - len(said[count - 1]) / 2 > most_letters:
            break
        for first in range(len(again)):
            # A hypothesis, or a final in pieces, may not have come to the others' end.
            for last in range(first + 1, len(again) + 1) if count == len(said) else (len(again),):
                matcher = SequenceMatcher(None, "".join(again[first:last]), head, autojunk=False)
                if matcher.ratio() >= best:
                    best, found = matcher.ratio(), (count, last)
    return found


def continues(old: Sequence[str], new: Sequence[str]) -> bool:
    """The newer hypothesis is of the same segment: it begins with the words of the older but its newest one, nearly."""
    stable = "".join(map(key, old[:-1] or old))
    begin = "".join(map(key, new))[: len(stable)]
    likeness = SequenceMatcher(None, stable, begin, autojunk=False).ratio()
    return likeness >= (MIN_SAME_LIKENESS if len(old) > 1 else MIN_LIKENESS)


def _similar(one: str, other: str) -> bool:
    return SequenceMatcher(None, key(one), key(other), autojunk=False).ratio() >= MIN_LIKENESS


def same_word_and_time(entry: Entry, word: Word) -> bool:
    if entry.start_ms is None or entry.end_ms is None or word.start_ms is None or word.end_ms is None:
        return False
    shared_ms = min(entry.end_ms, word.end_ms) - max(entry.start_ms, word.start_ms)
    shorter_ms = min(entry.end_ms - entry.start_ms, word.end_ms - word.start_ms)
    return shared_ms * 2 > shorter_ms and key(entry.text) == key(word.text)


def set_times(entries: list[Entry], words: Sequence[Word], *, latest_ms: int) -> None:
    """Believe word times that are whole, ordered and not ahead of the audio; pass over the others."""
    reached_ms = 0
    for entry, word in zip(entries, words, strict=True):
        if word.start_ms is None or not word.end_ms or not reached_ms <= word.start_ms <= word.end_ms <= latest_ms:
            continue
        entry.start_ms, entry.end_ms, reached_ms = word.start_ms, word.end_ms, word.start_ms


def align(old: list[Entry], words: Sequence[str], fresh: Entry) -> tuple[list[Entry], list[Entry]]:
    """The words of a newer hypothesis with what is known of them from the older one.

    ``fresh`` is the evidence of a word that is new. Returns the entries, and the old entries behind the last kept one.
    """
    same = 0
    while same < min(len(old), len(words)) and old[same].text == words[same]:
        same += 1
    entries = list(old[:same])
    kept = same
    matcher = SequenceMatcher(
        None, [key(e.text) for e in old[same:]], [key(word) for word in words[same:]], autojunk=False
    )
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        before, after = old[same + i1 : same + i2], words[same + j1 : same + j2]
        if tag == "equal":
            entries += [replace(e, text=word) for e, word in zip(before, after, strict=True)]
            kept = same + i2
        elif tag == "replace":
            inherited, used = _inherit(before, after, fresh)
            entries += inherited
            kept = max(kept, same + i1 + used)
        elif tag == "insert":
            entries += [replace(fresh, text=word) for word in after]
    return entries, old[kept:]


def _inherit(before: list[Entry], after: Sequence[str], fresh: Entry) -> tuple[list[Entry], int]:
    """Words that stand where others stood: letter by letter, so that merged and split words keep their evidence.

    New letters beyond the old ones are new words. Returns the entries and how many old ones they used.
    """
    old = [part for entry in before for part in entry.parts or (entry,)]
    behind = list(accumulate(len(entry.parts) or 1 for entry in before))
    ends = list(accumulate(len(entry.text) for entry in old))
    entries: list[Entry] = []
    used = letters = 0
    for word in after:
        at, to = bisect_right(ends, letters), bisect_right(ends, letters + len(word) - 1)
        if at < len(old):
            # A letter of the next word is no word of it: it was misheard.
            merged = old[at : min(to + 1, len(old))] if to > at and letters + len(word) - ends[to - 1] > 1 else []
            entries.append(replace(old[at], text=word, parts=tuple(merged)))
            used = at + max(1, len(merged))
        else:
            entries.append(replace(fresh, text=word))
        letters += len(word)
    if letters >= ends[-1]:
        used = len(old)
    return entries, bisect_right(behind, used - 1) + 1 if used else 0


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Words by their times: a later stream may have given an earlier word. One without a time stays behind its
    predecessor."""
    reached_ms, at_ms = -1, []
    for entry in entries:
        reached_ms = reached_ms if entry.middle_ms is None else entry.middle_ms
        at_ms.append(reached_ms)
    return [entries[i] for i in sorted(range(len(entries)), key=at_ms.__getitem__)]


def merge(one_shot: Sequence[str], entries: Sequence[Entry]) -> tuple[str, ...]:
    """One-shot words and stream words of the same utterance, each once.

    Stream words take the place of one-shot words where they are aligned with them, or where their time is known; words
    that only one of the two heard stay.
    """
    stream = [entry.text for entry in entries]
    if not one_shot or not stream:
        return tuple(stream or one_shot)
    words: list[str] = []
    matcher = SequenceMatcher(None, [key(w) for w in one_shot], [key(w) for w in stream], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "delete" or (tag == "replace" and not _replaces(entries[j1:j2], one_shot[i1:i2])):
            words += one_shot[i1:i2]
        words += stream[j1:j2]
    return tuple(words)


def _replaces(entries: Sequence[Entry], one_shot: Sequence[str]) -> bool:
    """These stream words stand for these one-shot words: at a known time, and as many, or alike."""
    if all(entry.middle_ms is not None for entry in entries) and len(entries) * 2 >= len(one_shot):
        return True
    return _similar("".join(entry.text for entry in entries), "".join(one_shot))
