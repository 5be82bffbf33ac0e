"""The doctor makes every check, whatever one of them does, and says it for people and for scripts."""

import ast
import json

import pytest
from django.core.management import CommandError, call_command

from calls.management.doctor import examination
from calls.management.doctor.finding import FindingState, failed, ok, warning
from tests.paths import ROOT


@pytest.fixture
def checks(monkeypatch):
    """Puts others in place of the real ones."""
    made = {}
    for name in examination.CHECKS:
        made[name] = lambda name=name: [ok(name, "is well")]
    monkeypatch.setattr(examination, "CHECKS", made)
    return made


def told(capsys, *arguments):
    code = 0
    try:
        call_command("doctor", *arguments)
    except SystemExit as ended:
        code = ended.code
    return code, capsys.readouterr().out


def test_a_box_that_is_well_has_a_line_for_each_check(checks, capsys):
    code, said = told(capsys)
    assert code == 0
    assert [line.split()[:2] for line in said.splitlines()] == [["ok", name] for name in checks]


def test_what_has_failed_says_what_to_do_and_is_the_exit_code(checks, capsys):
    checks["disk"] = lambda: [failed("disk", "is full", "delete something")]
    checks["redis"] = lambda: [warning("redis", "is not there", "set it")]
    code, said = told(capsys)
    assert code == 1
    assert "is full\n" in said and "→ delete something" in said and "→ set it" in said


def test_warnings_are_no_failure(checks, capsys):
    checks["redis"] = lambda: [warning("redis", "is not there", "set it")]
    assert told(capsys)[0] == 0


def test_scripts_get_an_object_a_line(checks, capsys):
    checks["disk"] = lambda: [failed("disk", "הדיסק מלא", "delete something")]
    code, said = told(capsys, "--json", "--only", "disk", "redis")
    assert code == 1
    assert [json.loads(line) for line in said.splitlines()] == [
        {"check": "disk", "state": "failed", "detail": "הדיסק מלא", "advice": "delete something"},
        {"check": "redis", "state": "ok", "detail": "is well", "advice": ""},
    ]


def test_a_check_that_fails_itself_keeps_no_other_from_being_made(checks):
    def broken():
        yield ok("disk", "so far")
        raise ValueError("nobody thought of it")

    checks["disk"] = broken
    findings = list(examination.examine(("disk", "redis")))
    assert [finding.state for finding in findings] == [FindingState.OK, FindingState.FAILED, FindingState.OK]
    assert "nobody thought of it" in findings[1].detail


def printed():
    """The names of findings, as the doctor's modules write them."""
    for path in (ROOT / "voiceapp" / "doctor").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"ok", "warning", "failed", "skipped"}:
                yield from [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []


@pytest.mark.parametrize("name", sorted({*printed(), *examination.CHECKS, "engine google", "storage_keys_unusable"}))
def test_every_name_that_is_printed_may_be_asked_for(name):
    assert examination.check_of(name) in examination.CHECKS


def test_a_name_that_there_is_not_is_answered_by_those_that_there_are(checks, capsys):
    assert told(capsys, "--only", "certificate", "webhooks") == (0, told(capsys, "--only", "public_url")[1])
    with pytest.raises(CommandError, match="'discs' is none of settings, versions, database, .*twilio"):
        call_command("doctor", "--only", "discs")
