"""A group that limits people to lines: they see more once it, or its limit, is gone, or they have left it."""

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.urls import reverse

from calls.desk.line_limits.fields import set_limit
from calls.desk.line_limits.seen import ALL
from calls.models import PhoneLine
from tests.calls.desk.line_limits.test_forms import OTHER, OWN, again, filled, me, person  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = User.objects.create_superuser("boss")
    client.force_login(user)
    return user


@pytest.fixture
def sales(me, boss):  # noqa: F811
    """A group that is limited to a line."""
    group = Group.objects.create(name="sales")
    set_limit(group, PhoneLine.objects.filter(number=OTHER))
    return group


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_group_that_alone_limits_somebody_is_not_deleted_and_names_them(client, sales, way):
    dana, avi = person("dana", "reviewer"), person("avi", "reviewer", OWN)
    for one in (dana, avi):
        one.groups.add(sales)
    address = reverse("admin:auth_group_delete", args=[sales.pk])
    said = {"post": "yes"}
    if way == "list":
        address = reverse("admin:auth_group_changelist")
        said |= {"action": "delete_selected", "_selected_action": [sales.pk]}
    page = client.post(address, said).content.decode()
    assert "אי אפשר למחוק את הקבוצה" in page and "<bdi>dana</bdi>" in page and "<bdi>avi</bdi>" not in page
    assert again(dana).numbers == {OTHER} and Group.objects.filter(pk=sales.pk).exists()
    set_limit(dana, PhoneLine.objects.filter(number=OWN))
    assert client.post(address, said).status_code == 302
    assert not Group.objects.filter(pk=sales.pk).exists() and again(dana).numbers == {OWN}


def test_of_several_groups_that_limit_somebody_the_last_is_kept(client, sales):
    other, dana = Group.objects.create(name="other"), person("dana", "reviewer")
    set_limit(other, PhoneLine.objects.filter(number=OWN))
    dana.groups.add(sales, other)
    said = {"post": "yes", "action": "delete_selected", "_selected_action": [sales.pk, other.pk]}
    assert "<bdi>dana</bdi>" in client.post(reverse("admin:auth_group_changelist"), said).content.decode()
    said["_selected_action"] = [sales.pk]
    assert client.post(reverse("admin:auth_group_changelist"), said).status_code == 302
    assert again(dana).numbers == {OWN}


FREED = "האנשים האלה רואים מעכשיו את השיחות של כל הקווים"


def test_who_leaves_the_group_that_limited_them_is_said_to_see_all(client, sales):
    dana = person("dana", "reviewer")
    dana.groups.add(sales)
    address = reverse("admin:auth_user_change", args=[dana.pk])
    reviewer = Group.objects.get(name="reviewer")
    assert FREED not in told(filled(client, address))
    said = told(filled(client, address, groups=[reviewer.pk]))
    assert FREED in said and "dana" in said and again(dana) == ALL
    assert FREED not in told(filled(client, address))


def test_a_group_that_is_no_longer_limited_names_who_sees_all(client, sales):
    dana, avi = person("dana", "reviewer"), person("avi", "reviewer", OWN)
    for one in (dana, avi):
        one.groups.add(sales)
    said = told(filled(client, reverse("admin:auth_group_change", args=[sales.pk]), is_limited="", seen_lines=[]))
    assert FREED in said and "dana" in said and "avi" not in said
    assert again(dana) == ALL and again(avi).numbers == {OWN}


def told(answer):
    assert answer.status_code == 302
    return " ".join(map(str, get_messages(answer.wsgi_request)))
