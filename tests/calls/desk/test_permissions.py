"""Groups and what they may."""

import re

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import translation

from calls.desk import permissions
from calls.desk.shown_permissions import GROUPS
from calls.models import Call, GivenPermission, PhoneLine
from stt.models import TuningProfile
from tests.paths import ROOT

pytestmark = pytest.mark.django_db
ABILITIES = {
    "read": permissions.READ,
    "listen": permissions.LISTEN,
    "correct": permissions.CORRECT,
    "export": permissions.EXPORT,
    "tune": permissions.TUNE,
    "end": permissions.END_CALLS,
    "any": permissions.HAND_OVER_ANYWHERE,
    "dialled": permissions.CHANGE_DIALLED,
    "secrets": permissions.READ_SECRETS,
    "access": permissions.READ_ACCESS_LOG,
    "reviews": permissions.OVERSEE_REVIEWS,
    "holds": permissions.HOLD,
    "numbers": permissions.SEE_NUMBERS,
}


def member(group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def table(text):
    """The page's words for groups stand in the documents (tests/test_docs.py holds them), the program's in the code."""
    head, _, *rows = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in re.findall(
            r"^\| (?:group|reviewers?|supervisors?|tuners?|admin(?:istrators)?)\b.*$|^\|(?:---\|){14}$",
            text,
            re.M,
        )
    ]
    with translation.override("en"):
        named = {str(shown): name for name, shown in GROUPS.items()}
    rows = [[named.get(row[0].partition(",")[0], row[0]), *row[1:]] for row in rows]
    return {row[0]: {what for what, cell in zip(head[1:], row[1:], strict=False) if cell == "yes"} for row in rows}


@pytest.mark.parametrize("group", permissions.GROUPS)
def test_each_group_may_what_the_table_says(group):
    user = member(group)
    may = {what for what, permission in ABILITIES.items() if user.has_perm(permission)}
    assert may == table(permissions.__doc__)[group]
    assert may == table((ROOT / "docs/operating.md").read_text("utf-8"))[group]


def test_what_was_changed_by_hand_stays():
    group = Group.objects.get(name="reviewer")
    group.permissions.clear()
    permissions.make_groups()
    assert not group.permissions.exists()


def lacking(group):
    return {"read_secret_values", "hold_call"} - set(group.permissions.values_list("codename", flat=True))


def as_before(*codenames):
    """As a version left the group of administrators that did not know these permissions."""
    group = Group.objects.get(name="admin")
    group.permissions.remove(*group.permissions.filter(codename__in=codenames))
    GivenPermission.objects.filter(group=group, permission__codename__in=codenames).delete()
    return group


def test_an_upgrade_gives_what_is_new_and_nothing_back():
    group = as_before("hold_call")
    group.permissions.remove(group.permissions.get(codename="read_secret_values"))
    own = Permission.objects.get(codename="delete_session")
    group.permissions.add(own)
    for _again in range(2):
        permissions.make_groups()
        assert lacking(group) == {"read_secret_values"}
        assert own in group.permissions.all()


def test_a_group_from_before_this_was_kept_gets_what_it_lacks_if_nobody_has_changed_it(capsys):
    group = as_before("hold_call")
    GivenPermission.objects.all().delete()
    permissions.make_groups()
    assert (lacking(group), capsys.readouterr().out) == (set(), "")


def test_one_that_somebody_has_changed_is_left_and_what_it_lacks_is_said(capsys):
    group = as_before("hold_call")
    GivenPermission.objects.all().delete()
    boss, kind = User.objects.create_superuser("boss"), ContentType.objects.get_for_model(Group)
    LogEntry.objects.create(user=boss, content_type=kind, object_id=str(group.pk), action_flag=CHANGE)
    permissions.make_groups()
    assert lacking(group) == {"hold_call"}
    assert "the group admin was changed by hand and lacks: calls.hold_call" in capsys.readouterr().out
    # From now on it is known what it was given.
    new = as_before("read_secret_values")
    permissions.make_groups()
    assert (lacking(new), capsys.readouterr().out) == ({"hold_call"}, "")


@pytest.mark.parametrize(("group", "status"), [("reviewer", 403), ("supervisor", 403), ("tuner", 200), ("admin", 200)])
def test_only_who_tunes_adds_a_profile(client, group, status):
    client.force_login(member(group))
    assert client.get(reverse("admin:stt_tuningprofile_add")).status_code == status


@pytest.mark.parametrize("group", permissions.GROUPS)
def test_everybody_of_a_group_reads_calls(client, group):
    call = Call.objects.create(call_sid="CA1")
    client.force_login(member(group))
    assert client.get(reverse("console:wall")).status_code == 200
    assert client.get(reverse("admin:calls_call_change", args=[call.pk])).status_code == 200


@pytest.mark.parametrize(("group", "is_led"), [("reviewer", False), ("tuner", True), ("admin", True)])
def test_a_lines_page_leads_to_its_profile_those_alone_who_may_see_that(client, group, is_led):
    profile = TuningProfile.objects.create(name="quick")
    line = PhoneLine.objects.create(name="מכירות", number="+97231234567", profile=profile)
    client.force_login(member(group))
    page = client.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    assert "quick" in page
    assert (reverse("admin:stt_tuningprofile_change", args=["__fk__"]) in page) or not is_led
    assert reverse("admin:stt_tuningprofile_change", args=[profile.pk]) not in page
