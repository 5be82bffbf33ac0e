"""Each way to a call's words, its audio or its end leaves an entry, and each entry is shown."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from calls.desk.access_log import entries
from calls.models import AccessEntry, Call

pytestmark = pytest.mark.django_db


def noted():
    return [(one.kind, one.username, one.call_sid, one.turn) for one in AccessEntry.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (lambda call: reverse("admin:calls_call_change", args=[call.pk]), "read"),
        (lambda call: reverse("console:call", args=[call.call_sid]), "watch"),
        (lambda call: reverse("console:call_state", args=[call.call_sid]), "watch"),
    ],
)
def test_who_opens_a_call_has_read_it_or_watched_it(sign_in, call, address, kind):
    Call.objects.update(ended_at=None)
    assert sign_in("reviewer").get(address(call)).status_code == 200
    assert noted() == [(kind, "reviewer", call.call_sid, None)]


def test_who_simulates_a_call_has_read_it(sign_in, call):
    assert sign_in("admin").get(reverse("desk-call", args=[call.call_sid])).status_code == 200
    assert noted() == [("read", "admin", call.call_sid, None)]


@pytest.mark.parametrize("name", ["console:wall", "console:state"])
def test_who_watches_all_calls_is_one_entry_without_a_call(sign_in, call, name):
    client = sign_in("supervisor")
    for _ in range(2):
        assert client.get(reverse(name)).status_code == 200
    assert noted() == [("watch", "supervisor", "", None)]
    assert AccessEntry.objects.get().calls == 0


def test_a_call_opened_again_and_again_is_one_entry_a_person(sign_in, call):
    address = reverse("admin:calls_call_change", args=[call.pk])
    for group in ("reviewer", "reviewer", "admin"):
        sign_in(group).get(address)
    assert [who for _kind, who, *_ in noted()] == ["reviewer", "admin"]
    first = AccessEntry.objects.earliest("pk")
    assert first.last_at > first.began_at


def test_who_may_not_read_leaves_no_entry(sign_in, call):
    client = sign_in("tuner")
    Group.objects.get(name="tuner").permissions.clear()
    assert client.get(reverse("admin:calls_call_change", args=[call.pk])).status_code == 403
    assert noted() == []


def test_a_correction_is_an_entry_and_the_same_once_more_is_none(sign_in, call):
    client = sign_in("reviewer")
    for _ in range(2):
        client.post(reverse("review-correct", args=[call.pk, 1]), {"text": "שלום", "seen": 0})
    assert noted() == [("correct", "reviewer", call.call_sid, 1)]


@pytest.mark.parametrize("one", [True, False])
def test_what_a_command_exports_is_an_entry_of_the_system_s_user(call, one, monkeypatch):
    monkeypatch.setattr(entries.getpass, "getuser", lambda: "root")
    call_command("export_calls", *(["--call", call.call_sid] if one else []), stdout=StringIO())
    assert noted() == [("export", "manage.py export_calls (root)", call.call_sid if one else "", None)]


def test_what_is_purged_is_an_entry(call, settings):
    Call.objects.update(ended_at="2020-01-01T00:00:00Z")
    call_command("purge", "--older-than", "90", "--calls", "--dry-run", stdout=StringIO())
    assert noted() == []
    call_command("purge", "--older-than", "90", "--calls", stdout=StringIO())
    entry = AccessEntry.objects.get()
    assert (entry.kind, entry.calls, entry.detail) == ("delete", 1, "older than 90 days; 0 recordings and traces")


@pytest.mark.parametrize(("group", "status"), [("admin", 200), ("reviewer", 403), ("supervisor", 403)])
def test_only_admins_read_the_log(sign_in, group, status):
    assert sign_in(group).get(reverse("admin:calls_accessentry_changelist")).status_code == status


def test_the_list_leads_to_calls_that_still_stand_and_can_be_narrowed(sign_in, call):
    client = sign_in("admin")
    client.get(reverse("admin:calls_call_change", args=[call.pk]))
    address = reverse("admin:calls_accessentry_changelist")
    shown = client.get(address).content.decode()
    assert f'href="{reverse("admin:calls_call_change", args=[call.pk])}"' in shown
    call.delete()
    assert '/change/"' not in client.get(address, {"q": "CA1"}).content.decode().partition('id="result_list"')[2]
    assert 'id="result_list"' not in client.get(address, {"kind": "delete"}).content.decode()


def test_a_request_that_waited_for_a_later_one_changes_nothing(call, django_user_model):
    """Its time is the earlier one, which the database refuses: the page would be an error."""
    person, now = django_user_model.objects.create(username="dana"), timezone.now()
    entries.note_lasting(entries.Kind.LISTEN, person, call.call_sid)
    later = now + timedelta(seconds=9)
    AccessEntry.objects.update(last_at=later)
    entries.note_lasting(entries.Kind.LISTEN, person, call.call_sid)
    assert AccessEntry.objects.get().last_at == later
    entries.note_program(entries.Kind.READ, "CRM")
    AccessEntry.objects.filter(username="CRM").update(last_at=later)
    entries.note_program(entries.Kind.READ, "CRM")
    assert AccessEntry.objects.get(username="CRM").last_at == later
