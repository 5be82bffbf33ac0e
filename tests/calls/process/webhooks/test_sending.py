"""What is owed is sent at least once, tried again, and given up where somebody sees it."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.utils import timezone

from calls.models import Call, Webhook, WebhookDelivery
from calls.process.webhooks import posting, sending
from calls.process.webhooks.sending import CLAIMED_FOR, RETRY_S, SPREAD, claim, deliver, send_again
from calls.process.webhooks.signing import PREFIX, new_secret
from calls.storage import rows
from calls.storage.webhooks import SETTLES_S
from tests.calls.process.webhooks.receiver import receiving
from tests.calls.storage.sample_records import ENDED, RECORDS, STARTED
from tests.calls.storage.test_webhooks import AGAIN, AGAIN_ENDED
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def webhook(receiver):
    return Webhook.objects.create(name="CRM", url=receiver.url, secret=new_secret())


def due_now():
    WebhookDelivery.objects.update(due_at=timezone.now())


def end_a_call(records=RECORDS):
    rows.write(records)
    due_now()
    return WebhookDelivery.objects.first()


def pause_s(delivery):
    delivery.refresh_from_db()
    return (delivery.due_at - timezone.now()).total_seconds()


def test_a_call_that_ended_is_sent_as_its_export_and_signed(receiver, webhook):
    delivery = end_a_call()
    assert deliver() == 1
    ((headers, body),) = receiver.taken
    said = json.loads(body)
    assert (said["type"], said["data"]["call_sid"]) == ("call.ended", "CA1")
    assert [turn["text"] for turn in said["data"]["turns"]] == ["שלום\nלך", "שלום, במה אפשר לעזור?"]
    assert said["data"]["saved_values"] == [{"key": "phone", "value": "••••", "secret": True}]
    # By the specification's words, not by our own module.
    key = base64.b64decode(webhook.secret.removeprefix(PREFIX))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 30
    delivery.refresh_from_db()
    assert delivery.sent_at and (delivery.status, delivery.code, delivery.attempts) == (204, "", 1)
    assert headers["webhook-id"] == delivery.message_id
    assert deliver() == 0


def test_it_is_sent_when_the_call_has_settled(receiver, webhook):
    rows.write(RECORDS)
    assert deliver() == 0
    WebhookDelivery.objects.update(due_at=timezone.now() - timedelta(seconds=SETTLES_S))
    assert deliver() == 1


@pytest.mark.parametrize("attempt", range(1, len(RETRY_S) + 1))
def test_what_fails_is_tried_again_ever_later_with_the_same_id(receiver, webhook, attempt):
    delivery = end_a_call()
    WebhookDelivery.objects.update(attempts=attempt - 1)
    receiver.answers = [500]
    deliver()
    assert RETRY_S[attempt - 1] * (1 - SPREAD) - 5 < pause_s(delivery) < RETRY_S[attempt - 1] * (1 + SPREAD)
    assert (delivery.status, delivery.code, delivery.sent_at) == (500, "http_status", None)
    assert deliver() == 0
    due_now()
    deliver()
    delivery.refresh_from_db()
    assert delivery.sent_at and delivery.code == ""
    assert {headers["webhook-id"] for headers, _ in receiver.taken} == {delivery.message_id}


def test_after_the_last_attempt_it_is_given_up_until_somebody_sends_it_again(receiver, webhook):
    delivery = end_a_call()
    WebhookDelivery.objects.update(attempts=len(RETRY_S))
    receiver.answers = [503]
    deliver()
    delivery.refresh_from_db()
    assert delivery.given_up_at and delivery.attempts == len(RETRY_S) + 1
    due_now()
    assert deliver() == 0
    assert send_again([delivery]) == 1
    deliver()
    delivery.refresh_from_db()
    assert (delivery.sent_at is not None, delivery.given_up_at, delivery.attempts) == (True, None, 1)


def test_who_says_gone_is_asked_no_more_and_who_asks_for_time_gets_it(receiver, webhook):
    def busy(handler):
        handler.send_response(503)
        handler.send_header("Retry-After", "1800")
        handler.end_headers()

    delivery = end_a_call()
    receiver.answers = [busy, 410]
    deliver()
    assert 1700 < pause_s(delivery) <= 1800
    due_now()
    deliver()
    delivery.refresh_from_db()
    assert delivery.given_up_at and delivery.status == 410


@pytest.mark.parametrize("how", ["hangs", "dribbles"])
def test_a_slow_receiver_is_left_and_another_webhook_has_its_own(receiver, webhook, how, monkeypatch):
    monkeypatch.setattr(posting, "WHOLE_S", 0.3)
    with receiving() as second:
        Webhook.objects.create(name="other", url=second.url, secret=new_secret())
        end_a_call()
        receiver.answers = [getattr(receiver, how)]
        assert deliver() == 2
        assert len(second.taken) == 1
    codes = dict(WebhookDelivery.objects.values_list("webhook__name", "code"))
    assert codes == {"CRM": "timed_out", "other": ""}


def test_what_a_webhook_gets_at_once_is_bounded(receiver, webhook):
    for number in range(6):
        sid = f"CA{number}"
        rows.write([type(one)(**{**vars_of(one), "call_sid": sid}) for one in (STARTED, ENDED)])
    due_now()
    assert [deliver(), deliver(), deliver()] == [sending.MOST_OF_A_WEBHOOK, 2, 0]
    assert len(receiver.taken) == 6


def vars_of(record):
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_what_another_process_has_claimed_is_left_until_that_has_died(receiver, webhook):
    delivery = end_a_call()
    (claimed,) = claim()
    assert (claim(), deliver()) == ([], 0)
    # It died: nothing but time says so.
    WebhookDelivery.objects.update(due_at=timezone.now() - CLAIMED_FOR)
    assert deliver() == 1
    delivery.refresh_from_db()
    assert (delivery.message_id, delivery.attempts) == (claimed.message_id, 2)


def test_a_call_that_goes_on_is_waited_for(receiver, webhook):
    delivery = end_a_call([STARTED, ENDED])
    rows.write([AGAIN])
    assert deliver() == 0
    delivery.refresh_from_db()
    assert delivery.attempts == 0 and delivery.due_at > timezone.now()
    rows.write([AGAIN_ENDED])
    due_now()
    assert deliver() == 1
    assert len(json.loads(receiver.taken[0][1])["data"]["streams"]) == 2


def test_an_end_that_comes_while_the_earlier_one_is_on_its_way_is_sent_too(receiver, webhook):
    end_a_call([STARTED, ENDED])
    (claimed,) = claim()
    rows.write([AGAIN, AGAIN_ENDED])
    sending._settle(claimed, "", 200, 0)
    due_now()
    assert deliver() == 1
    assert receiver.taken[0][0]["webhook-id"] != claimed.message_id


def test_a_call_that_was_deleted_or_a_webhook_that_is_off_is_sent_nothing(receiver, webhook):
    end_a_call()
    Webhook.objects.update(is_active=False)
    assert deliver() == 0
    Webhook.objects.update(is_active=True)
    Call.objects.all().delete()
    assert deliver() == 0
    assert receiver.taken == []


def test_a_neighbour_is_not_asked_and_no_words_are_in_the_log(receiver, webhook, settings, caplog):
    settings.WEBHOOK_NETWORKS = []
    delivery = end_a_call()
    deliver()
    delivery.refresh_from_db()
    assert (delivery.code, receiver.taken) == ("address_refused", [])
    assert "a webhook was not delivered (failed): CRM address_refused" in caplog.text
    assert "שלום" not in caplog.text and receiver.url not in caplog.text


def test_one_beside_another_that_is_still_to_be_sent_is_not_sent_again(receiver, webhook):
    delivery = end_a_call([STARTED, ENDED])
    deliver()
    rows.write([AGAIN, AGAIN_ENDED])
    assert send_again([delivery]) == 0
    assert send_again(WebhookDelivery.objects.filter(sent_at=None)) == 1
