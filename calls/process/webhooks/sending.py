"""Send what is owed to webhooks: at least once, from the database, by whichever process claims it first.

A delivery is claimed by moving its ``due_at`` on: who dies with it leaves it due again, with the same id. What fails
is tried again after RETRY_S, spread by a fifth; after the last attempt it is given up, stays on the list of deliveries,
and is sent again when somebody says so there.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from calls.lines.exporting import as_text, exported, with_all_of_it
from calls.process.webhooks.signing import signed_headers
from calls.storage.models import Call
from calls.storage.rows_thread import RowsThread
from calls.storage.webhooks import WebhookDelivery
from voiceapp.runtime import metrics

logger = logging.getLogger(__name__)

RETRY_S = (15, 60, 300, 1200, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""After each failed attempt; a tenth one is the last. Nearly two days: a weekend's outage is noticed."""
SPREAD = 0.2
CLAIMED_FOR = timedelta(seconds=60)
"""Longer than a round takes."""
MOST_OF_A_WEBHOOK = 4
"""At once: one that hangs keeps no other waiting for more than one round."""
MOST_AT_ONCE = 16
GONE = 410
"""The receiver wants no more of it, https://www.rfc-editor.org/rfc/rfc9110#status.410."""
IDLE_S, BUSY_S = 2.0, 0.05
EVENT = "call.ended"


class WebhookSender(RowsThread):
    """The thread of a process that serves."""

    def __init__(self) -> None:
        super().__init__("webhooks", lambda: BUSY_S if deliver() else IDLE_S)


def deliver() -> int:
    """Send what is due and nobody else has claimed; returns how many. Blocking, a round takes as long as the slowest
    receiver. Raises DatabaseError."""
    claimed = claim()
    if not claimed:
        return 0
    # Here, for a server without webhooks needs no HTTP client.
    from calls.process.webhooks.posting import Answered, Post, post

    posts = [(one, _body(one)) for one in claimed]

    async def send_all() -> list[Answered]:
        return await asyncio.gather(
            *(post(Post(one.webhook.url, body, _signed(one, body), settings.WEBHOOK_NETWORKS)) for one, body in posts)
        )

    for one, answered in zip(claimed, asyncio.run(send_all()), strict=True):
        _settle(one, answered.code, answered.status, answered.wait_s)
    return len(claimed)


def claim() -> list[WebhookDelivery]:
    """Deliveries that are due, now this process's for CLAIMED_FOR; of calls that go on after all, none."""
    now = timezone.now()
    due = WebhookDelivery.objects.filter(sent_at=None, given_up_at=None, due_at__lte=now, webhook__is_active=True)
    claimed: list[WebhookDelivery] = []
    for webhook in due.order_by().values_list("webhook", flat=True).distinct():
        with transaction.atomic():
            rows = due.filter(webhook=webhook).select_for_update(skip_locked=True, of=("self",))
            for one in rows.select_related("webhook", "call").order_by("due_at")[:MOST_OF_A_WEBHOOK]:
                # SQLite locks no rows: whoever moves it has it.
                mine = WebhookDelivery.objects.filter(pk=one.pk, due_at=one.due_at, sent_at=None)
                # One that goes on in another stream is told of when that ends.
                goes_on = one.call.ended_at is None
                one.due_at = now + CLAIMED_FOR
                # In one statement: of a row that it has itself written PostgreSQL looks at the call's key again, and
                # waits for the writer that has the call and waits for this row.
                if mine.update(due_at=one.due_at, attempts=F("attempts") + int(not goes_on)) and not goes_on:
                    one.attempts += 1
                    claimed.append(one)
        if len(claimed) >= MOST_AT_ONCE:
            break
    return claimed


def send_again(deliveries: Iterable[WebhookDelivery]) -> int:
    """Make them due now, with their ids, whatever came of them; returns how many. One beside another of its call and
    webhook that is still to be sent is left."""
    count = 0
    for one in deliveries:
        others = WebhookDelivery.objects.filter(webhook=one.webhook_id, call=one.call_id, sent_at=None)
        if not others.filter(given_up_at=None).exclude(pk=one.pk).exists():
            again = {"due_at": timezone.now(), "attempts": 0, "sent_at": None, "given_up_at": None}
            count += WebhookDelivery.objects.filter(pk=one.pk).update(**again)
    return count


def _body(delivery: WebhookDelivery) -> bytes:
    call = with_all_of_it(Call.objects.filter(pk=delivery.call_id)).get()
    made_at = delivery.made_at.isoformat()
    return as_text({"type": EVENT, "timestamp": made_at, "data": exported(call)}).encode()


def _signed(delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    return signed_headers(delivery.webhook.secret, delivery.message_id, int(time.time()), body)


def _settle(delivery: WebhookDelivery, code: str, status: int | None, wait_s: int) -> None:
    """Note what came of an attempt, unless the call has ended anew meanwhile, or the claim was another's by then."""
    now = timezone.now()
    changes: dict[str, Any] = {"code": code, "status": status}
    if not code:
        outcome, changes["sent_at"] = "sent", now
    elif status == GONE or delivery.attempts > len(RETRY_S):
        outcome, changes["given_up_at"] = "given_up", now
    else:
        pause_s = RETRY_S[delivery.attempts - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)
        outcome, changes["due_at"] = "failed", now + timedelta(seconds=max(pause_s, wait_s))
    metrics.WEBHOOK_DELIVERIES.labels(outcome).inc()
    if code:
        said = "a webhook was not delivered (%s): %s %s %s"
        logger.warning(said, outcome, delivery.webhook.name, code, status or "", extra={"call": delivery.call.call_sid})
    WebhookDelivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at).update(**changes)
