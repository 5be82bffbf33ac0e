"""What a step expects, as people write it: ``yes_no``, or ``{kind: digits, check: phone}``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from calls.reply.aloud import without_points
from calls.reply.items import DigitsCheck, Expect, ExpectationKind

MAX_DIGITS = 24
LENGTHS = {
    DigitsCheck.NONE: (1, 20),
    DigitsCheck.ISRAELI_ID: (9, 9),
    DigitsCheck.LUHN: (12, 19),
    DigitsCheck.PHONE: (9, 10),
    DigitsCheck.DATE: (6, 8),
}
"""How many digits are expected where a dialogue does not say."""


class FaultReader(Protocol):
    """What gathers faults (calls/reply/dialogue_reading.py)."""

    def text(self, value: Any, path: str, longest: int = ...) -> str: ...

    def number(self, value: Any, path: str, low: int, high: int) -> int: ...

    def mapping(self, value: Any, path: str) -> Mapping[str, Any]: ...

    def sequence(self, value: Any, path: str) -> list[Any]: ...

    def fault(self, path: str, code: str, **named: object) -> None: ...


def expect_of(reader: FaultReader, value: Any, path: str) -> tuple[Expect, Mapping[str, str]]:
    """With a choice's values as they are written, by what they are without their points: so they are said back. Faults
    go to the reader; what is wrong is taken as ``open``."""
    if isinstance(value, str):
        value = {"kind": value}
    found = reader.mapping(value, path)
    written = found.get("kind", "")
    kinds = {str(kind): kind for kind in ExpectationKind}
    if not isinstance(written, str) or written not in kinds:
        reader.fault(path, "unknown_kind", value=str(written)[:40] or "-", known=", ".join(kinds))
        return Expect(), {}
    kind = kinds[written]
    known = {"kind"} | {"choice": {"values"}, "digits": {"min", "max", "check"}}.get(written, set())
    for key in found:
        if key not in known:
            reader.fault(f"{path}.{key}", "unknown_key", known=", ".join(sorted(known)))
    if kind is ExpectationKind.CHOICE:
        return _choice(reader, found.get("values"), f"{path}.values")
    return _digits(reader, found, path) if kind is ExpectationKind.DIGITS else Expect(kind), {}


def _choice(reader: FaultReader, value: Any, path: str) -> tuple[Expect, Mapping[str, str]]:
    """A list of values, or each with a list of its synonyms."""
    if isinstance(value, list):
        value = {one if isinstance(one, str) else "": [] for one in value}
    found = reader.mapping(value, path)
    owners: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    for written, synonyms in found.items():
        at = f"{path}.{written}"
        one = without_points(reader.text(written, at, 80))
        words = [without_points(reader.text(word, at)) for word in reader.sequence(synonyms or [], at)]
        for word in (one, *words):
            if not word:
                reader.fault(at, "missing")
            elif owners.setdefault(word, one) != one:
                reader.fault(at, "value_twice", value=word)
        choices[one] = tuple(words)
    if not choices and isinstance(value, dict):
        reader.fault(path, "missing")
    spoken = {without_points(written).strip(): written.strip() for written in found}
    return Expect(ExpectationKind.CHOICE, choices=tuple(choices.items())), spoken


def _digits(reader: FaultReader, found: Mapping[str, Any], path: str) -> Expect:
    checks = {str(check): check for check in DigitsCheck if check}
    written = found.get("check", "")
    if written and written not in checks:
        reader.fault(f"{path}.check", "unknown_check", value=str(written)[:40], known=", ".join(checks))
    check = checks.get(written, DigitsCheck.NONE)
    low, high = LENGTHS[check]
    fewest = reader.number(found["min"], f"{path}.min", 1, MAX_DIGITS) if "min" in found else low
    most = reader.number(found["max"], f"{path}.max", fewest, MAX_DIGITS) if "max" in found else max(high, fewest)
    return Expect(ExpectationKind.DIGITS, min_digits=fewest, max_digits=most, check=check)
