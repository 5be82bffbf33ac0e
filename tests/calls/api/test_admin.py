"""API tokens in the admin: the text is shown once, and a revoked one stays revoked."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from calls.api.models import ApiToken, Scope, token_of
from calls.models import PhoneLine
from stt.models import TuningProfile

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:calls_apitoken_changelist"), reverse("admin:calls_apitoken_add")


@pytest.fixture
def admins(client):
    user = User.objects.create(username="dana", is_staff=True)
    user.groups.add(Group.objects.get(name="admin"))
    client.force_login(user)
    return client


def made(client, **form):
    """Of all lines, unless it is of some."""
    of_lines = {} if "lines" in form else {"all_lines": "on"}
    page = client.post(ADD, {"name": "CRM", "scopes": [Scope.CALLS], **of_lines, **form}).content.decode()
    return re.search(r'class="once">(vapi_[^<]+)<', page)[1]


def test_a_token_is_shown_to_who_makes_it_and_never_again(admins):
    line = PhoneLine.objects.create(number="+972", name="a", profile=TuningProfile.objects.create(name="first"))
    text = made(admins, scopes=[Scope.CALLS, Scope.WORDS], lines=[line.pk])
    token = token_of(text)
    assert (token.scopes, list(token.lines.all()), token.made_by.username) == (
        ["calls:read", "words:read"],
        [line],
        "dana",
    )
    change = reverse("admin:calls_apitoken_change", args=[token.pk])
    for page in (LIST, change, reverse("admin:calls_apitoken_history", args=[token.pk])):
        shown = admins.get(page)
        assert shown.status_code == 200 and text not in shown.content.decode()
    assert token.prefix in admins.get(LIST).content.decode()


def test_what_it_may_read_is_not_changed(admins):
    token = token_of(made(admins))
    change = reverse("admin:calls_apitoken_change", args=[token.pk])
    assert admins.post(change, {"name": "b", "scopes": Scope.values}).status_code == 403
    assert admins.post(reverse("admin:calls_apitoken_delete", args=[token.pk]), {"post": "yes"}).status_code == 403
    token.refresh_from_db()
    assert (token.name, token.scopes) == ("CRM", ["calls:read"])


def test_a_revoked_token_is_worth_nothing_and_still_says_who_had_it(admins):
    text = made(admins)
    admins.post(LIST, {"action": "revoke", "_selected_action": [token_of(text).pk]})
    assert token_of(text) is None
    assert "CRM" in admins.get(LIST).content.decode()


def test_a_token_without_scopes_is_not_made(admins):
    assert admins.post(ADD, {"name": "CRM", "scopes": [], "all_lines": "on"}).status_code == 200
    assert not ApiToken.objects.exists()


def test_a_token_is_of_all_lines_or_of_some(admins):
    line = PhoneLine.objects.create(number="+972", name="a", profile=TuningProfile.objects.create(name="first"))
    for of_lines in ({}, {"all_lines": "on", "lines": [line.pk]}):
        answer = admins.post(ADD, {"name": "CRM", "scopes": [Scope.CALLS], **of_lines})
        assert "יש לבחור" in answer.content.decode() and not ApiToken.objects.exists()
    token, of_some = token_of(made(admins)), token_of(made(admins, lines=[line.pk]))
    assert (token.all_lines, token.lines.count(), of_some.all_lines) == (True, 0, False)
    assert "כל הקווים" in admins.get(reverse("admin:calls_apitoken_change", args=[token.pk])).content.decode()
    line.delete()
    page = admins.get(reverse("admin:calls_apitoken_change", args=[of_some.pk])).content.decode()
    assert "אין קו: הקווים נמחקו" in page and "כל הקווים" not in page


@pytest.mark.parametrize("group", ["reviewer", "supervisor", "tuner"])
def test_others_make_none_and_see_none(client, group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    assert [client.get(page).status_code for page in (LIST, ADD)] == [403, 403]


def test_who_may_not_export_makes_none(client):
    user = User.objects.create(username="half", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=("add_apitoken", "view_apitoken")))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    assert client.post(ADD, {"name": "CRM", "scopes": [Scope.CALLS], "all_lines": "on"}).status_code == 403


def test_nobody_has_a_token_read_numbers_that_they_may_not_see(client):
    user = User.objects.create(username="half", is_staff=True)
    may = ("add_apitoken", "change_apitoken", "view_apitoken", "export_call")
    user.user_permissions.add(*Permission.objects.filter(codename__in=may))
    client.force_login(user)
    refused = client.post(ADD, {"name": "CRM", "scopes": [Scope.CALLS, Scope.NUMBERS], "all_lines": "on"})
    assert refused.status_code == 200 and not ApiToken.objects.exists()
    assert token_of(made(client)).scopes == ["calls:read"]
    user.user_permissions.add(Permission.objects.get(codename="see_numbers"))
    assert token_of(made(client, scopes=[Scope.CALLS, Scope.NUMBERS])).may(Scope.NUMBERS)
