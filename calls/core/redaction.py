"""Masks identity numbers and payment cards in what was said, where their check digit is right. Pure.

Digits become HIDDEN one by one and everything else stays, so that no word moves and times of words still hold. Digits
may stand in groups with spaces or hyphens between them, or be said one by one as Hebrew words ("שלוש אחת שש"); a number
that is split between two turns, or said in compound words ("עשרים ושלוש"), is not recognised.

Nine digits whose check is right are an identity number; 13 to 19 that begin as cards do, with Luhn's check, a card. One
number in ten passes a check by chance: what Israel's number plan says is a phone number is therefore left alone, and so
is a number of nine digits that is grouped as one on land is ("03-1234567").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from calls.core.check_digits import ID_DIGITS, id_check_holds, luhn_holds
from calls.core.digit_words import ONES
from calls.core.text import HIDDEN

CARD = re.compile(r"(?:[3-6]|2[2-7])\d{12,18}")
MOST_DIGITS = 19
_PHONE = re.compile(r"0[57]\d{8}|972[2-9]\d{7,8}|1[5-9]00\d{6}")
_PHONE_BEGINS = re.compile(r"0[57]\d{0,8}|972\d{0,9}|1[5-9]00\d{0,6}")
_ON_LAND = re.compile(r"0[23489]")
_GROUPS_ON_LAND = [(2, 7), (2, 3, 4)]
UNFINISHED_DIGITS = 8
"""So many digits at the end of a hypothesis may become a number: the next one shall not have shown them before."""
LEAST_FIGURES, LEAST_LETTERS = 2, 3
"""A secret that is shorter stands in too much that is none: a yes, a number between one and nine."""
_FIGURE_OF = {word: str(figure) for figure, words in enumerate(ONES) for word in words.split()}
_GROUP = re.compile(rf"\d+|(?<!\w)(?:{'|'.join(sorted(_FIGURE_OF, key=len, reverse=True))})(?!\w)")
_BETWEEN = re.compile(r"[\s\-‐-―−־]{1,3}")
_FIGURES = re.compile("[0-9]+")
_MASKED = re.compile(rf"{HIDDEN}+(?:[\s\-‐-―−־]{{1,3}}{HIDDEN}+)*")

Group = tuple[int, int, str]
"""Where it begins and ends in the text, and its digits."""


def redacted(text: str, *, growing: bool = False) -> str:
    """The text with its identity numbers and cards masked; as long as before. ``growing``: more words may follow, and
    digits at the end that may yet become such a number are masked as well."""
    masked = list(text)
    chains = list(_chains(text))
    for chain in chains:
        for begin, end, _digits in _hidden(chain):
            masked[begin:end] = [HIDDEN if one.isalnum() else one for one in text[begin:end]]
    if growing and chains and not re.search(r"\w", text[chains[-1][-1][1] :]):
        for begin, end, _digits in _unfinished(chains[-1]):
            masked[begin:end] = HIDDEN * (end - begin)
    return "".join(masked)


def redacted_words(words: Sequence[str], *, growing: bool = False) -> tuple[str, ...]:
    """Each word of what was said, masked as they stand side by side."""
    said = redacted(" ".join(words), growing=growing)
    masked, at = [], 0
    for word in words:
        masked.append(said[at : at + len(word)])
        at += len(word) + 1
    return tuple(masked)


def without(text: str, values: Sequence[str], *, growing: bool = False) -> str:
    """The text with these secret values masked; as long as before. Figures are found in groups, or said one by one, as
    above; anything else by its letters. ``growing``: more words may follow, and figures at the end that begin such a
    value are masked as well."""
    masked = list(text)
    chains = list(_chains(text))
    for value in values:
        if len(value) < (LEAST_FIGURES if _FIGURES.fullmatch(value) else LEAST_LETTERS):
            continue
        if _FIGURES.fullmatch(value):
            places = [place for chain in chains for place in _saying(chain, value)]
            if growing and chains and not re.search(r"\w", text[chains[-1][-1][1] :]):
                places += _beginning(chains[-1], value)
        else:
            found = re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)
            places = [(one.start(), one.end()) for one in found]
        for begin, end in places:
            masked[begin:end] = [HIDDEN if one.isalnum() else one for one in text[begin:end]]
    return "".join(masked)


def with_values(text: str, values: list[str]) -> str:
    """The text with secret figures where they were masked, for a process that goes on with a call. ``values``: those
    that were said, in their order; each is taken out of it as it is found."""

    def unmasked(found: re.Match[str]) -> str:
        lengths = found[0].count(HIDDEN), len(re.findall(f"{HIDDEN}+", found[0]))  # as figures; said one by one
        value = next((one for one in values if _FIGURES.fullmatch(one) and len(one) in lengths), None)
        if value is None:
            return found[0]
        values.remove(value)
        return value

    return _MASKED.sub(unmasked, text)


def _saying(chain: list[Group], value: str) -> Iterator[tuple[int, int]]:
    """Where its groups say these figures and no others."""
    for first in range(len(chain)):
        said = ""
        for group in chain[first:]:
            said += group[2]
            if said == value:
                yield chain[first][0], group[1]
            if not value.startswith(said):
                break


def _beginning(chain: list[Group], value: str) -> Iterator[tuple[int, int]]:
    """Where its last groups say the first of these figures, and not all."""
    said = ""
    for group in reversed(chain):
        said = group[2] + said
        if LEAST_FIGURES <= len(said) < len(value) and value.startswith(said):
            yield group[0], chain[-1][1]


def _chains(text: str) -> Iterator[list[Group]]:
    """Groups of digits that belong together by what stands between them."""
    chain: list[Group] = []
    for found in _GROUP.finditer(text):
        if chain and not _BETWEEN.fullmatch(text[chain[-1][1] : found.start()]):
            yield chain
            chain = []
        digits = _FIGURE_OF.get(found[0]) or "".join(str(int(one)) for one in found[0])
        chain.append((found.start(), found.end(), digits))
    if chain:
        yield chain


def _hidden(chain: list[Group]) -> Iterator[Group]:
    """The groups of the numbers to mask."""
    first = 0
    while first < len(chain):
        found = next(_numbers_from(chain, first), None)
        if found is None:
            first += 1
            continue
        last, is_hidden = found
        if is_hidden:
            yield from chain[first:last]
        first = last


def _numbers_from(chain: list[Group], first: int) -> Iterator[tuple[int, bool]]:
    """The numbers that begin with this group, the longest first: behind which group each ends, and whether it is to be
    masked; a phone's is not."""
    lasts = [first]
    digits = 0
    for group in chain[first:]:
        digits += len(group[2])
        if digits > MOST_DIGITS:
            break
        lasts.append(lasts[-1] + 1)
    for last in reversed(lasts[1:]):
        number = "".join(group[2] for group in chain[first:last])
        if _PHONE.fullmatch(number) or _is_on_land(number, chain[first:last]):
            yield last, False
        elif (CARD.fullmatch(number) and luhn_holds(number)) or (len(number) == ID_DIGITS and id_check_holds(number)):
            yield last, True


def _is_on_land(number: str, groups: list[Group]) -> bool:
    return bool(_ON_LAND.match(number)) and tuple(len(digits) for *_place, digits in groups) in _GROUPS_ON_LAND


def _unfinished(chain: list[Group]) -> list[Group]:
    """The groups at the chain's end that may become a number to mask."""
    hidden = set(_hidden(chain))
    rest: list[Group] = []
    for group in reversed(chain):
        if group in hidden:
            break
        rest.insert(0, group)
    number = "".join(group[2] for group in rest)
    return [] if len(number) < UNFINISHED_DIGITS or _PHONE_BEGINS.fullmatch(number) else rest
