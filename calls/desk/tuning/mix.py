"""Whether two sets of calls are of one mix: else a difference may be the calls' own, and not the settings'. Pure.

What is compared are circumstances that settings do not choose: the line, the hour, the day, where callers call from,
how much they say, and which engine heard them, unless it is the engines that were changed. Words a turn and a call's
seconds are left out, for a hangover cuts turns and answers take time: they are what settings do. So are returning
callers: no index finds a number's earlier calls.

Two mixes are other ones when more than OTHER_MIX of one side's calls would have to change their kind to make it the
other's (the total variation distance), and when chance alone seldom parts calls so: the chi-square test of homogeneity
at LEVEL over all mixes. What chance does to the mix of few calls is in the measures' intervals already, which are drawn
over calls.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import NormalDist

OTHER_MIX = 0.2
"""A share of calls."""
LEVEL = 0.01
"""So often chance alone may call two sides of one mix others."""
LEAST_EXPECTED = 1.0
"""Calls of a kind on the smaller side; rarer kinds count as one (Cochran 1954)."""
REST = "rest"
FRIDAY, SATURDAY = 4, 5
NIGHT_FROM, MORNING_FROM, AFTERNOON_FROM, EVENING_FROM = 22, 6, 12, 17
FEW_WORDS, SOME_WORDS = 10, 40
"""From so many words on a call is no longer one of few, of some."""
_COUNTRY, _MOBILE = "+972", "+9725"
Mixes = Mapping["Mix", Counter[str]]
"""Calls of one side, by their kinds."""


class Mix(StrEnum):
    """What calls are told apart by."""

    LINE = "line"
    HOUR = "hour"
    DAY = "day"
    CALLER = "caller"
    WORDS = "words"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class OtherMix:
    """In what two sides differ."""

    mix: Mix
    apart: float
    """The share of calls that would have to change their kind."""
    kind: str
    """The one whose shares differ most."""
    a: float
    b: float
    """Its shares."""


def hour_of(at: datetime) -> str:
    """``at`` in the pages' time zone."""
    if at.hour >= NIGHT_FROM or at.hour < MORNING_FROM:
        return "night"
    if at.hour < AFTERNOON_FROM:
        return "morning"
    return "afternoon" if at.hour < EVENING_FROM else "evening"


def day_of(at: datetime) -> str:
    """Friday and Saturday are the Israeli weekend."""
    return {FRIDAY: "friday", SATURDAY: "saturday"}.get(at.weekday(), "weekday")


def caller_of(number: str) -> str:
    """By what is dialled from; an Israeli number that is no mobile's is a house's, an office's or an exchange's."""
    if number.startswith(_MOBILE):
        return "mobile"
    if number.startswith(_COUNTRY):
        return "landline"
    if number.startswith("+"):
        return "abroad"
    return "app" if ":" in number else "withheld"


def words_of(words: int) -> str:
    if not words:
        return "none"
    if words < FEW_WORDS:
        return "few"
    return "some" if words < SOME_WORDS else "many"


def other_mixes(a: Mixes, b: Mixes) -> list[OtherMix]:
    """The mixes that differ, the widest apart first. A mix that one side lacks is not compared."""
    common = [mix for mix in Mix if a.get(mix) and b.get(mix)]
    found = []
    for mix in common:
        other = _apart(mix, a[mix], b[mix])
        if other.apart > OTHER_MIX and _by_chance(a[mix], b[mix]) < LEVEL / len(common):
            found.append(other)
    return sorted(found, key=lambda other: -other.apart)


def _apart(mix: Mix, a: Counter[str], b: Counter[str]) -> OtherMix:
    shares = {kind: (a[kind] / a.total(), b[kind] / b.total()) for kind in sorted(a.keys() | b.keys())}
    kind = max(shares, key=lambda one: abs(shares[one][0] - shares[one][1]))
    return OtherMix(mix, sum(abs(x - y) for x, y in shares.values()) / 2, kind, *shares[kind])


def _by_chance(a: Counter[str], b: Counter[str]) -> float:
    """How often calls of one mix would be parted so far, by the chi-square test of homogeneity; 1.0 where there is one
    kind. Its distribution by Wilson and Hilferty (1931), within a fifth of the table's at the levels asked here."""
    smaller = min(a.total(), b.total()) / (a.total() + b.total())
    kinds: Counter[str] = Counter()
    of_a: Counter[str] = Counter()
    for kind in a.keys() | b.keys():
        both = a[kind] + b[kind]
        counted_as = kind if both * smaller >= LEAST_EXPECTED else REST
        kinds[counted_as] += both
        of_a[counted_as] += a[kind]
    freedom = len(kinds) - 1
    if not freedom:
        return 1.0
    share = a.total() / (a.total() + b.total())
    squares = sum((of_a[kind] - both * share) ** 2 / (both * share * (1 - share)) for kind, both in kinds.items())
    spread = 2 / (9 * freedom)
    return 1 - NormalDist().cdf((math.cbrt(squares / freedom) - (1 - spread)) / math.sqrt(spread))
