"""Taking calls away from the list: which, in what shape, who may, and what is kept of it."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.desk.admin import listing
from calls.desk.review import download
from calls.models import AccessEntry, Call, Correction, Transcript

pytestmark = pytest.mark.django_db
NEWEST = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LIST = reverse("admin:calls_call_changelist")


@pytest.fixture
def calls(db):
    """Five, the newest first; the last was never heard."""
    made = [Call.objects.create(call_sid=f"CA{i}", started_at=NEWEST - timedelta(hours=i)) for i in range(4)]
    for call in made:
        for number in (2, 1):
            Transcript.objects.create(
                call=call, number=number, started_ms=number, ended_ms=number + 1, text="שלום", source="final"
            )
    return [*made, Call.objects.create(call_sid="CAbusy", status="busy")]


def export(client, selected, query="", **more):
    pks = [call.pk for call in selected]
    return client.post(LIST + query, {"action": "export", "index": 0, "_selected_action": pks, **more})


def sent(answer):
    async def gather():
        return b"".join([piece async for piece in answer.streaming_content]).decode()

    return async_to_sync(gather)()


def sids(answer):
    return [json.loads(line)["call_sid"] for line in sent(answer).splitlines()]


def by_command():
    out = StringIO()
    call_command("export_calls", stdout=out)
    return out.getvalue()


def test_what_is_selected_is_sent_as_the_command_prints_it(sign_in, calls):
    answer = export(sign_in("reviewer"), calls)
    assert answer["Content-Type"].startswith("application/jsonl")
    assert answer["Content-Disposition"].startswith('attachment; filename="calls-20')
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert sorted(sent(answer).splitlines()) == sorted(by_command().splitlines())


def test_the_oldest_comes_first(sign_in, calls):
    assert sids(export(sign_in("reviewer"), calls)) == ["CAbusy", "CA3", "CA2", "CA1", "CA0"]


def test_a_part_is_a_part(sign_in, calls):
    assert sids(export(sign_in("reviewer"), calls[1:3])) == ["CA2", "CA1"]


def test_all_of_a_filtered_list_are_sent_whatever_its_page_shows(sign_in, calls, monkeypatch):
    monkeypatch.setattr("calls.desk.admin.calls.CallAdmin.list_per_page", 1)
    monkeypatch.setattr(download, "CALLS_A_PIECE", 2)
    query = "?turns__source=final"
    answer = export(sign_in("reviewer"), calls[:1], query, select_across=1)
    assert sids(answer) == ["CA3", "CA2", "CA1", "CA0"]
    assert AccessEntry.objects.get().calls == 4


def test_too_many_are_refused_with_a_way_out(sign_in, calls, monkeypatch):
    monkeypatch.setattr(download, "MOST_EXPORTED", 3)
    client = sign_in("reviewer")
    answer = export(client, calls, select_across=1)
    assert answer.status_code == 302
    assert "נבחרו יותר מ־3 שיחות" in client.get(LIST).content.decode()
    assert not AccessEntry.objects.exists()


def test_a_list_that_is_not_counted_to_its_end_says_no_number(sign_in, calls, monkeypatch):
    monkeypatch.setattr("calls.desk.admin.calls.CallAdmin.list_per_page", 1)
    client = sign_in("reviewer")
    assert "בחירת כל השיחות שברשימה" not in client.get(LIST).content.decode()
    monkeypatch.setattr(listing, "MOST_LISTED", 3)
    assert "בחירת כל השיחות שברשימה" in client.get(LIST).content.decode()


def test_who_exported_how_many_is_kept(sign_in, calls):
    export(sign_in("reviewer"), calls[:3])  # also when the file is never read to its end
    row = AccessEntry.objects.get()
    assert (row.kind, row.username, row.calls, row.call_sid) == ("export", "reviewer", 3, "")


@pytest.mark.parametrize("group", ["supervisor", "tuner"])
def test_who_may_not_export_has_no_action_and_gets_nothing(sign_in, calls, group):
    client = sign_in(group)
    assert 'name="action"' not in client.get(LIST).content.decode()
    assert export(client, calls).status_code == 403
    assert not AccessEntry.objects.exists()


def test_many_calls_are_read_with_few_questions_and_in_pieces(sign_in, calls):
    Call.objects.bulk_create(Call(call_sid=f"CB{i}", started_at=NEWEST) for i in range(95))
    answer = export(sign_in("reviewer"), calls, select_across=1)
    with CaptureQueriesContext(connection) as asked:
        assert len(sids(answer)) == 100
    assert len(asked) == 8 * 100 / download.CALLS_A_PIECE


def test_a_turn_has_its_correction_only_if_one_stands(sign_in, calls):
    made = {"call": calls[0], "turn": 1, "turn_revision": 0, "username": "dana", "made_at": NEWEST}
    plain = by_command()
    assert '"correction' not in plain
    for number, changes in enumerate([{"text": "שלום לך"}, {"text": ""}, {"withdrawn": True}], 1):
        Correction.objects.create(number=number, **made, **changes)
        first, second = json.loads(by_command().splitlines()[-1])["turns"]
        assert "correction" not in second
        if "withdrawn" in changes:
            assert by_command() == plain
        else:
            assert first["correction"] == {**changes, "by": "dana", "made_at": NEWEST.isoformat()}
            assert list(first)[-1] == "correction"


def test_what_reviewers_said_is_exported_where_they_said_something(calls, django_user_model):
    call, dana, avi = calls[0], *(django_user_model.objects.create(username=name) for name in ("dana", "avi"))
    call.reviews.create(user=dana, username="dana", verdict="training", made_at=NEWEST)
    for who in (dana, avi):
        call.tags.create(name="תלונה", user=who, username=who.username, made_at=NEWEST)
        call.marks.create(turn=2, kind="unclear", user=who, username=who.username, made_at=NEWEST)
    call.notes.create(text="כדאי להקשיב", user=dana, username="dana", made_at=NEWEST)
    said = {one["call_sid"]: one for one in map(json.loads, by_command().splitlines())}
    assert said["CA0"]["reviews"] == [{"verdict": "training", "by": "dana", "made_at": NEWEST.isoformat()}]
    assert (said["CA0"]["tags"], said["CA0"]["notes"][0]["text"]) == (["תלונה"], "כדאי להקשיב")
    assert [turn.get("marks") for turn in said["CA0"]["turns"]] == [None, ["unclear"]]
    assert not {"reviews", "tags", "notes"} & said["CA1"].keys()
