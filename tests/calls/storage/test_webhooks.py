"""A call's end is owed to the webhooks of its line, by the transaction that writes it."""

from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from calls.models import Call, PhoneLine, Webhook, WebhookDelivery
from calls.storage import rows, webhooks
from calls.storage.records import CallEnded, CallStarted
from stt.models import TuningProfile
from tests.calls.storage.sample_records import ENDED, NOW, RECORDS, STARTED
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("each_database")
AGAIN = CallStarted("CA1", "MZ2", NOW, "+972501234567", "+97235550100", {}, stream_index=1)
AGAIN_ENDED = CallEnded("CA1", "MZ2", NOW, "stop", 10, 0, 100, {})


@pytest.fixture
def webhook():
    return Webhook.objects.create(name="CRM", url="https://crm.example.org/", secret="whsec_x")


def owed():
    return WebhookDelivery.objects.filter(sent_at=None, given_up_at=None)


def test_a_calls_end_is_owed_once_however_often_it_is_written(webhook):
    rows.write(RECORDS[:-1])
    assert not owed().exists()
    rows.write(RECORDS)
    rows.write(RECORDS)
    (delivery,) = owed()
    assert (delivery.webhook, delivery.call.call_sid, delivery.attempts) == (webhook, "CA1", 0)
    WebhookDelivery.objects.update(sent_at=NOW)
    rows.write(RECORDS)
    assert not owed().exists()


def test_what_the_end_is_not_written_with_is_not_owed(webhook, monkeypatch):
    def away(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(rows, "mark", away)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.write([STARTED, ENDED])
    assert (Call.objects.count(), WebhookDelivery.objects.count()) == (0, 0)


def test_a_webhook_of_a_line_is_owed_its_calls_alone(webhook):
    profile = TuningProfile.objects.create(name="first")
    lines = [PhoneLine.objects.create(number=f"+9723555010{n}", name=str(n), profile=profile) for n in range(2)]
    for line in lines:
        Webhook.objects.create(name=line.name, url="https://a.example.org/", line=line, secret="whsec_x")
    Webhook.objects.create(name="off", url="https://a.example.org/", is_active=False, secret="whsec_x")
    rows.write([STARTED, ENDED])
    assert sorted(owed().values_list("webhook__name", flat=True)) == ["0", "CRM"]


def test_a_call_that_went_on_is_owed_anew_as_another_message(webhook):
    rows.write([STARTED, ENDED])
    first = owed().get()
    rows.write([AGAIN, AGAIN_ENDED])
    second = owed().get()
    assert second.pk == first.pk and second.message_id != first.message_id
    WebhookDelivery.objects.update(sent_at=NOW)
    rows.write([replace(AGAIN, stream_sid="MZ3", stream_index=2), replace(AGAIN_ENDED, stream_sid="MZ3")])
    assert owed().get().pk != first.pk


def test_a_call_that_goes_on_is_not_owed(webhook):
    rows.write([STARTED, AGAIN, ENDED])
    assert not owed().exists()


def test_a_batch_without_an_end_asks_nothing_of_webhooks(webhook, django_assert_num_queries):
    with django_assert_num_queries(0):
        webhooks.owe([])


def test_what_is_owed_goes_with_its_call(webhook):
    rows.write([STARTED, ENDED])
    Call.objects.all().delete()
    assert WebhookDelivery.objects.count() == 0
