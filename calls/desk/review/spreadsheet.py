"""Calls as CSV that Excel and LibreOffice open as they are: a row a turn, in UTF-8, nothing taken for a formula.

For people; programs take the JSON lines (calls/desk/review/exporting.py).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.utils import timezone

from calls.desk.review.exporting import exported
from calls.storage.models import Call

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page: https://support.microsoft.com/office (CSV UTF-8)."""
LEFT_TO_RIGHT_MARK = "\u200e"
"""Before a number: it stays text, with its +, and reads from left to right beside Hebrew."""
FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""How a cell begins that a spreadsheet may run, behind what nobody sees:
https://owasp.org/www-community/attacks/CSV_Injection."""
NUMBER = re.compile(r"\+[0-9]+")
COLUMNS = (
    "call_sid", "line", "caller", "call_started_at", "turn", "speaker", "started_s", "ended_s", "text", "correction",
    "source", "engine", "model", "partial_ms", "final_ms", "total_ms",
)  # fmt: skip


def head() -> str:
    """The mark and the columns' names."""
    return BYTE_ORDER_MARK + _csv(COLUMNS)


def rows(call: Call) -> Iterator[str]:
    """A call's turns in the order in which they began; a call without turns has one row."""
    whole = exported(call)
    began_at = call.started_at and timezone.localtime(call.started_at)
    about = (
        text(call.call_sid),
        number(call.to_number),
        number(call.from_number),
        f"{began_at:%Y-%m-%d %H:%M:%S}" if began_at else "",
    )
    for turn in whole["turns"] or [{}]:
        yield _csv((*about, *_turn(turn)))


def text(value: Any) -> str:
    """A cell that is read as it stands."""
    said = "" if value is None else str(value)
    return f"'{said}" if FORMULA.match(said) else said


def number(value: str) -> str:
    """A phone number's cell; an address or a name is text as any other."""
    if NUMBER.fullmatch(value):
        return LEFT_TO_RIGHT_MARK + value
    return text(value)


def said(turn: dict[str, Any]) -> str:
    """What was said in an exported turn: as a person has corrected it, else as it was heard."""
    correction = turn.get("correction")
    return str(correction["text"]) if correction else words(turn)


def words(turn: dict[str, Any]) -> str:
    """What was heard of an exported turn: of the line's own, by its caller."""
    if turn["speaker"] == "agent":
        return str(turn["heard_text"])
    return str(turn["text"] if turn["revised_text"] is None else turn["revised_text"])


def _turn(turn: dict[str, Any]) -> tuple[Any, ...]:
    if not turn:
        return ("",) * (len(COLUMNS) - 4)
    return (
        turn["number"],
        turn["speaker"],
        f"{turn['started_ms'] / 1000:.2f}",
        f"{turn['ended_ms'] / 1000:.2f}",
        text(words(turn)),
        text(turn.get("correction", {}).get("text")),
        turn["source"],
        text(turn["engine"]),
        text(turn["model"]),
        *(turn[name] for name in ("partial_ms", "final_ms", "total_ms")),
    )


def _csv(cells: tuple[Any, ...]) -> str:
    """One row as RFC 4180 has it."""
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
