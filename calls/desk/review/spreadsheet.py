"""Calls as CSV that Excel and LibreOffice open as they are: a row a turn, in UTF-8, nothing taken for a formula.

For people; programs take the JSON lines (calls/lines/exporting.py).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calls.desk.clock import zone_name
from calls.desk.review.queue.models import CallReview, TurnMark
from calls.lines.exporting import exported
from calls.storage.models import SOURCES, Call

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's own code page: https://support.microsoft.com/office (CSV UTF-8)."""
LEFT_TO_RIGHT_MARK = "\u200e"
"""Before a number: it stays text, with its +, and reads from left to right beside Hebrew."""
FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""How a cell begins that a spreadsheet may run, behind what nobody sees:
https://owasp.org/www-community/attacks/CSV_Injection."""
NUMBER = re.compile(r"\+[0-9]+")
COLUMNS: Mapping[str, Any] = {
    "call_sid": "CallSid",
    "line": _("line"),
    "line_name": _("line's name"),
    "caller": _("caller"),
    "call_started_at": _("started"),
    "verdicts": _("verdict"),
    "tags": _("tags"),
    "notes": _("notes"),
    "turn": _("turn"),
    "speaker": _("who speaks"),
    "started_s": _("from second"),
    "ended_s": _("to second"),
    "text": _("text"),
    "correction": _("correction"),
    "marks": _("marks"),
    "source": _("source"),
    "engine": _("engine"),
    "model": _("model"),
    "partial_ms": _("first words (ms)"),
    "final_ms": _("text ready (ms)"),
    "total_ms": _("answer heard (ms)"),
}
"""What each is called in the reader's language."""
OF_CALL = 8
"""So many columns are the call's, and stand in each of its rows."""
LINE_NAME = "line_name"
"""The attribute under which a call has its line's name. The query that read it has added it (download.py in this room):
a call's row has the number alone."""
SPEAKERS = {"caller": _("caller"), "agent": _("The line")}
SOURCE_LABELS = dict(SOURCES)
MARK_LABELS = dict(TurnMark.Kind.choices)
VERDICT_LABELS = dict(CallReview.Verdict.choices)


def head() -> str:
    """The mark and the columns' names, in the language that is active. Times have their zone here, so that a cell is
    still read as a time."""
    names = {**COLUMNS, "call_started_at": f"{COLUMNS['call_started_at']} ({zone_name()})"}
    return BYTE_ORDER_MARK + _csv(tuple(str(name) for name in names.values()))


def rows(call: Call) -> Iterator[str]:
    """A call's turns in the order in which they began; a call without turns has one row. In the language that is
    active."""
    whole = exported(call)
    began_at = call.started_at and timezone.localtime(call.started_at)
    about = (
        text(call.call_sid),
        number(call.to_number),
        text(getattr(call, LINE_NAME, "")),
        number(call.from_number),
        f"{began_at:%Y-%m-%d %H:%M:%S}" if began_at else "",
        ", ".join(str(VERDICT_LABELS[one["verdict"]]) for one in whole.get("reviews", ())),
        text(", ".join(whole.get("tags", ()))),
        text(" | ".join(one["text"] for one in whole.get("notes", ()))),
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
        return ("",) * (len(COLUMNS) - OF_CALL)
    return (
        turn["number"],
        SPEAKERS[turn["speaker"]],
        f"{turn['started_ms'] / 1000:.2f}",
        f"{turn['ended_ms'] / 1000:.2f}",
        text(words(turn)),
        text(turn.get("correction", {}).get("text")),
        ", ".join(str(MARK_LABELS[kind]) for kind in turn.get("marks", ())),
        SOURCE_LABELS.get(turn["source"], turn["source"]),
        text(turn["engine"]),
        text(turn["model"]),
        *(turn[name] for name in ("partial_ms", "final_ms", "total_ms")),
    )


def _csv(cells: tuple[Any, ...]) -> str:
    """One row as RFC 4180 has it."""
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
