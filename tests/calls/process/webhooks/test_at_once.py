"""Several processes send what is owed: each delivery is one process's, and arrives once."""

from contextlib import contextmanager
from ipaddress import ip_network

from django.utils import timezone

from calls.models import Call, Webhook, WebhookDelivery
from calls.process.webhooks.sending import claim, deliver
from calls.process.webhooks.signing import new_secret
from calls.storage import rows
from tests.calls.process.webhooks.receiver import receiving
from tests.calls.storage.sample_records import ENDED, STARTED
from tests.calls.storage.test_webhooks import AGAIN, AGAIN_ENDED
from tests.databases import (  # noqa: F401 - fixtures
    at_once,
    migrated_postgres,
    postgresql_url,
    served_by,
    shared_database,
)

SENDERS = 6
CALLS, WEBHOOKS = 20, 3
ROUNDS = 10


@contextmanager
def owed(database, url):
    """So many deliveries that are due."""
    with served_by(database):
        webhooks = [Webhook(name=str(number), url=url, secret=new_secret()) for number in range(WEBHOOKS)]
        Webhook.objects.bulk_create(webhooks)
        now = timezone.now()
        calls = [Call(call_sid=f"CA{number}", started_at=now, ended_at=now) for number in range(CALLS)]
        Call.objects.bulk_create(calls)
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(webhook=webhook, call=call, due_at=now)
            for webhook in Webhook.objects.all()
            for call in Call.objects.all()
        )
        yield


def until_nothing_is_due(ask):
    """All that ``ask`` gave until it gave nothing twice: what others had just locked may have been skipped once."""
    got, empty = [], 0
    while empty < 2:
        found = ask()
        empty = 0 if found else empty + 1
        got += [found]
    return got


def test_no_delivery_is_claimed_by_two_and_none_is_left(shared_database):  # noqa: F811
    with owed(shared_database, "https://crm.example.org/"):
        rounds = at_once(shared_database, lambda _: until_nothing_is_due(claim), SENDERS)
        claimed = [one.pk for got in rounds for found in got for one in found]
        assert len(claimed) == len(set(claimed)) == CALLS * WEBHOOKS
        assert set(WebhookDelivery.objects.values_list("attempts", flat=True)) == {1}


def test_each_arrives_once_however_many_send(shared_database, settings):  # noqa: F811
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with receiving() as receiver, owed(shared_database, receiver.url):
        sent = at_once(shared_database, lambda _: until_nothing_is_due(deliver), SENDERS)
        assert sum(sum(got) for got in sent) == CALLS * WEBHOOKS
        arrived = [headers["webhook-id"] for headers, _ in receiver.taken]
        assert len(arrived) == len(set(arrived)) == CALLS * WEBHOOKS
        assert not WebhookDelivery.objects.filter(sent_at=None).exists()


def test_two_processes_that_write_a_calls_end_owe_it_once(shared_database):  # noqa: F811
    with served_by(shared_database):
        Webhook.objects.create(name="CRM", url="https://crm.example.org/", secret=new_secret())
    for _ in range(ROUNDS):
        ends = [[STARTED, ENDED], [AGAIN, AGAIN_ENDED]]
        at_once(shared_database, lambda number, ends=ends: rows.write(ends[number]), 2)
        with served_by(shared_database):
            assert WebhookDelivery.objects.count() == 1
            Call.objects.all().delete()


def test_an_end_that_is_written_while_the_earlier_one_is_claimed_is_sent_as_well(shared_database):  # noqa: F811
    """Whichever comes first: the newer end is due, by an id that no receiver has."""
    for _ in range(ROUNDS):
        with served_by(shared_database):
            Webhook.objects.create(name="CRM", url="https://crm.example.org/", secret=new_secret())
            rows.write([STARTED, ENDED])
            WebhookDelivery.objects.update(due_at=timezone.now())

        def either(number):
            return claim() if number else rows.write([AGAIN, AGAIN_ENDED])

        _, claimed = at_once(shared_database, either, 2)
        with served_by(shared_database):
            due = WebhookDelivery.objects.get()
            assert due.attempts == 0 and due.sent_at is None
            assert due.message_id not in [one.message_id for one in claimed]
            Call.objects.all().delete()
            Webhook.objects.all().delete()
