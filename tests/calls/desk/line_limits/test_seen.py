"""The limits themselves: how they add up, whom they hold for, and that every model has its way to a line."""

import ast

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from calls.desk.admin import searching
from calls.desk.line_limits.fields import set_limit
from calls.desk.line_limits.seen import ALL, SeenLines, belongs_to_a_line, seen_by, who_see
from calls.models import Alarm, ApiToken, Call, Dialogue, LineLimit, PhoneLine, Price, Transcript
from stt.models import TuningProfile
from tests.paths import ROOT

pytestmark = pytest.mark.django_db
OF_NO_LINE = {
    "calls.ChangedHour", "calls.EnginePrice", "calls.GivenPermission", "calls.HistoricalDialogue", "calls.LineLimit",
    "calls.LimitedLine", "calls.Price", "calls.SpentToken", "calls.SumsState", "calls.Tombstone",
}  # fmt: skip
"""Of the whole service, or read by way of a row that is of a line."""


@pytest.fixture
def lines():
    profile = TuningProfile.objects.create(name="p")
    return [PhoneLine.objects.create(number=f"+9723111000{n}", name=f"line {n}", profile=profile) for n in range(3)]


def person(name="dana", **values):
    return User.objects.create(username=name, is_staff=True, **values)


def numbers(*lines):
    return frozenset(line.number for line in lines)


def again(user):
    """As the next request reads them."""
    return seen_by(User.objects.get(pk=user.pk))


def test_every_model_has_its_way_to_a_line():
    models = {model for model in apps.get_models() if model._meta.app_label in ("calls", "stt")}
    assert {model._meta.label for model in models if not belongs_to_a_line(model)} == OF_NO_LINE
    for model in models:
        if belongs_to_a_line(model):
            assert list(SeenLines(frozenset({"+97231110000"})).of(model)) == []


def test_a_row_of_no_line_is_asked_for_by_mistake():
    with pytest.raises(LookupError):
        ALL.of(Price)


def test_a_page_gets_a_row_of_a_line_by_the_door_alone():
    """``get_object_or_404(Call, …)`` would show the calls of any line."""
    names = {model.__name__ for model in apps.get_models() if belongs_to_a_line(model)}
    past, calls = [], 0
    for path in (ROOT / "calls" / "desk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("get_object_or_404", "get_list_or_404"):
                calls += 1
                if getattr(node.args[0], "id", "") in names:
                    past.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert calls > 5
    assert past == []


def test_without_a_limit_all_is_seen(lines):
    assert seen_by(person()) == ALL


def test_limits_of_a_person_and_of_their_groups_add_up(lines):
    user, sales, service = person(), *(Group.objects.create(name=name) for name in ("sales", "service"))
    user.groups.set([sales, Group.objects.get(name="reviewer")])
    assert again(user) == ALL
    set_limit(sales, lines[:1])
    assert again(user).numbers == numbers(lines[0])
    set_limit(user, lines[1:2])
    assert again(user).numbers == numbers(*lines[:2])
    set_limit(service, lines[2:])
    assert again(user).numbers == numbers(*lines[:2])


def test_a_limit_whose_last_line_is_deleted_shows_nothing(lines):
    user = person()
    set_limit(user, lines[:1])
    lines[0].delete()
    assert again(user).numbers == frozenset()
    set_limit(user, None)
    assert again(user) == ALL


def test_a_limit_does_not_hold_for_superusers(lines):
    boss = person(is_superuser=True)
    set_limit(boss, lines[:1])
    assert again(boss) == ALL


def test_a_limit_is_of_a_person_or_of_a_group():
    for values in ({}, {"user": person(), "group": Group.objects.first()}):
        with transaction.atomic(), pytest.raises(IntegrityError):
            LineLimit.objects.create(**values)


def test_whoever_is_asked_for_sees_the_line(lines):
    free, limited, elsewhere, boss = person("free"), person("a"), person("b"), person("boss", is_superuser=True)
    set_limit(limited, lines[:1])
    set_limit(elsewhere, lines[1:])
    set_limit(boss, lines[1:])
    names = set(who_see(User.objects.all(), lines[0].number).values_list("username", flat=True))
    assert names == {free.username, limited.username, boss.username}


def test_what_lines_share_is_seen_by_whoever_sees_one_of_them_and_changed_by_who_sees_all(lines):
    own, shared, others, unused = (TuningProfile.objects.create(name=name) for name in ("own", "both", "others", "new"))
    for line, profile in zip(lines, (own, shared, shared), strict=True):
        line.profile = profile
        line.save()
    PhoneLine.objects.create(number="+97231110009", name="x", profile=others)
    seen = SeenLines(numbers(*lines[:2]))
    found = set(seen.of(TuningProfile).values_list("name", flat=True))
    assert found == {"own", "both", "new", "p"}
    assert [seen.may_change(one) for one in (own, shared, others, unused)] == [True, False, False, True]
    own.is_default = True
    assert not seen.may_change(own)
    assert ALL.may_change(own)


def test_a_dialogue_of_other_lines_is_not_seen(lines):
    dialogues = [Dialogue.objects.create(name=name, text="") for name in ("own", "other")]
    for line, dialogue in zip(lines, dialogues, strict=False):
        PhoneLine.objects.filter(pk=line.pk).update(dialogue=dialogue)
    assert [one.name for one in SeenLines(numbers(lines[0])).of(Dialogue)] == ["own"]


def test_a_token_is_seen_by_who_sees_all_that_it_reads(lines):
    for name, of in (("all", []), ("none", []), ("own", lines[:1]), ("both", lines[:2]), ("all and own", lines[:1])):
        token = ApiToken(name=name, all_lines=name.startswith("all"))
        token.renew()
        token.save()
        token.lines.set(of)
    assert [one.name for one in SeenLines(numbers(lines[0])).of(ApiToken)] == ["own"]
    assert [one.name for one in SeenLines(numbers(*lines[:2])).of(ApiToken)] == ["both", "own"]


def test_alarms_of_the_whole_service_are_everybodys(lines):
    now = timezone.now()
    for kind, line in (("line_deaf", lines[0].number), ("line_deaf", lines[1].number), ("engine_down", "google")):
        Alarm.objects.create(kind=kind, line=line, raised_at=now, seen_at=now)
    shown = SeenLines(numbers(lines[0])).of(Alarm)
    assert {(one.kind, one.line) for one in shown} == {("line_deaf", lines[0].number), ("engine_down", "google")}


def test_a_word_is_looked_for_among_the_newest_calls_of_the_lines_that_are_seen(lines, monkeypatch):
    monkeypatch.setattr(searching, "MOST_FOUND", 1)
    for number, line in enumerate((lines[0], lines[1], lines[1], lines[1])):
        call = Call.objects.create(call_sid=f"CA{number}", to_number=line.number)
        Transcript.objects.create(
            call=call, number=1, started_ms=0, ended_ms=1, source="final", text="פיצה", search_text="פיצה"
        )
    seen = SeenLines(numbers(lines[0]))
    found = searching.search(seen.of(Call).order_by("-pk"), "פיצה")
    assert [call.call_sid for call in found] == ["CA0"]


def test_a_queryset_stays_narrowed_as_it_was(lines):
    for line in lines:
        Call.objects.create(call_sid=f"CA{line.pk}", to_number=line.number)
    rows = SeenLines(numbers(*lines[:2])).of(Call.objects.filter(call_sid=f"CA{lines[2].pk}"))
    assert isinstance(rows, QuerySet) and not rows.exists()
