"""What each line has kept for long enough is deleted, and nothing else."""

import os
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone

from calls.desk.privacy.holding import place
from calls.management.commands import retain
from calls.models import AccessEntry, Call, PhoneLine, PrivacyChange, Transcript
from calls.storage.line_hours import ChangedHour
from stt.models import TuningProfile
from tests.rows import ANSWERING, LINE

pytestmark = pytest.mark.django_db
OTHER = "+97235550199"


@pytest.fixture(autouse=True)
def lines(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    profile = TuningProfile.objects.create(name="default", is_default=True)
    return [
        PhoneLine.objects.create(number=LINE, name="short", profile=profile, recordings_days=10, words_days=20),
        PhoneLine.objects.create(number=OTHER, name="long", profile=profile),
    ]


def call_of(number, days, tmp_path, sid, **values):
    """A call that ended so many days ago, with its recording, what the line said, and its trace."""
    ended_at = timezone.now() - timedelta(days=days)
    call = Call.objects.create(call_sid=sid, to_number=number, started_at=ended_at, ended_at=ended_at, **values)
    Transcript.objects.create(call=call, number=1, started_ms=0, ended_ms=1, source="final", text="שלום")
    for suffix in (".vrec", ".line.vrec", ".trace"):
        leave(tmp_path, f"{sid}-MZ1{suffix}", days)
    return call


def leave(tmp_path, name, days):
    path = tmp_path / "recordings" / "20260101" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 1000)
    at_s = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(path, (at_s, at_s))


def names(tmp_path):
    return {path.name.partition("-")[0] for path in tmp_path.glob("recordings/*/*")}


def sids():
    return set(Call.objects.values_list("call_sid", flat=True))


def test_each_line_keeps_its_calls_for_as_long_as_it_says(tmp_path, capsys):
    for sid, number, days in (
        ("CA1", LINE, 9),
        ("CA2", LINE, 11),
        ("CA3", LINE, 21),
        ("CA4", OTHER, 89),
        ("CA5", OTHER, 91),
        ("CA6", OTHER, 366),
        ("CA7", "+97230000000", 91),
        ("CA8", "+97230000000", 366),
    ):
        call_of(number, days, tmp_path, sid)
    call_command("retain", "--dry-run")
    told = capsys.readouterr().out
    assert "other numbers: " in told and not re.search("[א-ת]", told)
    assert f"short (\u2066{LINE}\u2069): 6 files of more than 10 days (0.0 MB), 1 call of more than 20 days" in told
    assert "would delete" in told and len(sids()) == 8 and len(names(tmp_path)) == 8
    call_command("retain")
    assert names(tmp_path) == {"CA1", "CA4"}
    assert sids() == {"CA1", "CA2", "CA4", "CA5", "CA7"}
    assert ChangedHour.objects.exists()  # sums go with their calls
    entries = AccessEntry.objects.filter(kind="delete", username__startswith="manage.py retain")
    assert sum(entry.calls for entry in entries) == 3


def test_a_file_whose_call_is_gone_stays_for_as_long_as_any_line_keeps_recordings(tmp_path):
    leave(tmp_path, "CA1-MZ1.vrec", 89)
    leave(tmp_path, "CA2-MZ1.vrec", 91)
    call_command("retain")
    assert names(tmp_path) == {"CA1"}


def test_a_file_goes_with_its_call_though_it_was_written_a_little_later(lines, tmp_path):
    PhoneLine.objects.filter(number=LINE).update(recordings_days=20)
    call = call_of(LINE, 20, tmp_path, "CA1")
    Call.objects.filter(pk=call.pk).update(ended_at=timezone.now() - timedelta(days=20, seconds=30))
    leave(tmp_path, "CA1-MZ1.vrec", 19.99)
    call_command("retain")
    assert (names(tmp_path), sids()) == (set(), set())


def test_calls_without_an_end_go_as_well_and_running_ones_stay(tmp_path):
    now = timezone.now()
    Call.objects.create(call_sid="CA1", to_number=LINE, started_at=now - timedelta(hours=20))
    Call.objects.create(call_sid="CA2", to_number=LINE, started_at=now - timedelta(days=21))
    Call.objects.create(call_sid="CA3", to_number=LINE, status="busy", status_at=now - timedelta(days=21))
    leave(tmp_path, "CA1-MZ1.vrec", 100)
    call_command("retain")
    assert (sids(), names(tmp_path)) == ({"CA1"}, {"CA1"})


def test_nothing_deletes_a_call_under_legal_hold(tmp_path, capsys):
    boss = User.objects.create_superuser("boss")
    place(call_of(LINE, 400, tmp_path, "CA1"), boss, "a claim")
    call_of(LINE, 400, tmp_path, "CA2")
    call_command("retain")
    assert "1 call stays: under legal hold" in capsys.readouterr().out
    call_command("purge", "--older-than", "1", "--calls")
    assert (sids(), names(tmp_path)) == ({"CA1"}, {"CA1"})


def test_a_file_that_stays_is_told(tmp_path, monkeypatch):
    call_of(LINE, 11, tmp_path, "CA1")
    monkeypatch.setattr("pathlib.Path.unlink", lambda *_: (_ for _ in ()).throw(PermissionError(13, "denied")))
    with pytest.raises(CommandError, match="not_deleted: 3 files"):
        call_command("retain")


class TestTheLinesForm:
    @pytest.fixture
    def page(self, lines, admin_client):
        self.line = lines[0]
        return lambda **values: admin_client.post(
            reverse("admin:calls_phoneline_change", args=[self.line.pk]),
            {
                "name": "short",
                "number": LINE,
                "profile": self.line.profile_id,
                **ANSWERING,
                "people-TOTAL_FORMS": "0",
                "people-INITIAL_FORMS": "0",
                **values,
            },
        )

    def test_a_change_is_kept_with_who_made_it(self, page):
        assert page(recordings_days="30", words_days="60").status_code == 302
        changes = PrivacyChange.objects.order_by("setting").values_list(
            "line", "setting", "before", "after", "username"
        )
        assert list(changes) == [
            (LINE, "recordings_days", "10", "30", "admin"),
            (LINE, "words_days", "20", "60", "admin"),
        ]

    @pytest.mark.parametrize(
        ("recordings", "words", "field"),
        [("0", "20", "recordings_days"), ("30", "3651", "words_days"), ("30", "29", "words_days")],
    )
    def test_days_out_of_bounds_are_refused(self, page, recordings, words, field):
        answer = page(recordings_days=recordings, words_days=words)
        assert set(answer.context["adminform"].form.errors) == {field}
        assert not PrivacyChange.objects.exists()


class TestAHold:
    @pytest.fixture
    def call(self, tmp_path):
        return call_of(LINE, 1, tmp_path, "CA1")

    def test_it_is_placed_and_lifted_with_why(self, call, admin_client):
        answer = admin_client.post(reverse("call-hold", args=[call.pk]), {"why": " a\nclaim "}, follow=True)
        assert "a claim" in answer.content.decode()
        call.refresh_from_db()
        assert (call.hold.why, call.hold.username) == ("a claim", "admin")
        admin_client.post(reverse("call-lift-hold", args=[call.pk]), {"why": "settled"})
        assert not Call.objects.exclude(hold=None).exists()
        noted = AccessEntry.objects.filter(kind__in=["hold", "lift"]).order_by("pk")
        assert [(one.kind, one.call_sid, one.detail) for one in noted] == [
            ("hold", "CA1", "a claim"),
            ("lift", "CA1", "settled"),
        ]

    def test_it_needs_a_why(self, call, admin_client):
        admin_client.post(reverse("call-hold", args=[call.pk]), {"why": "  "})
        assert Call.objects.filter(hold=None).exists()

    def test_who_lacks_the_permission_sees_it_and_may_not(self, call, client):
        dana = User.objects.create_user("dana", is_staff=True)
        dana.groups.add(Group.objects.get(name="reviewer"))
        client.force_login(dana)
        place(call, User.objects.create_superuser("boss"), "a claim")
        page = client.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
        assert "a claim" in page and reverse("call-lift-hold", args=[call.pk]) not in page
        assert client.post(reverse("call-lift-hold", args=[call.pk]), {"why": "x"}).status_code == 403
        assert Call.objects.exclude(hold=None).exists()


@pytest.mark.parametrize("days", ["soon", 0, -1, 40_000])
def test_a_line_that_cannot_be_read_keeps_its_calls_and_the_others_are_retained(tmp_path, capsys, days):
    _set_in_a_shell("words_days", days, OTHER)
    for sid, number in (("CA1", LINE), ("CA2", OTHER), ("CA3", "+97230000000")):
        call_of(number, 400, tmp_path, sid)
    call_of(OTHER, 3651, tmp_path, "CA4")
    leave(tmp_path, "CA5-MZ1.vrec", 400)  # of a call that is gone: it may have been that line's
    key = PhoneLine.objects.filter(number=OTHER).values_list("pk", flat=True).get()
    for dry in (["--dry-run"], []):
        with pytest.raises(CommandError, match=rf"^settings_unread: 1 lines .*line {key} \(kept for 90 and {days!r} "):
            call_command("retain", *dry)
    assert sids() == {"CA2"} and names(tmp_path) == {"CA2", "CA5"}
    assert "0 calls of more than 3650 days" not in capsys.readouterr().out


def test_where_a_lines_number_is_unknown_other_numbers_keep_their_calls(tmp_path):
    _set_in_a_shell("name", b"\xff", OTHER)
    for sid, number in (("CA1", LINE), ("CA2", OTHER), ("CA3", "+97230000000")):
        call_of(number, 400, tmp_path, sid)
    with pytest.raises(CommandError, match=r"^settings_unread: 1 lines .* \(OperationalError\)"):
        call_command("retain")
    assert sids() == {"CA2", "CA3"} and names(tmp_path) == {"CA2", "CA3"}


def test_a_line_whose_calls_the_database_does_not_delete_stops_no_other(tmp_path, monkeypatch):
    def refuses(calls):
        if calls.filter(to_number=LINE).exists():
            raise IntegrityError("damaged")
        return delete_calls(calls)

    delete_calls = retain.delete_calls
    monkeypatch.setattr(retain, "delete_calls", refuses)
    call_of(LINE, 400, tmp_path, "CA1")
    call_of(OTHER, 400, tmp_path, "CA2")
    with pytest.raises(CommandError, match=r"^rows_not_deleted: of 1 lines: short .*\(IntegrityError\)"):
        call_command("retain")
    assert sids() == {"CA1"}


def _set_in_a_shell(column, value, number):
    """What no form takes. SQLite keeps anything in any column."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses what a column's type does not hold")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        given = "CAST(%s AS TEXT)" if isinstance(value, bytes) else "%s"
        cursor.execute(f"UPDATE calls_phoneline SET {column} = {given} WHERE number = %s", [value, number])  # noqa: S608 - our own words
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
