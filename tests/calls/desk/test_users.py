"""Nobody who administers users can give a permission that is not their own, themselves included."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from calls.desk.line_limits.seen import seen_by
from calls.lines.models import PhoneLine
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db
PASSWORD = "quite-a-long-password"


def permission(codename):
    return Permission.objects.get(codename=codename)


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss", password=PASSWORD)


@pytest.fixture
def me(client):
    me = User.objects.create_user("me", is_staff=True, password=PASSWORD)
    me.groups.add(Group.objects.get(name="admin"))
    client.force_login(me)
    return me


@pytest.fixture
def owners():
    """A group that may what the group admin may not."""
    group = Group.objects.create(name="owners")
    group.permissions.add(permission("delete_session"))
    return group


def change(client, user, **values):
    said = {"username": user.username, "is_active": "on", "is_staff": "on"}
    said |= {"groups": [one.pk for one in user.groups.all()]}
    said |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    return client.post(reverse("admin:auth_user_change", args=[user.pk]), {**said, **values})


def rights(user):
    user = User.objects.get(pk=user.pk)
    return user.is_superuser, user.get_all_permissions()


def test_the_superusers_field_is_a_superusers(client, me):
    before = rights(me)
    assert change(client, me, is_superuser="on", first_name="Dana").status_code == 302
    assert (rights(me), User.objects.get(pk=me.pk).first_name) == (before, "Dana")


def test_a_permission_that_is_not_ones_own_is_not_given(client, me):
    before = rights(me)
    answer = change(client, me, user_permissions=[permission("delete_session").pk])
    assert (answer.status_code, rights(me)) == (200, before)
    page = client.get(reverse("admin:auth_user_change", args=[me.pk])).content.decode()
    assert "delete_session" not in page and f'value="{permission("delete_session").pk}"' not in page


def test_a_group_that_may_more_is_not_joined(client, me, owners):
    before = rights(me)
    assert change(client, me, groups=[*me.groups.values_list("pk", flat=True), owners.pk]).status_code == 200
    assert rights(me) == before


@pytest.mark.parametrize("name", ["admin", "owners"])
def test_a_group_is_given_no_permission_that_is_not_ones_own(client, me, owners, name):
    group = Group.objects.get(name=name)
    permissions = [*group.permissions.values_list("pk", flat=True), permission("delete_session").pk]
    before = set(group.permissions.all())
    url = reverse("admin:auth_group_change", args=[group.pk])
    assert client.post(url, {"name": "mine", "permissions": permissions}).status_code in (200, 403)
    assert (Group.objects.get(pk=group.pk).name, set(group.permissions.all())) == (name, before)


def test_a_new_group_or_user_has_no_more(client, me):
    pk = permission("delete_session").pk
    assert client.post(reverse("admin:auth_group_add"), {"name": "new", "permissions": [pk]}).status_code == 200
    said = {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    said |= {"is_superuser": "on", "user_permissions": [pk]}
    assert client.post(reverse("admin:auth_user_add"), said).status_code == 302
    assert not Group.objects.filter(name="new").exists()
    assert rights(User.objects.get(username="new")) == (False, set())


def more(kind, boss):
    """Somebody who may more than the group admin."""
    if kind == "superuser":
        return boss
    user = User.objects.create_user("more", is_staff=True, is_active=kind != "inactive", password=PASSWORD)
    if kind == "of a group":
        user.groups.add(Group.objects.get(name="owners"))
    else:
        user.user_permissions.add(permission("delete_session"))
    return user


@pytest.mark.parametrize("kind", ["superuser", "of a group", "by permission", "inactive"])
def test_who_may_more_is_not_changed_impersonated_or_deleted(client, me, boss, owners, kind):
    user = more(kind, boss)
    assert client.get(reverse("admin:auth_user_change", args=[user.pk])).status_code == 200  # to read
    for answer in (
        change(client, user, username="mine"),
        client.post(
            reverse("admin:auth_user_password_change", args=[user.pk]),
            {"usable_password": "true", "password1": "another-password", "password2": "another-password"},
        ),
        client.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"}),
    ):
        assert answer.status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    client.post(reverse("admin:auth_user_changelist"), selected)
    now = User.objects.get(pk=user.pk)
    assert (now.username, now.password, now.is_active) == (user.username, user.password, user.is_active)


def test_a_group_that_may_more_is_not_deleted(client, me, owners):
    assert client.post(reverse("admin:auth_group_delete", args=[owners.pk]), {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [owners.pk], "post": "yes"}
    client.post(reverse("admin:auth_group_changelist"), selected)
    assert Group.objects.filter(pk=owners.pk).exists()


def test_whoever_may_change_one_kind_of_user_gets_no_further_by_it(client, boss):
    """One permission alone: to change users."""
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(permission("change_user"))
    client.force_login(clerk)
    before = rights(clerk)
    for group in Group.objects.all():
        assert change(client, clerk, groups=[group.pk]).status_code == 200
    pks = list(Permission.objects.exclude(codename="change_user").values_list("pk", flat=True))
    assert change(client, clerk, user_permissions=pks[:3]).status_code == 200
    assert rights(clerk) == before


def test_people_are_still_administered(client, me):
    user = User.objects.create_user("rina", password=PASSWORD)
    reviewer = Group.objects.get(name="reviewer")
    answer = change(client, user, groups=[reviewer.pk], user_permissions=[permission("end_call").pk])
    assert answer.status_code == 302
    user = User.objects.get(pk=user.pk)
    assert user.is_staff and user.has_perms(["calls.view_call", "calls.end_call"])
    assert client.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 302


def test_a_superuser_gives_everything(client, boss, owners):
    user = User.objects.create_user("rina")
    client.force_login(boss)
    answer = change(client, user, is_superuser="on", groups=[owners.pk], user_permissions=[permission("add_user").pk])
    assert (answer.status_code, rights(user)[0]) == (302, True)


NEW = {"username": "rina", "password1": PASSWORD, "password2": PASSWORD}


def test_a_colleague_of_one_line_is_invited_on_one_page(client, boss):
    line = PhoneLine.objects.create(number="+97235550101", name="sales", profile=TuningProfile.objects.create(name="a"))
    client.force_login(boss)
    page = client.get(reverse("admin:auth_user_add")).content.decode()
    assert re.search(r'<input[^>]*name="is_staff"[^>]*checked', page) and 'name="usable_password"' not in page
    said = {**NEW, "is_staff": "on", "groups": [Group.objects.get(name="reviewer").pk]}
    answer = client.post(
        reverse("admin:auth_user_add"), {**said, "is_limited": "on", "seen_lines": [line.pk]}, follow=True
    )
    assert [message.level_tag for message in get_messages(answer.wsgi_request)] == ["success"]
    user = User.objects.get(username="rina")
    assert user.is_staff and user.has_perm("calls.correct_call") and seen_by(user).numbers == {line.number}


@pytest.mark.parametrize(
    ("said", "warned"),
    [
        ({"groups": ["reviewer"]}, "להיכנס"),
        ({"is_staff": "on"}, "קבוצה"),
        ({"is_staff": "on", "groups": ["reviewer"], "is_limited": "on"}, "שיחות"),
    ],
)
def test_who_could_do_nothing_yet_is_named_with_what_is_missing(client, boss, said, warned):
    client.force_login(boss)
    groups = [Group.objects.get(name=name).pk for name in said.get("groups", ())]
    answer = client.post(reverse("admin:auth_user_add"), {**NEW, **said, "groups": groups}, follow=True)
    (warning,) = [str(one) for one in get_messages(answer.wsgi_request) if one.level_tag == "warning"]
    assert "rina" in warning and warned in warning


@pytest.mark.parametrize("of", ["user", "group"])
def test_permissions_are_named_in_the_pages_language_and_only_what_a_page_asks_for_is_offered(client, boss, of):
    client.force_login(boss)
    row = boss if of == "user" else Group.objects.get(name="reviewer")
    page = client.get(reverse(f"admin:auth_{of}_change", args=[row.pk])).content.decode()
    field = "user_permissions" if of == "user" else "permissions"
    labels = re.findall(rf'<label for="id_{field}_[0-9]+"><input[^>]*>\s*([^<]*)</label>', page)
    assert len(labels) > 30
    assert [label for label in labels if re.search("[A-Za-z]", label)] == []
    offered = set(re.findall(rf'name="{field}" value="([0-9]+)"', page))
    wanted = {"view_call": True, "listen_call": True, "add_call": False, "add_session": False}
    for codename, is_offered in wanted.items():
        assert (str(permission(codename).pk) in offered) is is_offered


def test_a_permission_that_is_not_offered_is_not_taken_by_saving(client, boss):
    client.force_login(boss)
    user = User.objects.create_user("dana", password=PASSWORD)
    user.user_permissions.add(permission("add_session"), permission("view_call"))
    assert change(client, user, user_permissions=[permission("listen_call").pk]).status_code == 302
    assert {one.codename for one in user.user_permissions.all()} == {"add_session", "listen_call"}


def test_a_deletion_says_what_goes_along_in_the_pages_words(client, boss):
    TOTPDevice.objects.create(user=boss, name="app")
    client.force_login(boss)
    page = client.get(reverse("admin:auth_user_delete", args=[boss.pk])).content.decode()
    assert "אפליקציית אימות: app" in page and "TOTP" not in page
    page = client.get(reverse("admin:auth_group_delete", args=[Group.objects.get(name="tuner").pk])).content.decode()
    assert "מכווני הגדרות" in page and not re.search("ermission", page.split("<main")[-1])


def test_groups_are_called_by_their_hebrew_names(client, boss):
    client.force_login(boss)
    page = client.get(reverse("admin:auth_group_changelist")).content.decode()
    assert all(name in page for name in ("בודקי שיחות", "מפקחים"))
    assert ">reviewer<" not in page
    page = client.get(reverse("admin:auth_group_change", args=[Group.objects.get(name="reviewer").pk])).content.decode()
    assert "reviewer" not in page and 'name="name"' not in page
