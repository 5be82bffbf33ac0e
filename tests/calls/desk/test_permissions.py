"""Groups and what they may."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from calls.desk import permissions
from calls.models import Call
from tests.paths import ROOT

pytestmark = pytest.mark.django_db
ABILITIES = {
    "read": permissions.READ,
    "listen": permissions.LISTEN,
    "correct": permissions.CORRECT,
    "export": permissions.EXPORT,
    "tune": permissions.TUNE,
    "end calls": permissions.END_CALLS,
    "any number": permissions.HAND_OVER_ANYWHERE,
    "dialled numbers": permissions.CHANGE_DIALLED,
    "secrets": permissions.READ_SECRETS,
    "accesses": permissions.READ_ACCESS_LOG,
}


def member(group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def table(text):
    head, _, *rows = [
        [cell.strip().strip("`") for cell in line.strip("| ").split("|")]
        for line in re.findall(
            r"^\| (?:group|`?(?:reviewer|supervisor|tuner|admin)`?) .*$|^\|(?:---\|){11}$",
            text,
            re.M,
        )
    ]
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
