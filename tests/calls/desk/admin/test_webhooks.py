"""Webhooks in the admin: the secret is shown once, and what was given up is sent again."""

import json
import re
import socket
import threading
from ipaddress import ip_network

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from calls.models import AccessEntry, PhoneLine, Webhook, WebhookDelivery
from calls.process.webhooks.signing import new_secret, signed_headers
from calls.process.webhooks.trying import refusal, send_sample
from calls.storage import rows
from stt.models import TuningProfile
from tests.calls.process.webhooks.receiver import receiving
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
    "url",
    [
        "http://crm.example.org/",
        "ftp://a.example.org/",
        "nonsense",
        "https://u:p@a.example.org/",
        "https://a b/",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://[fec0::1]/",
        "https://xn--.com/",
        "https://a..b/",
        "https://-a.com/",
    ],  # fmt: skip
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


@pytest.mark.parametrize("owner", ["webhook", "line"])
def test_what_was_owed_goes_with_its_webhook_and_that_with_its_line(admins, given_up, owner):
    hook = given_up.webhook
    hook.line = PhoneLine.objects.create(number="+97235550101", profile=TuningProfile.objects.create(name="p"))
    hook.save()
    row = hook if owner == "webhook" else hook.line
    address = reverse(f"admin:calls_{row._meta.model_name}_delete", args=[row.pk])
    page = admins.get(address)
    assert page.status_code == 200 and not page.context["perms_lacking"]
    # Counted, and not one by one.
    deliveries = WebhookDelivery._meta.verbose_name_plural
    assert (deliveries, 1) in [tuple(one) for one in page.context["model_count"]]
    assert given_up.message_id not in page.content.decode() and "CRM" in page.content.decode()
    assert admins.post(address, {"post": "yes"}).status_code == 302
    assert not Webhook.objects.exists() and not WebhookDelivery.objects.exists()


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


def test_the_reason_is_said_and_a_network_of_ours_is_taken(admins, settings):
    said = admins.post(ADD, {**FORM, "url": "https://10.1.2.3/"}).content.decode()
    assert "10.1.2.3 is not an address" in said and "WEBHOOK_NETWORKS" in said
    settings.WEBHOOK_NETWORKS = [ip_network("10.1.0.0/16")]
    for url in ("https://10.1.2.3/", "http://10.1.2.3:8080/"):
        assert admins.post(ADD, {**FORM, "url": url}).status_code == 200 and Webhook.objects.filter(url=url)
    assert "WEBHOOK_NETWORKS" in admins.post(ADD, {**FORM, "url": "http://10.2.0.1/"}).content.decode()


@pytest.mark.parametrize(("answers", "says"), [(204, "204"), (500, "500"), (302, "302")])
def test_a_test_is_signed_and_noted_and_what_the_receiver_says_is_shown(admins, settings, answers, says):
    with receiving() as receiver:
        settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.1/32")]
        hook = Webhook.objects.create(name="CRM", url=receiver.url, secret=new_secret())
        receiver.answers = [answers]
        change = reverse("admin:calls_webhook_change", args=[hook.pk])
        assert "_send_test" in admins.get(change).content.decode()
        shown = admins.post(change, {**FORM, "url": receiver.url, "_send_test": "1"}, follow=True)
        ((headers, body),) = receiver.taken
    (message,) = get_messages(shown.wsgi_request)
    assert says in str(message) and (message.level_tag == "success") == (answers == 204)
    sent_at_s = int(headers["webhook-timestamp"])
    assert (
        headers["webhook-signature"]
        == signed_headers(hook.secret, headers["webhook-id"], sent_at_s, body)["webhook-signature"]
    )
    assert json.loads(body)["type"] == "webhook.test"
    entry = AccessEntry.objects.get(kind="export")
    assert (entry.username, entry.calls, entry.detail) == ("dana", 0, "a test of the webhook CRM")


def test_a_receiver_that_never_answers_keeps_nobody_waiting_for_long(monkeypatch):
    monkeypatch.setattr("calls.process.webhooks.posting.WHOLE_S", 0.1)
    with receiving() as receiver:
        receiver.answers = [receiver.hangs]
        assert send_sample(receiver.url, new_secret(), [ip_network("127.0.0.1/32")]).code == "timed_out"


def test_a_name_that_is_resolved_too_slowly_is_taken(monkeypatch):
    left = threading.Event()
    monkeypatch.setattr("calls.process.webhooks.trying.LOOKED_UP_WITHIN_S", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: left.wait() and [])
    assert refusal("https://crm.example.org/", []) == ""
    left.set()
