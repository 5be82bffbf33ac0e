"""Webhooks in the admin: the secret is shown once, and what was given up is sent again."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from calls.models import Webhook, WebhookDelivery
from calls.storage import rows
from calls.webhooks.signing import new_secret
from tests.calls.storage.sample_records import RECORDS

pytestmark = pytest.mark.django_db
LIST = reverse("admin:calls_webhook_changelist")
ADD = reverse("admin:calls_webhook_add")
DELIVERIES = reverse("admin:calls_webhookdelivery_changelist")
FORM = {"name": "CRM", "url": "https://crm.example.org/calls?key=1", "line": "", "is_active": "on"}


@pytest.fixture
def admins(client):
    user = User.objects.create(username="dana", is_staff=True)
    user.groups.add(Group.objects.get(name="admin"))
    client.force_login(user)
    return client


def secret_on(page):
    return re.search(r'class="once">(whsec_[^<]+)<', page.content.decode())[1]


def test_the_secret_is_shown_to_who_makes_a_webhook_and_never_again(admins):
    secret = secret_on(admins.post(ADD, FORM))
    hook = Webhook.objects.get()
    assert hook.secret == secret
    change = reverse("admin:calls_webhook_change", args=[hook.pk])
    for page in (LIST, change, reverse("admin:calls_webhook_history", args=[hook.pk])):
        assert secret not in admins.get(page).content.decode()
    admins.post(change, {**FORM, "name": "other"})
    hook.refresh_from_db()
    assert (hook.name, hook.secret) == ("other", secret)


def test_a_new_secret_takes_the_old_ones_place(admins):
    hook = Webhook.objects.create(name="CRM", url="https://a.example.org", secret=new_secret())
    chosen = {"action": "renew_secret", "_selected_action": [hook.pk]}
    assert secret_on(admins.post(LIST, chosen)) == Webhook.objects.get().secret != hook.secret
    Webhook.objects.create(name="b", url="https://a.example.org", secret="whsec_b")
    chosen["_selected_action"] = list(Webhook.objects.values_list("pk", flat=True))
    answer = admins.post(LIST, chosen)
    assert answer.status_code == 302 and len(list(get_messages(answer.wsgi_request))) == 1
    assert Webhook.objects.get(name="b").secret == "whsec_b"


@pytest.mark.parametrize(
    "url", ["http://crm.example.org/", "ftp://a.example.org/", "nonsense", "https://u:p@a.example.org/", "https://a b/"]
)
def test_an_address_that_calls_are_not_sent_to_is_refused(admins, url):
    assert admins.post(ADD, {**FORM, "url": url}).status_code == 200
    assert not Webhook.objects.exists()


def test_a_key_in_an_address_is_not_on_the_list(admins):
    admins.post(ADD, FORM)
    page = admins.get(LIST).content.decode()
    assert "https://crm.example.org/calls" in page and "key=1" not in page


@pytest.fixture
def given_up(db):
    Webhook.objects.create(name="CRM", url="https://a.example.org/", secret="whsec_x")
    rows.write(RECORDS)
    WebhookDelivery.objects.update(given_up_at=timezone.now(), code="http_status", status=503, attempts=10)
    return WebhookDelivery.objects.get()


def test_what_was_given_up_is_seen_and_sent_again(admins, given_up):
    page = admins.get(LIST).content.decode()
    assert f"{DELIVERIES}?state=given_up&amp;webhook__id__exact={given_up.webhook_id}" in page
    assert "http_status 503" in admins.get(f"{DELIVERIES}?state=given_up").content.decode()
    assert "http_status 503" not in admins.get(f"{DELIVERIES}?state=sent").content.decode()
    admins.post(DELIVERIES, {"action": "send_again", "_selected_action": [given_up.pk]})
    given_up.refresh_from_db()
    assert (given_up.given_up_at, given_up.attempts) == (None, 0)


@pytest.mark.parametrize("group", ["reviewer", "supervisor", "tuner"])
def test_others_do_not_see_where_calls_go(client, given_up, group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    assert [client.get(page).status_code for page in (LIST, ADD, DELIVERIES)] == [403, 403, 403]


@pytest.mark.parametrize("more", ["", "export_call", "see_numbers"])
def test_who_may_not_export_calls_with_their_numbers_has_nothing_sent(client, given_up, more):
    user = User.objects.create(username="half", is_staff=True)
    may = ("add_webhook", "change_webhook", "view_webhook", "view_webhookdelivery", more)
    user.user_permissions.add(*Permission.objects.filter(codename__in=may))
    client.force_login(user)
    assert client.post(ADD, FORM).status_code == 403
    assert client.post(reverse("admin:calls_webhook_change", args=[given_up.webhook_id]), FORM).status_code == 403
    client.post(DELIVERIES, {"action": "send_again", "_selected_action": [given_up.pk]})
    given_up.refresh_from_db()
    assert given_up.given_up_at
