"""Every code that rows can hold is said in words, in both languages."""

import ast
import re

import pytest
from django.utils import translation

from calls.core.decision import TABLE, Accept
from calls.core.stream_policy import StreamCommand
from calls.core.turns import EndReason
from calls.desk import codes
from calls.desk.event_details import shown_detail
from calls.live.call_end import CLOSE_CODES
from calls.process.shared_state import ENDED_BY_US
from calls.reply.items import Act
from calls.twilio.call_status import STATUS_ORDER
from stt.engines.waivers import WAIVABLE
from tests.paths import ROOT

TOLD = {"Note", "note", "_note", "VoiceError", "ResponderError", "RecognizerError"}
"""Whose first argument is the code of an event or a turn."""
COUNTED = {"counters", "_counters"}
ALL = (
    codes.EVENTS,
    codes.COUNTERS,
    codes.ENDS,
    codes.STATUSES,
    codes.TURN_RULES,
    codes.ACTIONS,
    codes.ACTS,
    codes.NOT_HEARD_AGAIN,
)


def trees():
    for room in ("calls/core", "calls/live", "calls/reply", "calls/process", "calls/storage", "stt"):
        for path in (ROOT / room).rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def strings(node):
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def named_strings():
    """Constants that hold a string, by their names: ``A = "a"`` and ``A, B = "a", "b"``."""
    named = {}
    for node in trees():
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple):
            target, value = node.targets[0], node.value
            pairs = (
                [(target, value)]
                if isinstance(target, ast.Name)
                else zip(target.elts, getattr(value, "elts", []), strict=False)
            )
            for one, held in pairs:
                if isinstance(one, ast.Name) and one.id.isupper() and isinstance(held, ast.Constant):
                    named[one.id] = strings(held)
    return named


def written_codes():
    """Of events and turns; of counters."""
    told, counted, named = set(), set(), named_strings()
    for node in trees():
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in TOLD and isinstance(node.args[0], ast.Constant | ast.IfExp):
                told |= strings(node.args[0])
            elif name in TOLD and isinstance(node.args[0], ast.Name):
                told |= named.get(node.args[0].id, set())
        if isinstance(node, ast.Subscript) and getattr(node.value, "attr", getattr(node.value, "id", "")) in COUNTED:
            counted |= strings(node.slice)
    is_code = re.compile("[a-z]+(_[a-z]+)*").fullmatch
    return {one for one in told if is_code(one)}, {one for one in counted if is_code(one)}


def test_every_code_that_the_sources_write_has_its_meaning():
    told, counted = written_codes()
    assert len(told) > 25 and len(counted) > 15
    assert told - codes.EVENTS.keys() == set()
    assert counted - codes.COUNTERS.keys() == set()


def test_every_enumerated_code_has_its_meaning():
    accepted = [row.then for row in TABLE if isinstance(row.then, Accept)]
    assert {one.rule for one in accepted} <= codes.TURN_RULES.keys()
    assert {one.code for one in accepted if one.code} <= codes.EVENTS.keys()
    assert {*StreamCommand} <= codes.EVENTS.keys() | codes.COUNTERS.keys()
    assert {*WAIVABLE} <= codes.EVENTS.keys()
    assert {*CLOSE_CODES, *ENDED_BY_US} <= codes.ENDS.keys()
    assert {one.__name__ for one in Act.__args__} == codes.ACTS.keys()
    assert {*STATUS_ORDER} == codes.STATUSES.keys()
    assert EndReason.HANGUP not in codes.ENDS  # of utterances, which no page shows


@pytest.mark.parametrize("meanings", ALL)
def test_every_meaning_is_said_in_hebrew_and_is_no_code(meanings):
    with translation.override("he"):
        assert [code for code, meaning in meanings.items() if not re.search("[א-ת]", str(meaning))] == []
    with translation.override("en"):
        assert [code for code, meaning in meanings.items() if "_" in str(meaning)] == []


def test_a_later_versions_code_stands_for_itself():
    assert codes.shown_code("of_tomorrow") == "of_tomorrow"


@pytest.mark.parametrize(
    ("detail", "shown"),
    [("utterance 3", "turn 3"), ("stream 2", "stream 2"),
     ("utterance 4, 229 ms after its end", "turn 4, 229 milliseconds after its end"),
     ("utterance 4, forced", "turn 4, a final that was asked for"), ("unavailable", "the engine could not be reached"),
     ("Transfer, דנה: no_such_person", "handing over, דנה: the line has no person of this name"),
     ("The server answered: unknown.", "the vendor's words: \u2068The server answered: unknown.\u2069"), ("", "")],
)  # fmt: skip
def test_an_events_detail_is_said_where_it_is_known(detail, shown):
    with translation.override("en"):
        assert shown_detail(detail) == shown
